"""Durations in messages, written as the engine writes them."""

from datetime import timedelta

_UNITS = (("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000))


def duration_text(duration: timedelta) -> str:
    """The shortest exact text: `45s`, `250ms`, `5m`."""
    micros = duration // timedelta(microseconds=1)
    for unit, size in _UNITS:
        if micros >= size and micros % size == 0:
            return f"{micros // size}{unit}"
    return f"{micros / 1000:g}ms"
