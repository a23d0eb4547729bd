"""JSON text to a declared type and back, straight through pydantic-core."""

from dataclasses import is_dataclass
from typing import Any, Generic, TypeVar, get_origin

from pydantic import BaseModel, TypeAdapter
from pydantic_core import SchemaSerializer, to_json
from typing_extensions import is_typeddict

from hatchet_sdk.serde.json_text import checked_text, dumping_problem, refuse_silent_loss
from hatchet_sdk.serde.pydantic import HATCHET_PYDANTIC_SENTINEL

T = TypeVar("T")

_CONTEXT: Any = HATCHET_PYDANTIC_SENTINEL


class Codec(Generic[T]):
    """The JSON form of one declared type: a pydantic model, a dataclass, a dict or a TypedDict."""

    def __init__(self, declared: type[T], max_bytes: int) -> None:
        self.declared = declared
        self.max_bytes = max_bytes
        self.adapter: TypeAdapter[T] = TypeAdapter(declared)
        self._usual_class = dict if get_origin(declared) is dict or is_typeddict(declared) else declared

    def load(self, text: str) -> T:
        """The value that `text` stands for; no text stands for `{}`.

        Raises:
            pydantic.ValidationError: the JSON does not fit the declared type.
        """
        return self.adapter.validator.validate_json(text or "{}", context=_CONTEXT)  # type: ignore[no-any-return]

    def validated(self, value: Any) -> T:
        """`value` itself if it has the declared type, else what pydantic makes of it.

        Raises:
            pydantic.ValidationError: the value does not fit the declared type.
        """
        return self.adapter.validator.validate_python(value, context=_CONTEXT)  # type: ignore[no-any-return]

    def dump(self, value: Any) -> str:
        """The JSON text of `value`, a model by its own class, anything else by the declared type.

        Raises:
            InvalidPayload: the engine could not take it.
        """
        try:
            if type(value) is self._usual_class:
                data = self.adapter.serializer.to_json(value, context=_CONTEXT, warnings=False)
            else:
                data = self._dump_other(value)
        except Exception as error:
            # User-written serializers run in there and may raise anything.
            raise dumping_problem(value, error) from error
        if isinstance(value, dict):
            refuse_silent_loss(value, data)
        return checked_text(data, self.max_bytes)

    def _dump_other(self, value: Any) -> bytes:
        if isinstance(value, BaseModel):
            serializer: SchemaSerializer = type(value).__pydantic_serializer__
            return serializer.to_json(value, context=_CONTEXT)
        if self._fits(value):
            return self.adapter.serializer.to_json(value, context=_CONTEXT, warnings=False)
        return to_json(value, context=_CONTEXT)

    def _fits(self, value: Any) -> bool:
        """Whether the declared type says how to serialize `value` (a plain dict fits every mapping type)."""
        if isinstance(value, dict):
            return not is_model_class(self.declared)
        return not isinstance(self.declared, type) or isinstance(value, self.declared)


def is_model_class(declared: Any) -> bool:
    """Whether a declared type is a pydantic model or a dataclass."""
    return isinstance(declared, type) and (issubclass(declared, BaseModel) or is_dataclass(declared))
