"""Run ids made by the client."""

import os
import threading
import time

_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
_AT_ONCE = 512
"""Ids that one request for randomness is good for: each request lets go of the interpreter lock."""
_DIGITS = 16


class RunIds:
    """Makes UUIDs of version 7: they sort by the time they were made, to a quarter of a microsecond.

    May be used by any thread. A forked child must have one of its own.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._random = ""
        self._at = 0

    def new(self, count: int) -> list[str]:
        millis, rest = divmod(time.time_ns(), 1_000_000)
        stamp = f"{millis:012x}"
        head = f"{stamp[:8]}-{stamp[8:]}-7{rest * 4096 // 1_000_000:03x}-"
        with self._lock:
            random, start = self._take(count)
        return [
            f"{head}{_VARIANT[random[at]]}{random[at + 1 : at + 4]}-{random[at + 4 : at + 16]}"
            for at in range(start, start + _DIGITS * count, _DIGITS)
        ]

    def _take(self, count: int) -> tuple[str, int]:
        if count > _AT_ONCE:
            return os.urandom(_DIGITS // 2 * count).hex(), 0
        random, start = self._random, self._at
        end = start + _DIGITS * count
        if end > len(random):
            random, start, end = os.urandom(_DIGITS // 2 * _AT_ONCE).hex(), 0, _DIGITS * count
            self._random = random
        self._at = end
        return random, start
