"""What a batch of commands did: rows for the ledger, effects for the release.

The happy path of an attempt is not logged event by event: CREATED, QUEUED, ASSIGNED, STARTED and FINISHED follow
from the times in the task's row. Whatever departs from it is an event row of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from hatchet_engine.core.machine import TaskState
from hatchet_engine.core.model import Task, Version, VersionStep, Worker, Workflow


class AttemptOutcome(IntEnum):
    """How an attempt ended that was not the last one. Stored as this number in `attempts.outcome`."""

    COMPLETED = 0
    FAILED = 1
    TIMED_OUT = 2
    CANCELLED = 3
    LOST = 4


@dataclass(slots=True)
class AttemptRecord:
    task_id: str
    retry_count: int
    outcome: AttemptOutcome
    worker_id: str | None
    queued_at: int
    assigned_at: int | None
    started_at: int | None
    ended_at: int
    error: str | None


@dataclass(slots=True)
class EventRecord:
    """`kind` is a value of the REST enum V1TaskEventType."""

    task_id: str
    retry_count: int
    kind: str
    at: int
    message: str = ""
    worker_id: str | None = None


@dataclass(slots=True)
class Assigned:
    worker_id: str
    task_id: str
    retry_count: int
    priority: int
    step: VersionStep


@dataclass(slots=True)
class CancelAttempt:
    """Tell the worker to stop this attempt."""

    worker_id: str
    task_id: str
    retry_count: int
    reason: str


@dataclass(slots=True)
class AttemptFailed:
    """An attempt failed and will be retried."""

    task_id: str
    retry_count: int
    step: VersionStep
    error: str


@dataclass(slots=True)
class TaskFinished:
    """A task run is terminal; for a standalone workflow so is its run (`task_id` is the run id)."""

    task_id: str
    step: VersionStep
    state: TaskState
    retry_count: int
    output: str
    error: str


@dataclass(slots=True)
class TaskReopened:
    """A finished task was replayed: whoever asks for its result now waits for the new one."""

    task_id: str


@dataclass(slots=True)
class Changes:
    created: list[tuple[Task, str, str]] = field(default_factory=list)
    """New task, its input JSON, its metadata JSON."""
    fresh: set[str] = field(default_factory=set)
    """The ids in `created`: their rows are written whole, in their state at the end of the batch."""
    touched: dict[str, Task] = field(default_factory=dict)
    """Tasks that existed before this batch and whose row changed."""
    results: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)
    """Task id -> (output, error), for tasks that finished; (None, None) for a replayed one."""
    archived: list[tuple[str, int]] = field(default_factory=list)
    """(Task id, retry count) of replayed tasks: their stored row becomes an attempt before it is overwritten."""
    attempts: list[AttemptRecord] = field(default_factory=list)
    events: list[EventRecord] = field(default_factory=list)
    workflows: list[Workflow] = field(default_factory=list)
    versions: list[Version] = field(default_factory=list)
    workers: dict[str, Worker] = field(default_factory=dict)
    effects: "list[Effect]" = field(default_factory=list)

    def touch(self, task: Task) -> None:
        """The task's row must be written."""
        if task.id not in self.fresh:
            self.touched[task.id] = task

    def note(self, task: Task, kind: str, now: int, message: str = "") -> None:
        """Add an event row about the task's current attempt."""
        self.events.append(EventRecord(task.id, task.retry_count, kind, now, message, task.worker_id))

    def forget(self, task_id: str) -> None:
        """Nothing about this task is written or told."""
        self.touched.pop(task_id, None)
        self.results.pop(task_id, None)
        self.attempts = [record for record in self.attempts if record.task_id != task_id]
        self.events = [record for record in self.events if record.task_id != task_id]
        self.effects = [effect for effect in self.effects if effect.task_id != task_id]

    def __bool__(self) -> bool:
        """Whether there is anything to write."""
        return bool(
            self.created
            or self.touched
            or self.results
            or self.attempts
            or self.events
            or self.workflows
            or self.versions
            or self.workers
        )


Effect = Assigned | CancelAttempt | AttemptFailed | TaskFinished | TaskReopened
Effects = Sequence[Effect]
