"""How all objects are written: camelCase members, times as RFC 3339 text in UTC."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, PlainSerializer, WithJsonSchema
from pydantic.alias_generators import to_camel

_EPOCH = datetime(1970, 1, 1)
_LATEST = 253_402_300_799_999_999
"""The last microsecond of the year 9999."""


def rfc3339(micros: int) -> str:
    """The text of a time in microseconds since the epoch; times that have no such text become the nearest one."""
    return (_EPOCH + timedelta(microseconds=min(max(micros, 0), _LATEST))).isoformat() + "Z"


Time = Annotated[
    int,
    PlainSerializer(rfc3339, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""Microseconds since the epoch, written as RFC 3339."""

Id = Annotated[str, WithJsonSchema({"type": "string", "format": "uuid", "minLength": 36, "maxLength": 36})]

Json = dict[str, Any]


class Shape(BaseModel):
    """Members are snake_case here and camelCase on the wire; those without a value are left out."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class APIResourceMeta(Shape):
    id: str
    created_at: Time
    updated_at: Time


class PaginationResponse(BaseModel):
    current_page: int
    next_page: int
    num_pages: int


class APIError(BaseModel):
    description: str
    code: int | None = None
    field: str | None = None
    docs_link: str | None = None


class APIErrors(BaseModel):
    errors: list[APIError]


class APIMessage(BaseModel):
    """What is said about a request that did not get as far as its handler."""

    message: str
