"""The mark that tells a model that it moves through Hatchet."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

HATCHET_PYDANTIC_SENTINEL: Final[Mapping[str, Any]] = MappingProxyType({"hatchet": True})
"""The pydantic context that the SDK passes whenever it serializes or validates a payload."""


def is_in_hatchet_serialization_context(context: Any) -> bool:
    """Whether the SDK is (de)serializing right now.

    Use it in a custom serializer or validator to encrypt, compress or offload a field only on its way through Hatchet.

    Args:
        context: `info.context` of the pydantic serializer or validator.
    """
    return context is HATCHET_PYDANTIC_SENTINEL
