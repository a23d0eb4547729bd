"""The event list of a task run.

What happens to every attempt is not stored event by event: it follows from the times of the task and of its earlier
attempts. Stored are the events that depart from that. Both together, in order, are what the API lists.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from hatchet_engine.core.changes import AttemptOutcome
from hatchet_engine.core.machine import TaskState
from hatchet_engine.store.queries import History, TaskRow
from hatchet_engine.transports.rest.models.enums import V1TaskEventType as Kind
from hatchet_engine.transports.rest.models.tasks import V1TaskEvent
from hatchet_engine.transports.rest.views.tasks import display_name

_ERRORS = {Kind.FAILED, Kind.TIMED_OUT}
_ORDER = {
    Kind.CREATED: 0,
    Kind.RETRIED_BY_USER: 1,
    Kind.RETRYING: 1,
    Kind.QUEUED: 2,
    Kind.ASSIGNED: 4,
    Kind.STARTED: 5,
    Kind.SCHEDULING_TIMED_OUT: 7,
    Kind.REASSIGNED: 7,
    Kind.COULD_NOT_SEND_TO_WORKER: 7,
    Kind.TIMED_OUT: 8,
    Kind.FAILED: 8,
    Kind.CANCELLED: 8,
    Kind.FINISHED: 8,
}
_AMID = 6
"""Events of a running attempt that are not listed above."""


@dataclass(frozen=True, slots=True)
class _Event:
    kind: Kind
    retry_count: int
    at: int
    message: str
    worker_id: str | None = None
    output: str | None = None

    @property
    def place(self) -> tuple[int, int, int]:
        """Several things happen at one instant: a batch of the engine has one time."""
        return (self.at, self.retry_count, _ORDER.get(self.kind, _AMID))


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One attempt, earlier or current, as far as its happy path goes."""

    retry_count: int
    queued_at: int | None
    assigned_at: int | None
    started_at: int | None
    worker_id: str | None
    completed_at: int | None
    output: str


def task_events(history: History) -> list[V1TaskEvent]:
    """All events of the task run, oldest first, numbered from 1."""
    task = history.task
    events = [_Event(Kind.CREATED, 0, task.created_at, "Task was created")]
    for attempt in _attempts(history):
        events += _happy_path(attempt)
    events += [_Event(Kind(row.kind), row.retry_count, row.at, row.message, row.worker_id) for row in history.events]
    events.sort(key=lambda event: event.place)
    return [_shown(task, number, event) for number, event in enumerate(events, 1)]


def _attempts(history: History) -> Iterator[_Attempt]:
    queued_before = None
    for row in history.attempts:
        completed_at = row.ended_at if row.outcome is AttemptOutcome.COMPLETED else None
        yield _Attempt(
            row.retry_count,
            row.queued_at,
            row.assigned_at,
            row.started_at,
            row.worker_id,
            completed_at,
            row.output,
        )
        queued_before = row.queued_at
    task = history.task
    # An attempt that waits for its backoff was not queued yet: the row still has the time of the one before.
    queued_at = task.queued_at if task.queued_at != queued_before else None
    yield _Attempt(
        task.retry_count,
        queued_at,
        task.assigned_at,
        task.started_at,
        task.worker_id,
        task.finished_at if task.state is TaskState.COMPLETED else None,
        task.output,
    )


def _happy_path(attempt: _Attempt) -> Iterator[_Event]:
    number, worker = attempt.retry_count, attempt.worker_id
    if attempt.queued_at is not None:
        yield _Event(Kind.QUEUED, number, attempt.queued_at, "Task was queued")
    if attempt.assigned_at is not None:
        yield _Event(Kind.ASSIGNED, number, attempt.assigned_at, "Task was assigned to a worker", worker)
    if attempt.started_at is not None:
        yield _Event(Kind.STARTED, number, attempt.started_at, "Task started on the worker", worker)
    if attempt.completed_at is not None:
        yield _Event(Kind.FINISHED, number, attempt.completed_at, "Task completed", worker, attempt.output)


def _shown(task: TaskRow, number: int, event: _Event) -> V1TaskEvent:
    is_error = event.kind in _ERRORS
    return V1TaskEvent(
        id=number,
        task_id=task.id,
        timestamp=event.at,
        event_type=event.kind,
        message=event.message.partition("\n")[0] if is_error else event.message,
        error_message=event.message if is_error else None,
        output=event.output or None,
        worker_id=event.worker_id,
        task_display_name=display_name(task.name, task.created_at),
        retry_count=event.retry_count,
        attempt=event.retry_count + 1,
    )
