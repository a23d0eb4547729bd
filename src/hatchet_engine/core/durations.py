"""The duration grammar of the wire: one or more `<number><unit>`, e.g. `1h30m`, `250ms`, `2d`."""

import re

from hatchet_engine.core.errors import InvalidArgument

MILLISECOND = 1_000
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_UNITS = {
    "us": 1,
    "ms": MILLISECOND,
    "s": SECOND,
    "m": MINUTE,
    "h": HOUR,
    "d": DAY,
    "w": 7 * DAY,
    "y": 365 * DAY,
}
_PART = re.compile(r"(\d+(?:\.\d+)?)(us|ms|s|m|h|d|w|y)")
LONGEST = 100 * 365 * DAY


def parse_duration(text: str) -> int:
    """Microseconds of `text`. A negative duration is zero (a sleep until a time that has passed).

    Raises:
        InvalidArgument: the text does not follow the grammar, or is longer than 100 years.
    """
    body = text.strip()
    negative = body.startswith("-")
    if negative:
        body = body[1:]
    total, position = 0.0, 0
    for match in _PART.finditer(body):
        if match.start() != position:
            break
        total += float(match[1]) * _UNITS[match[2]]
        position = match.end()
    if not body or position != len(body):
        raise InvalidArgument(f"Invalid request: {text!r} is not a duration; write e.g. 500ms, 30s, 5m, 1h30m")
    if total > LONGEST:
        raise InvalidArgument(f"Invalid request: the duration {text!r} is longer than 100 years")
    return 0 if negative else round(total)


def format_duration(micros: int) -> str:
    """The shortest exact text of a duration, for messages: `45s`, `250ms`, `5m`."""
    for unit in ("h", "m", "s", "ms"):
        size = _UNITS[unit]
        if micros >= size and micros % size == 0:
            return f"{micros // size}{unit}"
    return f"{micros / MILLISECOND:g}ms"
