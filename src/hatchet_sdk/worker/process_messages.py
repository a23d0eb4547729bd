"""What a worker and its task processes say to each other, over a pipe, pickled."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hatchet_sdk.worker.action import Action
from hatchet_sdk.worker.attempt import Ending


@dataclass(frozen=True, slots=True)
class ImportPath:
    """Where a function can be found by another process."""

    module: str
    qualname: str

    @classmethod
    def of(cls, function: Any) -> "ImportPath":
        """Raises:
        ValueError: the function is no module-level function.
        """
        module, qualname = getattr(function, "__module__", None), getattr(function, "__qualname__", "")
        if not module or not qualname or "<" in qualname:
            raise ValueError(
                f"{qualname or function!r} cannot run in a process of its own: define it at the top level of a module, "
                "so that another process can import it"
            )
        return cls(module, qualname)


@dataclass(frozen=True, slots=True)
class ChildSettings:
    """What a task process is started with."""

    lifespan: ImportPath | None
    capture_logs: bool


# ---- worker -> process


@dataclass(frozen=True, slots=True)
class Run:
    action: Action
    function: ImportPath
    worker_id: str
    labels: dict[str, str | int]


@dataclass(frozen=True, slots=True)
class CancelRun:
    """Sets `ctx.is_cancelled`; the process is killed if the body does not end soon."""


@dataclass(frozen=True, slots=True)
class Leave:
    """Clean up and exit."""


# ---- process -> worker


@dataclass(frozen=True, slots=True)
class Ready:
    """Everything is imported and the lifespan is set up."""


@dataclass(frozen=True, slots=True)
class Unusable:
    """The process cannot run tasks at all."""

    why: str


@dataclass(frozen=True, slots=True)
class Began:
    at_us: int


@dataclass(frozen=True, slots=True)
class Ended:
    ending: Ending
    payload: str
    should_not_retry: bool = False


@dataclass(frozen=True, slots=True)
class Log:
    at_us: int
    level: str
    message: str
    metadata: str


@dataclass(frozen=True, slots=True)
class Chunk:
    index: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Refresh:
    increment: timedelta


@dataclass(frozen=True, slots=True)
class Release:
    """The slot is given back."""


@dataclass(frozen=True, slots=True)
class UpsertLabels:
    labels: dict[str, str | int]
