"""What crosses the wire: JSON made and read by pydantic."""

from hatchet_sdk.serde.pydantic import HATCHET_PYDANTIC_SENTINEL, is_in_hatchet_serialization_context

__all__ = ["HATCHET_PYDANTIC_SENTINEL", "is_in_hatchet_serialization_context"]
