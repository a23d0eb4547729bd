"""The pools of slots that every worker can have."""

from enum import StrEnum


class SlotType(StrEnum):
    """Name of a slot pool."""

    DEFAULT = "default"
    DURABLE = "durable"
