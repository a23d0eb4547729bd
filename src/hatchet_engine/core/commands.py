"""What may be asked of the core. The reply of each command is written behind it.

Times are microseconds since the epoch, JSON is text that the edge has validated (`""` = none), ids are UUID text.
The core never looks into payloads; it passes them on to `Changes`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from hatchet_engine.core.definition import WorkflowDefinition
from hatchet_engine.core.model import Label, Task


@dataclass(slots=True)
class RegisterWorkflow:  # -> Version
    """Store a definition. The ids are used only if it differs from the newest version."""

    definition: WorkflowDefinition
    workflow_id: str
    version_id: str
    step_ids: Sequence[str]


@dataclass(slots=True)
class TriggerItem:
    run_id: str
    workflow: str
    input: str = ""
    additional_metadata: str = ""
    priority: int | None = None
    parent_run_id: str | None = None
    parent_task_id: str | None = None
    child_index: int | None = None
    child_key: str | None = None
    desired_worker_id: str | None = None


@dataclass(slots=True)
class TriggerRuns:  # -> list[str], the run ids in order; nothing is created if one item is refused
    items: Sequence[TriggerItem]
    known: frozenset[str] = frozenset()
    """Ids among the items that are stored already (a trigger that was sent again); filled in by prefetch."""
    resent: bool = False


@dataclass(slots=True)
class RegisterWorker:  # -> Worker
    worker_id: str
    name: str
    actions: Sequence[str]
    slots: Mapping[str, int]
    labels: Mapping[str, Label] = field(default_factory=dict)
    runtime: Mapping[str, str] = field(default_factory=dict)
    """sdk_version, language, language_version, os, host: shown, never used."""


@dataclass(slots=True)
class AttemptRef:
    task_id: str
    retry_count: int


@dataclass(slots=True)
class ConnectWorker:  # -> Worker; NotFound for an unknown id
    """A stream for this worker was opened. `running`: what the worker says it executes; None if it can't say."""

    worker_id: str
    session: int
    running: Sequence[AttemptRef] | None = None
    session_protocol: bool = False


@dataclass(slots=True)
class DisconnectWorker:  # -> None; ignored if a newer session exists
    worker_id: str
    session: int


@dataclass(slots=True)
class Heartbeat:  # -> None; NotFound, or FailedPrecondition if its stream is not open
    worker_id: str
    blocked_frame: str | None = None


@dataclass(slots=True)
class PauseWorker:  # -> Worker
    worker_id: str
    paused: bool


@dataclass(slots=True)
class RemoveWorker:  # -> None; NotFound
    """The worker says goodbye. What it still holds is reassigned at once."""

    worker_id: str


@dataclass(slots=True)
class UpsertWorkerLabels:  # -> Worker
    worker_id: str
    labels: Mapping[str, Label]


class StepEventKind(IntEnum):
    STARTED = 1
    COMPLETED = 2
    FAILED = 3
    CANCELLED = 5


@dataclass(slots=True)
class StepEvent:
    task_id: str
    retry_count: int | None
    """None: the current attempt (published protocol)."""
    kind: StepEventKind
    payload: str = ""
    should_not_retry: bool = False
    started_at: int | None = None
    """On COMPLETED and FAILED: when the body began, if no STARTED was sent for it."""
    illegal_output: str | None = None
    """COMPLETED with a payload that the edge refused: why. The attempt fails with this text."""


@dataclass(slots=True)
class StepEvents:  # -> list[bool]: whether each event was about the current attempt (stale ones change nothing)
    worker_id: str
    events: Sequence[StepEvent]


@dataclass(slots=True)
class SendFailed:  # -> None
    """Assignments that could not be handed to the worker's stream."""

    worker_id: str
    attempts: Sequence[AttemptRef]


@dataclass(slots=True)
class RefreshTimeout:  # -> int, the new deadline; NotFound if not running
    task_id: str
    increment: int
    retry_count: int | None = None


@dataclass(slots=True)
class ReleaseSlot:  # -> None; NotFound if not running
    task_id: str
    retry_count: int | None = None


@dataclass(slots=True)
class CancelTasks:  # -> list[str], the ids that were not terminal
    task_ids: Sequence[str]
    reason: str = "cancelled"


@dataclass(slots=True)
class ReplayTasks:  # -> list[str], the ids that are replayed (unfinished ones are left alone)
    task_ids: Sequence[str]
    finished: Mapping[str, Task] = field(default_factory=dict)
    """Those of the tasks whose end is stored; filled in by prefetch."""


@dataclass(slots=True)
class Tick:  # -> None
    """Time has passed: fire what is due."""

    after_absence: bool = False
    """The engine did not run, or its clock jumped: nobody could report, so timeouts and silence don't count yet."""


Command = (
    RegisterWorkflow
    | TriggerRuns
    | RegisterWorker
    | ConnectWorker
    | DisconnectWorker
    | Heartbeat
    | PauseWorker
    | RemoveWorker
    | UpsertWorkerLabels
    | StepEvents
    | SendFailed
    | RefreshTimeout
    | ReleaseSlot
    | CancelTasks
    | ReplayTasks
    | Tick
)
