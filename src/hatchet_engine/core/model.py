"""The nouns of the core. Times are microseconds since the epoch; ids are UUID text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hatchet_engine.core.definition import Step, WorkflowDefinition
from hatchet_engine.core.machine import TaskState, WorkerState

Label = str | int


class Version:
    """One registered version of a workflow. Runs keep the version they were created with."""

    __slots__ = ("checksum", "created_at", "definition", "id", "number", "step_ids", "steps", "workflow_id")

    def __init__(
        self,
        id: str,
        workflow_id: str,
        number: int,
        definition: WorkflowDefinition,
        checksum: str,
        step_ids: Sequence[str],
        created_at: int,
    ) -> None:
        self.id = id
        self.workflow_id = workflow_id
        self.number = number
        self.definition = definition
        self.checksum = checksum
        self.created_at = created_at
        self.step_ids = tuple(step_ids)
        self.steps = tuple(
            VersionStep(self, step_id, step) for step_id, step in zip(step_ids, definition.steps, strict=True)
        )


class VersionStep:
    """One task definition of a version, with its id. Task runs point here."""

    __slots__ = ("action", "id", "slots", "step", "version")

    def __init__(self, version: Version, id: str, step: Step) -> None:
        self.version = version
        self.id = id
        self.step = step
        self.action = step.action
        self.slots = tuple(step.slot_requests.items())


@dataclass(slots=True)
class Workflow:
    id: str
    name: str
    created_at: int
    latest: Version | None = None
    versions: dict[str, Version] = field(default_factory=dict)
    """By id: those that a live run still uses, and the newest."""


class Task:
    """A live task run. Payloads are not here: a waiting task costs an index entry, not its input."""

    __slots__ = (
        "app_retries",
        "assigned_at",
        "created_at",
        "deadline",
        "finished_at",
        "id",
        "internal_retries",
        "origin",
        "priority",
        "queue_priority",
        "queue_seq",
        "queued_at",
        "retry_count",
        "slot_released",
        "started_at",
        "state",
        "step",
        "worker_id",
    )

    def __init__(self, id: str, step: VersionStep, priority: int, created_at: int) -> None:
        self.id = id
        self.step = step
        self.priority = priority
        self.created_at = created_at
        self.state = TaskState.QUEUED
        self.queue_priority = priority
        self.queue_seq = 0
        self.queued_at = created_at
        self.retry_count = 0
        self.app_retries = 0
        self.internal_retries = 0
        self.worker_id: str | None = None
        self.assigned_at: int | None = None
        self.started_at: int | None = None
        self.finished_at: int | None = None
        self.deadline: int | None = None
        self.slot_released = False
        self.origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a child run comes from."""

    parent_run_id: str | None
    parent_task_id: str | None
    child_index: int | None
    child_key: str | None


class Worker:
    """A worker process that registered. `held` are the tasks whose slots it holds or whose outcome it owes."""

    __slots__ = (
        "actions",
        "blocked_frame",
        "free",
        "grace_until",
        "held",
        "id",
        "labels",
        "last_seen",
        "name",
        "paused",
        "registered_at",
        "runtime",
        "session",
        "session_protocol",
        "slots",
        "state",
    )

    def __init__(self, id: str, name: str, actions: Sequence[str], slots: Mapping[str, int], now: int) -> None:
        self.id = id
        self.name = name
        self.actions = tuple(actions)
        self.slots = dict(slots)
        self.free = dict(slots)
        self.labels: dict[str, Label] = {}
        self.runtime: dict[str, str] = {}
        self.state = WorkerState.DISCONNECTED
        self.paused = False
        self.session = 0
        self.session_protocol = False
        self.registered_at = now
        self.last_seen = now
        self.grace_until = 0
        """Not lost before this: the engine itself was away."""
        self.blocked_frame: str | None = None
        self.held: dict[str, Task] = {}
