"""What the runtime hands to transports."""

from dataclasses import dataclass
from typing import Literal, Protocol

from hatchet_engine.core.changes import Assigned, CancelAttempt
from hatchet_engine.core.machine import TaskState
from hatchet_engine.core.model import Origin


@dataclass(slots=True)
class Delivery:
    """An assignment with what the worker needs to run it."""

    assigned: Assigned
    input: str
    additional_metadata: str
    origin: Origin | None


@dataclass(slots=True)
class TaskOutcome:
    task_id: str
    name: str
    output: str
    error: str | None
    """None for a completed task, empty for a cancelled one."""


@dataclass(slots=True)
class RunOutcome:
    run_id: str
    state: TaskState
    tasks: list[TaskOutcome]


RunEventKind = Literal["STARTED", "COMPLETED", "FAILED", "CANCELLED", "STREAM"]


@dataclass(slots=True)
class RunEvent:
    kind: RunEventKind
    task_id: str
    at: int
    retry_count: int = 0
    retries: int = 0
    payload: str = ""
    index: int | None = None
    hangup: bool = False
    """The run is finished; nothing follows."""


@dataclass(slots=True)
class LogRecord:
    task_id: str
    retry_count: int
    at: int
    level: str
    message: str
    metadata: str = ""


class WorkerSink(Protocol):
    """A worker's open stream. Called on the engine loop; must not block."""

    def deliver(self, assignments: list[Delivery], cancels: list[CancelAttempt]) -> None: ...

    def reset(self) -> None:
        """The engine lost its memory (the database went away): end the stream, the worker will connect again."""
        ...
