"""Run ids made by the client."""

import os
import time

_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


def new_run_ids(count: int) -> list[str]:
    """`count` UUIDs of version 7: they sort by the time they were made, to a quarter of a microsecond."""
    millis, rest = divmod(time.time_ns(), 1_000_000)
    stamp = f"{millis:012x}"
    head = f"{stamp[:8]}-{stamp[8:]}-7{rest * 4096 // 1_000_000:03x}-"
    random = os.urandom(8 * count).hex()
    return [
        f"{head}{_VARIANT[random[at]]}{random[at + 1 : at + 4]}-{random[at + 4 : at + 16]}"
        for at in range(0, 16 * count, 16)
    ]
