"""The older home of `hatchet_sdk.types.slot_types`."""

from hatchet_sdk.types.slot_types import SlotType

__all__ = ["SlotType"]
