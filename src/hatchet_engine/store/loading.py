"""From rows back to the objects of the core."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, or_, select

from hatchet_engine.core.definition import WorkflowDefinition
from hatchet_engine.core.durations import DAY
from hatchet_engine.core.machine import TERMINAL, TaskState, WorkerState
from hatchet_engine.core.model import Origin, Task, Version, VersionStep, Worker, Workflow
from hatchet_engine.core.recovery import LiveRows
from hatchet_engine.store import schema
from hatchet_engine.store.errors import StoreError
from hatchet_engine.store.rows import MUTABLE, ORIGIN
from hatchet_engine.store.statements import RowsStatement, Statement, batch_of, number

WORKERS_REMEMBERED_FOR = DAY
"""A lost worker that was not seen for longer is not loaded, unless a live task is with it."""
_PAYLOADS_AT_ONCE = 32
_STATES = tuple(TaskState)
_TASK = ("id", "step_id", "priority", "created_at", *MUTABLE, *ORIGIN)


class Loading:
    """The statements that load. Each function runs on the ledger's connection."""

    def __init__(self) -> None:
        tasks = schema.tasks
        tenant = tasks.c.tenant_id == bindparam("tenant_id")
        live = schema.LIVE
        finished = tasks.c.state.in_([number(state) for state in sorted(TERMINAL)])
        batch = batch_of("batch", tasks, ["id"])
        wanted = batch.join(tasks, tasks.c.id == batch.c.id)
        row = [tasks.c[name] for name in _TASK]
        payload = func.json_array(tasks.c.id, tasks.c.input, tasks.c.additional_metadata)

        self._tasks = Statement(select(*row).where(tenant, live))
        self._highest = Statement(select(func.max(tasks.c.queue_seq)).where(tenant, live))
        self._finished = RowsStatement(
            select(tasks.c.version_id, *row).select_from(wanted).where(tenant, finished), batch
        )
        self._ids = RowsStatement(select(tasks.c.id).select_from(wanted).where(tenant), batch)
        # One row: see statements.py on what a step costs.
        self._payloads = RowsStatement(
            select(func.json_group_array(payload)).select_from(wanted), batch, _PAYLOADS_AT_ONCE
        )
        self._workflows = Statement(
            select(schema.workflows.c.id, schema.workflows.c.name, schema.workflows.c.created_at)
            .where(schema.workflows.c.tenant_id == bindparam("tenant_id"))
            .order_by(schema.workflows.c.created_at, schema.workflows.c.id)
        )
        used = select(tasks.c.version_id).where(tenant, live)
        self._versions = Statement(_live_versions(used))
        self._version = Statement(_version_columns().where(schema.workflow_versions.c.id == bindparam("version_id")))
        busy = select(tasks.c.worker_id).where(tenant, live, tasks.c.worker_id.is_not(None))
        self._workers = Statement(_live_workers(busy))

    def live(self, connection: sqlite3.Connection, tenant_id: str, now: int) -> LiveRows:
        """Everything of a tenant that is not over."""
        workflows = [Workflow(*row) for row in self._workflows.run(connection, tenant_id=tenant_id)]
        versions = [_version(row) for row in self._versions.run(connection, tenant_id=tenant_id)]
        seen_after = now - WORKERS_REMEMBERED_FOR
        workers = [_worker(row) for row in self._workers.run(connection, tenant_id=tenant_id, seen_after=seen_after)]
        steps = {step.id: step for version in versions for step in version.steps}
        worker_ids = {worker.id: worker.id for worker in workers}
        rows = self._tasks.run(connection, tenant_id=tenant_id)
        tasks = [_task(row, _step(steps, row), worker_ids) for row in rows]
        (highest,) = self._highest.run(connection, tenant_id=tenant_id).fetchone()
        return LiveRows(workflows, versions, workers, tasks, highest or 0)

    def finished(
        self, connection: sqlite3.Connection, tenant_id: str, ids: Sequence[str], versions: Mapping[str, Version]
    ) -> dict[str, Task]:
        """The finished ones among the tasks."""
        known = dict(versions)
        found: dict[str, Task] = {}
        worker_ids: dict[str, str] = {}
        for version_id, *row in list(self._finished.read(connection, _each(ids), tenant_id)):
            if version_id not in known:
                stored = self._version.run(connection, version_id=version_id).fetchone()
                if stored is None:
                    raise StoreError(f"task {row[0]} is of version {version_id}, which is not stored")
                known[version_id] = _version(stored)
            steps = {step.id: step for step in known[version_id].steps}
            found[row[0]] = _task(row, _step(steps, row), worker_ids)
        return found

    def ids(self, connection: sqlite3.Connection, tenant_id: str, ids: Sequence[str]) -> set[str]:
        """Those that are stored."""
        return {task_id for (task_id,) in self._ids.read(connection, _each(ids), tenant_id)}

    def payloads(self, connection: sqlite3.Connection, ids: Sequence[str]) -> Iterator[tuple[str, str, str]]:
        """(Task id, input, metadata) of those that are stored."""
        for (text,) in self._payloads.read(connection, _each(ids)):
            yield from json.loads(text)


def _each(ids: Iterable[str]) -> list[tuple[str]]:
    return [(each,) for each in ids]


def _version_columns() -> "Select[Any]":
    versions = schema.workflow_versions
    return select(
        versions.c.id,
        versions.c.workflow_id,
        versions.c.number,
        versions.c.definition,
        versions.c.checksum,
        versions.c.step_ids,
        versions.c.created_at,
    )


def _live_versions(used: "Select[Any]") -> "Select[Any]":
    """The newest of each of the tenant's workflows, and `used`."""
    versions, workflows = schema.workflow_versions, schema.workflows
    same = versions.alias("same")
    newest = select(func.max(same.c.number)).where(same.c.workflow_id == versions.c.workflow_id).scalar_subquery()
    return (
        _version_columns()
        .join(workflows, workflows.c.id == versions.c.workflow_id)
        .where(workflows.c.tenant_id == bindparam("tenant_id"))
        .where(or_(versions.c.number == newest, versions.c.id.in_(used)))
        .order_by(versions.c.workflow_id, versions.c.number)
    )


def _live_workers(busy: "Select[Any]") -> "Select[Any]":
    """The tenant's workers that may come back, and `busy`. Heartbeats are not stored: a connected one is not old."""
    workers = schema.workers
    present = workers.c.state.in_([number(WorkerState.CONNECTED), number(WorkerState.DISCONNECTED)])
    recent: ColumnElement[bool] = present | (
        (workers.c.state == number(WorkerState.LOST)) & (workers.c.last_seen > bindparam("seen_after"))
    )
    return (
        select(workers)
        .where(workers.c.tenant_id == bindparam("tenant_id"))
        .where(or_(recent, workers.c.id.in_(busy)))
        .order_by(workers.c.registered_at, workers.c.id)
    )


def _version(row: Sequence[Any]) -> Version:
    id, workflow_id, version_number, definition, checksum, step_ids, created_at = row
    parsed = WorkflowDefinition.parse(json.loads(definition))
    return Version(id, workflow_id, version_number, parsed, checksum, json.loads(step_ids), created_at)


def _worker(row: Sequence[Any]) -> Worker:
    id, _, name, state, paused, session_protocol, registered_at, last_seen, *texts, blocked_frame = row
    actions, slots, labels, runtime = map(json.loads, texts)
    worker = Worker(id, name, actions, slots, registered_at)
    worker.state = WorkerState(state)
    worker.paused = bool(paused)
    worker.session_protocol = bool(session_protocol)
    worker.last_seen = last_seen
    worker.labels = labels
    worker.runtime = runtime
    worker.blocked_frame = blocked_frame
    return worker


def _step(steps: Mapping[str, VersionStep], row: Sequence[Any]) -> VersionStep:
    step = steps.get(row[1])
    if step is None:
        raise StoreError(f"task {row[0]} is of step {row[1]}, which is not stored")
    return step


def _task(row: Sequence[Any], step: VersionStep, worker_ids: dict[str, str]) -> Task:
    """`worker_ids` holds one text of each id, for all the tasks that have it."""
    task = Task(row[0], step, row[2], row[3])
    (
        state,
        task.queue_priority,
        task.queue_seq,
        task.retry_count,
        task.app_retries,
        task.internal_retries,
        worker_id,
        task.queued_at,
        task.assigned_at,
        task.started_at,
        task.finished_at,
        task.deadline,
        slot_released,
    ) = row[4:17]
    task.state = _STATES[state]
    task.slot_released = bool(slot_released)
    if worker_id is not None:
        task.worker_id = worker_ids.setdefault(worker_id, worker_id)
    origin = row[17:]
    if any(each is not None for each in origin):
        task.origin = Origin(*origin)
    return task
