"""From what the core changed to tuples that the driver can write.

`snapshot` runs on the engine loop for every task of a batch and must be quick. Two facts about the driver shape the
tuples: plain numbers and text are bound directly, while anything else (None, bool, enum members) is looked up in the
adapter protocol first, which takes about ten times as long. So in columns that are often NULL an impossible value
stands for it (`BLANKS`), and the statement turns that into NULL.
"""

import json
import os
import time
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from hatchet_engine.core.changes import AttemptRecord, Changes
from hatchet_engine.core.model import Origin, Task, Version, VersionStep, Worker, Workflow

Row = tuple[Any, ...]

NO_ID = ""
NO_TIME = -1
BLANKS: Mapping[str, str | int] = {
    "worker_id": NO_ID,
    "assigned_at": NO_TIME,
    "started_at": NO_TIME,
    "finished_at": NO_TIME,
    "deadline": NO_TIME,
}

STEP = ("tenant_id", "workflow_id", "version_id", "step_id", "action", "name", "workflow_name")
IDENTITY = ("id", *STEP, "priority", "created_at")
MUTABLE = (
    "state",
    "queue_priority",
    "queue_seq",
    "retry_count",
    "app_retries",
    "internal_retries",
    "worker_id",
    "queued_at",
    "assigned_at",
    "started_at",
    "finished_at",
    "deadline",
    "slot_released",
)
PAYLOAD = ("input", "additional_metadata")
ORIGIN = ("parent_run_id", "parent_task_id", "child_index", "child_key")
RESULT = ("output", "error")

CREATED = (*IDENTITY, *MUTABLE, *PAYLOAD)
SPAWNED = (*CREATED, *ORIGIN)
SETTLED = (*SPAWNED, *RESULT)
UPDATED = ("id", *MUTABLE)
FINISHED = (*UPDATED, *RESULT)
ARCHIVED = ("id", "retry_count")
EVENT = ("task_id", "id", "retry_count", "kind", "at", "worker_id", "message")
LOG_LINE = ("task_id", "id", "tenant_id", "retry_count", "at", "level", "message", "metadata")
ATTEMPT = (
    "task_id",
    "retry_count",
    "outcome",
    "worker_id",
    "queued_at",
    "assigned_at",
    "started_at",
    "ended_at",
    "error",
)
WORKFLOW = ("id", "tenant_id", "name", "created_at")
VERSION = ("id", "workflow_id", "number", "checksum", "created_at", "step_ids", "definition")
WORKER = (
    "id",
    "tenant_id",
    "name",
    "state",
    "paused",
    "session_protocol",
    "registered_at",
    "last_seen",
    "actions",
    "slots",
    "labels",
    "runtime",
    "blocked_frame",
)


class LogLine(Protocol):
    """A line that a task logged. `at` in microseconds, `metadata` JSON or ""."""

    @property
    def task_id(self) -> str: ...
    @property
    def retry_count(self) -> int: ...
    @property
    def at(self) -> int: ...
    @property
    def level(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def metadata(self) -> str: ...


class WriteBatch:
    """The rows of one transaction. Each list is named after its tuple of columns above."""

    __slots__ = (
        "_key",
        "_row_ids",
        "archived",
        "attempts",
        "created",
        "events",
        "finished",
        "logs",
        "settled",
        "spawned",
        "updated",
        "versions",
        "workers",
        "workflows",
    )

    def __init__(self) -> None:
        self.workflows: list[Row] = []
        self.versions: list[Row] = []
        self.workers: list[Row] = []
        self.archived: list[Row] = []
        self.created: list[Row] = []
        self.spawned: list[Row] = []
        """Created by another task."""
        self.settled: list[Row] = []
        """Created and finished in the same batch."""
        self.updated: list[Row] = []
        self.finished: list[Row] = []
        self.attempts: list[Row] = []
        self.events: list[Row] = []
        self.logs: list[Row] = []
        self._key = ""
        self._row_ids = 0

    def __len__(self) -> int:
        """Number of rows."""
        return sum(
            len(rows)
            for rows in (
                *(self.workflows, self.versions, self.workers, self.archived, self.created, self.spawned),
                *(self.settled, self.updated, self.finished, self.attempts, self.events, self.logs),
            )
        )

    def next_row_id(self) -> str:
        """An id for a row that has none of its own. Kept in the batch, so that a batch written twice adds it once."""
        if not self._key:
            self._key = _batch_key()
        self._row_ids += 1
        return f"{self._key}{self._row_ids:06x}"


def snapshot(batch: WriteBatch, tenant_id: str, changes: Changes) -> None:
    """Append the rows of `changes` as they are now.

    Raises:
        ValueError: a result belongs to no task that was created or touched.
    """
    if changes.created or changes.touched or changes.results:
        _add_tasks(batch, tenant_id, changes)
    batch.workflows += [_workflow(tenant_id, workflow) for workflow in changes.workflows]
    batch.versions += [_version(version) for version in changes.versions]
    batch.workers += [_worker(tenant_id, worker) for worker in changes.workers.values()]
    batch.archived += changes.archived
    batch.attempts += [_attempt(record) for record in changes.attempts]
    batch.events += [
        (e.task_id, batch.next_row_id(), e.retry_count, e.kind, e.at, e.worker_id or NO_ID, e.message)
        for e in changes.events
    ]


def add_log_lines(batch: WriteBatch, tenant_id: str, lines: Iterable[LogLine]) -> None:
    """Append log lines, in their order."""
    batch.logs += [
        (
            line.task_id,
            batch.next_row_id(),
            tenant_id,
            line.retry_count,
            line.at,
            line.level,
            line.message,
            line.metadata,
        )
        for line in lines
    ]


def _add_tasks(batch: WriteBatch, tenant_id: str, changes: Changes) -> None:
    results, written = changes.results, 0
    steps: dict[VersionStep, Row] = {}
    for task, payload, metadata in changes.created:
        step = steps.get(task.step)
        if step is None:
            step = steps[task.step] = _step(tenant_id, task.step)
        row = (task.id, *step, task.priority, task.created_at, *_mutable(task), payload, metadata)
        if task.id in results:
            written += 1
            batch.settled.append((*row, *_origin(task.origin), *results[task.id]))
        elif task.origin is not None:
            batch.spawned.append((*row, *_origin(task.origin)))
        else:
            batch.created.append(row)
    for task_id, task in changes.touched.items():
        result = results.get(task_id)
        if result is None:
            batch.updated.append((task_id, *_mutable(task)))
        else:
            written += 1
            batch.finished.append((task_id, *_mutable(task), *result))
    if written != len(results):
        lost = results.keys() - changes.touched.keys() - {task.id for task, _, _ in changes.created}
        raise ValueError(f"results of tasks that were not touched: {sorted(lost)}")


def _step(tenant_id: str, step: VersionStep) -> Row:
    version = step.version
    return (
        tenant_id,
        version.workflow_id,
        version.id,
        step.id,
        step.action,
        step.step.name,
        version.definition.name,
    )


def _mutable(task: Task) -> Row:
    assigned, started, finished, deadline = task.assigned_at, task.started_at, task.finished_at, task.deadline
    return (
        int(task.state),
        task.queue_priority,
        task.queue_seq,
        task.retry_count,
        task.app_retries,
        task.internal_retries,
        task.worker_id or NO_ID,
        task.queued_at,
        NO_TIME if assigned is None else assigned,
        NO_TIME if started is None else started,
        NO_TIME if finished is None else finished,
        NO_TIME if deadline is None else deadline,
        1 if task.slot_released else 0,
    )


def _origin(origin: Origin | None) -> Row:
    if origin is None:
        return (None, None, None, None)
    return (origin.parent_run_id, origin.parent_task_id, origin.child_index, origin.child_key)


def _attempt(record: AttemptRecord) -> Row:
    return (
        record.task_id,
        record.retry_count,
        int(record.outcome),
        record.worker_id or NO_ID,
        record.queued_at,
        NO_TIME if record.assigned_at is None else record.assigned_at,
        NO_TIME if record.started_at is None else record.started_at,
        record.ended_at,
        record.error,
    )


def _workflow(tenant_id: str, workflow: Workflow) -> Row:
    return (workflow.id, tenant_id, workflow.name, workflow.created_at)


def _version(version: Version) -> Row:
    return (
        version.id,
        version.workflow_id,
        version.number,
        version.checksum,
        version.created_at,
        _json(version.step_ids),
        _json(version.definition.raw),
    )


def _worker(tenant_id: str, worker: Worker) -> Row:
    return (
        worker.id,
        tenant_id,
        worker.name,
        int(worker.state),
        int(worker.paused),
        int(worker.session_protocol),
        worker.registered_at,
        worker.last_seen,
        _json(worker.actions),
        _json(worker.slots),
        _json(worker.labels),
        _json(worker.runtime),
        worker.blocked_frame,
    )


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _batch_key() -> str:
    """The first 30 characters of a UUIDv7; the row's number in the batch makes the rest."""
    nanos = time.time_ns()
    stamp = f"{nanos // 1_000_000:012x}"
    fraction = (nanos % 1_000_000) * 4096 // 1_000_000
    random = int.from_bytes(os.urandom(5))
    return f"{stamp[:8]}-{stamp[8:]}-7{fraction:03x}-{0x8000 | random >> 24 & 0x3FFF:04x}-{random & 0xFFFFFF:06x}"
