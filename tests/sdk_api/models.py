"""Inputs and outputs of the tasks under test."""

from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationInfo, field_serializer, field_validator
from pydantic_core.core_schema import SerializationInfo
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from hatchet_sdk import Context, EmptyModel, is_in_hatchet_serialization_context


def no_output(input: EmptyModel, ctx: Context) -> dict[str, Any]:
    """A body."""
    return {}


class Order(BaseModel):
    id: str
    amount: int = 1


class Receipt(BaseModel):
    order_id: str
    total: float = 0.0


class Item(BaseModel):
    name: str


class Secret(BaseModel):
    """Reversed on its way through Hatchet only."""

    text: str

    @field_serializer("text")
    def _hide(self, text: str, info: SerializationInfo) -> str:
        return text[::-1] if is_in_hatchet_serialization_context(info.context) else text

    @field_validator("text")
    @classmethod
    def _show(cls, text: str, info: ValidationInfo) -> str:
        return text[::-1] if is_in_hatchet_serialization_context(info.context) else text


@dataclass
class Point:
    x: int
    y: int = 0
    tags: list[str] = field(default_factory=list)


class Row(TypedDict):
    key: str
    values: list[int]


class Anything(BaseModel):
    value: Any = None
