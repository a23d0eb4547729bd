"""Names for types that appear in many signatures."""

from collections.abc import Awaitable, Coroutine
from enum import StrEnum
from typing import Any, Literal, TypeAlias, TypeVar

R = TypeVar("R")

JSONSerializableMapping: TypeAlias = dict[str, Any]
AwaitableLike: TypeAlias = Awaitable[R]
CoroutineLike: TypeAlias = Coroutine[Any, Any, R]

STOP_LOOP_TYPE: TypeAlias = Literal["STOP_LOOP"]
STOP_LOOP: STOP_LOOP_TYPE = "STOP_LOOP"

_ALIASES = {"DEBUG": "DEBUG", "INFO": "INFO", "WARN": "WARN", "WARNING": "WARN", "ERROR": "ERROR"}


class LogLevel(StrEnum):
    """The levels that a log line can have."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARN = "WARN"
    ERROR = "ERROR"

    @classmethod
    def from_levelname(cls, levelname: str) -> "LogLevel":
        """The level of a `logging` level name; names that the engine does not know count as INFO."""
        return cls(_ALIASES.get(levelname.upper(), "INFO"))
