"""What happened to a task run: earlier attempts and recorded events."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from hatchet_engine.core.changes import AttemptOutcome
from hatchet_engine.store.queries.connection import one_snapshot
from hatchet_engine.store.queries.tasks import TaskRow, count_children, load_task
from hatchet_engine.store.queries.workflows import VersionRow, load_version
from hatchet_engine.store.schema import attempts, task_events

_ATTEMPT = (
    attempts.c.task_id,
    attempts.c.retry_count,
    attempts.c.outcome,
    attempts.c.worker_id,
    attempts.c.queued_at,
    attempts.c.assigned_at,
    attempts.c.started_at,
    attempts.c.ended_at,
    func.coalesce(attempts.c.error, ""),
    func.coalesce(attempts.c.output, ""),
)


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """An attempt that was followed by another one. Times in microseconds."""

    task_id: str
    retry_count: int
    outcome: AttemptOutcome
    worker_id: str | None
    queued_at: int
    assigned_at: int | None
    started_at: int | None
    ended_at: int
    error: str
    output: str


@dataclass(frozen=True, slots=True)
class EventRow:
    task_id: str
    id: str
    retry_count: int
    kind: str
    at: int
    worker_id: str | None
    message: str


@dataclass(frozen=True, slots=True)
class History:
    """A task run, its earlier attempts by retry count, its recorded events in the order of writing."""

    task: TaskRow
    attempts: Sequence[AttemptRow]
    events: Sequence[EventRow]


@dataclass(frozen=True, slots=True)
class RunPage:
    """All that a run's page shows."""

    history: History
    version: VersionRow | None
    children: int

    @property
    def tenant_id(self) -> str:
        return self.history.task.tenant_id


def task_history(reader: Engine, task_id: str) -> History | None:
    """The history of a task run of any tenant, or None."""
    with one_snapshot(reader) as connection:
        task = load_task(connection, task_id)
        return _history(connection, task) if task is not None else None


def run_page(reader: Engine, run_id: str) -> RunPage | None:
    """A run of any tenant with everything that is known about it, or None."""
    with one_snapshot(reader) as connection:
        task = load_task(connection, run_id)
        if task is None:
            return None
        version = load_version(connection, task.version_id)
        children = count_children(connection, [task.id]).get(task.id, 0)
        return RunPage(_history(connection, task), version, children)


def find_attempt(reader: Engine, task_id: str, retry_count: int) -> AttemptRow | None:
    """An earlier attempt; None if there is none with this number, or if it is the current one."""
    statement = select(*_ATTEMPT).where(attempts.c.task_id == task_id, attempts.c.retry_count == retry_count)
    with reader.connect() as connection:
        row = connection.execute(statement).one_or_none()
    return _attempt(row) if row is not None else None


def _history(connection: Connection, task: TaskRow) -> History:
    earlier = select(*_ATTEMPT).where(attempts.c.task_id == task.id)
    recorded = select(
        task_events.c.task_id,
        task_events.c.id,
        task_events.c.retry_count,
        task_events.c.kind,
        task_events.c.at,
        task_events.c.worker_id,
        task_events.c.message,
    ).where(task_events.c.task_id == task.id)
    return History(
        task,
        [_attempt(row) for row in connection.execute(earlier.order_by(attempts.c.retry_count))],
        [EventRow(*row) for row in connection.execute(recorded.order_by(task_events.c.id))],
    )


def _attempt(row: Sequence[Any]) -> AttemptRow:
    values = list(row)
    values[2] = AttemptOutcome(values[2])
    return AttemptRow(*values)
