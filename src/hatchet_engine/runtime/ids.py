"""UUIDv7 text: ordered by creation time, so that new rows are appended to the indices."""

import os
import time
from collections.abc import Callable

IdSource = Callable[[], str]

_RANDOM_BITS = 62
_VERSION_7 = 0x7000
_VARIANT = 0x8000_0000_0000_0000


class Uuid7:
    """Makes ids that never repeat and, within one source, always grow."""

    def __init__(self, random: Callable[[int], bytes] = os.urandom, now_ns: Callable[[], int] = time.time_ns) -> None:
        self._random = random
        self._now_ns = now_ns
        self._last = 0

    def __call__(self) -> str:
        # 48 bits of milliseconds and 12 bits of a fraction; a repeated or earlier instant counts on.
        nanos = self._now_ns()
        stamp = (nanos // 1_000_000 << 12) | ((nanos % 1_000_000) * 4096 // 1_000_000)
        if stamp <= self._last:
            stamp = self._last + 1
        self._last = stamp
        tail = int.from_bytes(self._random(8)) >> (64 - _RANDOM_BITS) | _VARIANT
        high = stamp >> 12 << 16 | _VERSION_7 | stamp & 0xFFF
        text = f"{high:016x}{tail:016x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
