"""Where time comes from. Everything below the composition root gets a clock; nothing else asks the system."""

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Microseconds since the epoch."""


def system_clock() -> int:
    return time.time_ns() // 1_000
