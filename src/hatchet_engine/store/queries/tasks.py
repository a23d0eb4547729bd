"""Task runs, and with them runs: a standalone workflow's run is its task."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Engine, Select, func, literal, select

from hatchet_engine.core.machine import TaskState
from hatchet_engine.store.queries.connection import one_snapshot, portions
from hatchet_engine.store.queries.filters import TaskFilter
from hatchet_engine.store.schema import tasks


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A stored task run with the times (microseconds) of its current attempt; payloads are JSON text, `""` if none."""

    id: str
    tenant_id: str
    workflow_id: str
    version_id: str
    step_id: str
    action: str
    name: str
    workflow_name: str
    state: TaskState
    retry_count: int
    worker_id: str | None
    created_at: int
    queued_at: int
    assigned_at: int | None
    started_at: int | None
    finished_at: int | None
    deadline: int | None
    parent_run_id: str | None
    parent_task_id: str | None
    additional_metadata: str
    error: str
    input: str
    output: str


@dataclass(frozen=True, slots=True)
class TaskPage:
    rows: Sequence[TaskRow]
    total: int
    children: Mapping[str, int]
    """Task id -> how many runs it spawned; absent if none."""


_PLAIN = (
    tasks.c.id,
    tasks.c.tenant_id,
    tasks.c.workflow_id,
    tasks.c.version_id,
    tasks.c.step_id,
    tasks.c.action,
    tasks.c.name,
    tasks.c.workflow_name,
    tasks.c.state,
    tasks.c.retry_count,
    tasks.c.worker_id,
    tasks.c.created_at,
    tasks.c.queued_at,
    tasks.c.assigned_at,
    tasks.c.started_at,
    tasks.c.finished_at,
    tasks.c.deadline,
    tasks.c.parent_run_id,
    tasks.c.parent_task_id,
    tasks.c.additional_metadata,
    func.coalesce(tasks.c.error, ""),
)
_LIVE = (TaskState.QUEUED, TaskState.RUNNING, TaskState.BACKOFF)
_UNSUCCESSFUL = (TaskState.FAILED, TaskState.CANCELLED)
_PAYLOADS = (tasks.c.input, func.coalesce(tasks.c.output, ""))
_NO_PAYLOADS = (literal("").label("input"), literal("").label("output"))


def select_tasks(payloads: bool = True) -> Select[Any]:
    return select(*_PLAIN, *(_PAYLOADS if payloads else _NO_PAYLOADS))


def read_tasks(connection: Connection, statement: Select[Any]) -> list[TaskRow]:
    """Run a statement made with `select_tasks`."""
    return [_task(row) for row in connection.execute(statement)]


def _task(row: Sequence[Any]) -> TaskRow:
    values = list(row)
    values[8] = TaskState(values[8])
    return TaskRow(*values)


def find_task(reader: Engine, task_id: str) -> TaskRow | None:
    """The task run with this id, of any tenant."""
    with reader.connect() as connection:
        return load_task(connection, task_id)


def load_task(connection: Connection, task_id: str) -> TaskRow | None:
    found = read_tasks(connection, select_tasks().where(tasks.c.id == task_id))
    return found[0] if found else None


def task_page(reader: Engine, wanted: TaskFilter, limit: int, offset: int, payloads: bool) -> TaskPage:
    """One page of the matching task runs, newest first, and how many there are in all."""
    conditions = wanted.conditions()
    statement = (
        select_tasks(payloads)
        .where(*conditions)
        .order_by(wanted.created_at.desc(), tasks.c.id.desc())
        .limit(limit)
        .offset(offset)
    )
    with one_snapshot(reader) as connection:
        total = connection.execute(select(func.count()).select_from(tasks).where(*conditions)).scalar_one()
        rows = read_tasks(connection, statement) if offset < total else []
        return TaskPage(rows, total, count_children(connection, [row.id for row in rows]))


def count_children(connection: Connection, task_ids: Sequence[str]) -> dict[str, int]:
    """How many runs each of these task runs spawned; those that spawned none are absent."""
    counts: dict[str, int] = {}
    for portion in portions(task_ids):
        statement = (
            select(tasks.c.parent_task_id, func.count())
            .where(tasks.c.parent_task_id.in_(portion))
            .group_by(tasks.c.parent_task_id)
        )
        for parent_id, count in connection.execute(statement):
            counts[parent_id] = count
    return counts


def children_of(reader: Engine, task_id: str) -> int:
    """How many runs this task run spawned."""
    with reader.connect() as connection:
        return count_children(connection, [task_id]).get(task_id, 0)


def descendants(reader: Engine, tenant_id: str, task_id: str, depth: int, most: int) -> list[tuple[TaskRow, int]]:
    """Task runs that this one spawned, and theirs, each with its level (1 to `depth`), without payloads."""
    found: list[tuple[TaskRow, int]] = []
    parents = [task_id]
    with one_snapshot(reader) as connection:
        for level in range(1, depth + 1):
            children: list[TaskRow] = []
            for portion in portions(parents):
                statement = (
                    select_tasks(payloads=False)
                    .where(tasks.c.parent_task_id.in_(portion), tasks.c.tenant_id == tenant_id)
                    .order_by(tasks.c.created_at, tasks.c.id)
                    .limit(max(0, most - len(found) - len(children)))
                )
                children += read_tasks(connection, statement)
            found += [(row, level) for row in children]
            parents = [row.id for row in children]
    return found


def task_ids(reader: Engine, wanted: TaskFilter, limit: int | None = None) -> list[str]:
    """Ids of the matching task runs, oldest first, at most `limit`."""
    statement = select(tasks.c.id).where(*wanted.conditions()).order_by(wanted.created_at, tasks.c.id).limit(limit)
    with reader.connect() as connection:
        return list(connection.execute(statement).scalars())


def task_ids_json(reader: Engine, wanted: TaskFilter) -> str:
    """`task_ids` of all matching task runs as a JSON array.

    The database makes the text: a million objects would keep all other threads of the process waiting.
    """
    ids = select(tasks.c.id).where(*wanted.conditions()).order_by(wanted.created_at, tasks.c.id).subquery()
    with reader.connect() as connection:
        text: str = connection.execute(select(func.json_group_array(ids.c.id))).scalar_one()
    return text


def find_tasks(reader: Engine, tenant_id: str, ids: Sequence[str]) -> list[TaskRow]:
    """The tenant's task runs among these ids, without payloads, in the order of the ids."""
    found: dict[str, TaskRow] = {}
    with one_snapshot(reader) as connection:
        for portion in portions(ids):
            statement = select_tasks(payloads=False).where(tasks.c.id.in_(portion), tasks.c.tenant_id == tenant_id)
            found.update((row.id, row) for row in read_tasks(connection, statement))
    return [found[id] for id in dict.fromkeys(ids) if id in found]


def state_counts(reader: Engine, wanted: TaskFilter) -> dict[TaskState, int]:
    """How many matching task runs are in each state, whatever `wanted.states` says; states without any are absent.

    Most of a history is COMPLETED. These are what remains of the total, which an index counts, when the others, which
    have indices of their own, are taken away.
    """
    counts: dict[TaskState, int] = {}
    with one_snapshot(reader) as connection:
        everything = replace(wanted, states=None).conditions()
        total = connection.execute(select(func.count()).select_from(tasks).where(*everything)).scalar_one()
        for states in (_LIVE, _UNSUCCESSFUL):
            conditions = replace(wanted, states=states).conditions()
            statement = select(tasks.c.state, func.count()).where(*conditions).group_by(tasks.c.state)
            for state, count in connection.execute(statement):
                counts[TaskState(state)] = count
    completed = total - sum(counts.values())
    return {**counts, TaskState.COMPLETED: completed} if completed else counts
