"""JSON text to a declared type and back, straight through pydantic-core."""

from dataclasses import is_dataclass
from typing import Any, Generic, TypeVar, cast

from pydantic import BaseModel, TypeAdapter
from pydantic_core import SchemaSerializer, to_json

from hatchet_sdk.serde.json_text import checked_text, dumping_problem, refuse_silent_loss
from hatchet_sdk.serde.pydantic import HATCHET_PYDANTIC_SENTINEL

T = TypeVar("T")


class Codec(Generic[T]):
    """The JSON form of one declared type: a pydantic model, a dataclass, a dict or a TypedDict."""

    def __init__(self, declared: type[T], max_bytes: int) -> None:
        self.declared = declared
        self.max_bytes = max_bytes
        self.adapter: TypeAdapter[T] = TypeAdapter(declared)

    def load(self, text: str) -> T:
        """The value that `text` stands for; no text stands for `{}`.

        Raises:
            pydantic.ValidationError: the JSON does not fit the declared type.
        """
        return self.adapter.validator.validate_json(text or "{}", context=HATCHET_PYDANTIC_SENTINEL)  # type: ignore[no-any-return]

    def validated(self, value: Any) -> T:
        """`value` itself if it has the declared type, else what pydantic makes of it.

        Raises:
            pydantic.ValidationError: the value does not fit the declared type.
        """
        return self.adapter.validator.validate_python(value, context=HATCHET_PYDANTIC_SENTINEL)  # type: ignore[no-any-return]

    def dump(self, value: Any) -> str:
        """The JSON text of `value`, a model by its own class, anything else by the declared type.

        Raises:
            InvalidPayload: the engine could not take it.
        """
        try:
            if isinstance(value, BaseModel):
                serializer: SchemaSerializer = type(value).__pydantic_serializer__
                data = serializer.to_json(value, context=cast(Any, HATCHET_PYDANTIC_SENTINEL))
            elif self._fits(value):
                serializer = self.adapter.serializer
                data = serializer.to_json(value, context=cast(Any, HATCHET_PYDANTIC_SENTINEL), warnings="none")
            else:
                data = to_json(value, context=cast(Any, HATCHET_PYDANTIC_SENTINEL))
        except Exception as error:
            # User-written serializers run in there and may raise anything.
            raise dumping_problem(value, error) from error
        if isinstance(value, dict):
            refuse_silent_loss(value, data)
        return checked_text(data, self.max_bytes)

    def _fits(self, value: Any) -> bool:
        """Whether the declared type says how to serialize `value` (a plain dict fits every mapping type)."""
        declared = self.declared
        if isinstance(value, dict):
            return not (isinstance(declared, type) and (issubclass(declared, BaseModel) or is_dataclass(declared)))
        return not isinstance(declared, type) or isinstance(value, declared)
