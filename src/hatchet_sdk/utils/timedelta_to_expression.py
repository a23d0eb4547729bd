"""Durations as the wire writes them: `250ms`, `30s`, `5m`, `1h`."""

import re
import warnings
from datetime import timedelta
from typing import TypeAlias

Duration: TypeAlias = timedelta | str

_UNITS = {"h": timedelta(hours=1), "m": timedelta(minutes=1), "s": timedelta(seconds=1)}
_MILLISECOND = timedelta(milliseconds=1)
_PARTS = {**_UNITS, "ms": _MILLISECOND}
_EXPRESSION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")


def timedelta_to_expr(td: Duration) -> str:
    """The wire's text of a duration, in the largest unit that expresses it exactly.

    Below a whole second that unit is milliseconds, and parts of a millisecond are rounded up: a timeout never becomes
    zero by conversion.

    Args:
        td: a timedelta, or (deprecated) a text that already is an expression.
    """
    if isinstance(td, str):
        warnings.warn(
            "durations as text are deprecated and will be removed in 2.0.0; pass a datetime.timedelta",
            DeprecationWarning,
            stacklevel=3,
        )
        return td
    if not td:
        return "0s"
    for unit, size in _UNITS.items():
        if not td % size:
            return f"{td // size}{unit}"
    return f"{-(-td // _MILLISECOND)}ms"


def expr_to_timedelta(expr: str) -> timedelta:
    """The duration that an expression such as `1h30m` or `250ms` stands for.

    Raises:
        ValueError: the text does not follow the grammar: one or more `<number><unit>`, units ms, s, m, h.
    """
    body = expr.strip()
    sign = -1 if body.startswith("-") else 1
    body = body.removeprefix("-")
    total, position = timedelta(), 0
    for part in _EXPRESSION.finditer(body):
        if part.start() != position:
            break
        total += float(part[1]) * _PARTS[part[2]]
        position = part.end()
    if not body or position != len(body):
        raise ValueError(f"{expr!r} is not a duration; write e.g. 250ms, 30s, 5m or 1h30m")
    return sign * total


def as_timedelta(value: Duration) -> timedelta:
    """A duration argument as a timedelta; text is deprecated and warns."""
    return expr_to_timedelta(timedelta_to_expr(value)) if isinstance(value, str) else value
