"""Priorities of runs."""

import warnings
from enum import Enum


class Priority(int, Enum):
    """Order among runs of the same workflow: higher goes first. There is no order between different workflows."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3


def checked_priority(priority: "int | Priority | None", stacklevel: int = 3) -> int | None:
    """The number of a priority. Plain integers are deprecated and warn.

    Raises:
        ValueError: not 1, 2 or 3.
    """
    if priority is None:
        return None
    if type(priority) is not Priority:
        if priority not in (1, 2, 3):
            raise ValueError(f"priority must be Priority.LOW, MEDIUM or HIGH (1, 2 or 3), not {priority!r}")
        warnings.warn(
            "integer priorities are deprecated and will be removed in 2.0.0; use hatchet_sdk.Priority",
            DeprecationWarning,
            stacklevel=stacklevel,
        )
    return int(priority)
