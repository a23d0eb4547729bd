"""What the tests write: a tenant's workflow, worker and tasks, and how to compare them with what comes back."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from sqlalchemy import Table, select

from hatchet_engine.core.changes import Changes
from hatchet_engine.core.definition import WorkflowDefinition
from hatchet_engine.core.machine import TaskState
from hatchet_engine.core.model import Origin, Task, Version, Worker, Workflow
from hatchet_engine.runtime.ids import Uuid7
from hatchet_engine.store import schema
from hatchet_engine.store.rows import WriteBatch, add_log_lines, snapshot
from hatchet_engine.store.store import Store

T = TypeVar("T")

new_id = Uuid7()

tenant_an_example = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
"""For properties whose examples share a store: each makes a `World` of its own in it."""


def now() -> int:
    return time.time_ns() // 1_000


@dataclass
class Line:
    """A log line."""

    task_id: str
    message: str
    retry_count: int = 0
    at: int = 1
    level: str = "INFO"
    metadata: str = ""


class World:
    """One tenant. Nothing is written before `write` says so."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.tenant_id = new_id()
        self.store.ledger.create_tenant(self.tenant_id, "tests")
        self.workflow = Workflow(new_id(), "work", now())
        self.version = self.new_version(1)
        self.worker = self.new_worker()
        changes = Changes(workflows=[self.workflow], versions=[self.version], workers={self.worker.id: self.worker})
        self.write(changes)

    def new_version(self, number: int, **task: Any) -> Version:
        raw = {"name": self.workflow.name, "tasks": [{"readable_id": "work", "action": "svc:work", **task}]}
        definition = WorkflowDefinition.parse(raw)
        return Version(new_id(), self.workflow.id, number, definition, definition.checksum(), [new_id()], now())

    def new_worker(self, **attributes: Any) -> Worker:
        worker = Worker(new_id(), "worker", ["svc:work"], {"default": 10}, now())
        return changed(worker, **attributes)

    def new_task(self, **attributes: Any) -> Task:
        task = Task(new_id(), self.version.steps[0], 1, now())
        return changed(task, **attributes)

    def running_task(self, **attributes: Any) -> Task:
        at = now()
        task = self.new_task(state=TaskState.RUNNING, worker_id=self.worker.id, assigned_at=at, deadline=at + 60)
        return changed(task, **attributes)

    def batch(self, *changes: Changes, lines: Iterable[Line] = ()) -> WriteBatch:
        batch = WriteBatch()
        for each in changes:
            snapshot(batch, self.tenant_id, each)
        add_log_lines(batch, self.tenant_id, lines)
        return batch

    def write(self, *changes: Changes, lines: Iterable[Line] = ()) -> WriteBatch:
        batch = self.batch(*changes, lines=lines)
        self.store.ledger.commit(batch)
        return batch

    def create(self, *tasks: Task) -> None:
        self.write(created(*tasks))

    def live_tasks(self) -> dict[str, Task]:
        return {task.id: task for task in self.store.ledger.load_live(self.tenant_id).tasks}


def changed(thing: T, **attributes: Any) -> T:
    for name, value in attributes.items():
        setattr(thing, name, value)
    return thing


def created(*tasks: Task, payload: str = "{}", metadata: str = "") -> Changes:
    return Changes(created=[(task, payload, metadata) for task in tasks], fresh={task.id for task in tasks})


def finished(task: Task, output: str | None = "{}", error: str | None = "") -> Changes:
    """The task, RUNNING, has completed."""
    changed(task, state=TaskState.COMPLETED, finished_at=now(), deadline=None)
    return Changes(touched={task.id: task}, results={task.id: (output, error)})


def joined(*parts: Changes) -> Changes:
    whole = Changes()
    for part in parts:
        whole.created += part.created
        whole.fresh |= part.fresh
        whole.touched |= part.touched
        whole.results |= part.results
    return whole


def child_of(parent: Task, index: int | None = 0, key: str | None = None) -> Origin:
    return Origin(parent.id, parent.id, index, key)


def task_facts(task: Task) -> dict[str, Any]:
    """Every attribute of a task; of its step, the identity."""
    facts = {name: getattr(task, name) for name in Task.__slots__ if name != "step"}
    return facts | {"step": task.step.id, "version": version_facts(task.step.version)}


def version_facts(version: Version) -> dict[str, Any]:
    facts = {name: getattr(version, name) for name in Version.__slots__ if name != "steps"}
    return facts | {"steps": [(step.id, step.step, step.action, step.slots) for step in version.steps]}


def worker_facts(worker: Worker) -> dict[str, Any]:
    """What of a worker outlives the process: not its session, nor what follows from its tasks."""
    return {name: getattr(worker, name) for name in Worker.__slots__ if name not in ("session", "held", "free")}


def rows(store: Store, table: Table, *order: str) -> list[dict[str, Any]]:
    """All rows of a table, by the given columns or the primary key."""
    columns = [table.c[name] for name in order] or list(table.primary_key)
    with store.reader.connect() as connection:
        return [dict(row) for row in connection.execute(select(table).order_by(*columns)).mappings()]


def row(store: Store, task_id: str) -> dict[str, Any]:
    (found,) = [each for each in rows(store, schema.tasks) if each["id"] == task_id]
    return found


def contents(store: Store) -> dict[str, list[dict[str, Any]]]:
    """Everything that is stored."""
    return {table.name: rows(store, table) for table in schema.metadata.sorted_tables}


def database_of(store: Store) -> Path:
    with store.reader.connect() as connection:
        (_, _, file) = connection.exec_driver_sql("PRAGMA database_list").one()
    return Path(file)
