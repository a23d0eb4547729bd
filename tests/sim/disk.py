"""What survives a crash: plain copies of rows, as the store would hold them."""

from dataclasses import dataclass, field
from typing import Any

from hatchet_engine.core.changes import Changes
from hatchet_engine.core.machine import TERMINAL, TaskState, WorkerState
from hatchet_engine.core.model import Task, Version, Worker, Workflow
from hatchet_engine.core.recovery import LiveRows

_TASK_FIELDS = [name for name in Task.__slots__ if name != "step"]
_WORKER_FIELDS = [name for name in Worker.__slots__ if name not in {"held", "free"}]

Row = dict[str, Any]


@dataclass
class Disk:
    tasks: dict[str, Row] = field(default_factory=dict)
    workers: dict[str, Row] = field(default_factory=dict)
    workflows: dict[str, Workflow] = field(default_factory=dict)
    versions: dict[str, Version] = field(default_factory=dict)

    def freeze(self, changes: Changes) -> "Disk":
        """The rows of a batch, copied: the core goes on while they are written."""
        rows = Disk()
        for task in [*(created[0] for created in changes.created), *changes.touched.values()]:
            row = {name: getattr(task, name) for name in _TASK_FIELDS}
            row["version_id"] = task.step.version.id
            if task.id in changes.results:
                row["output"], row["error"] = changes.results[task.id]
            rows.tasks[task.id] = row
        for worker in changes.workers.values():
            row = {name: getattr(worker, name) for name in _WORKER_FIELDS}
            rows.workers[worker.id] = row
        rows.workflows = {workflow.name: workflow for workflow in changes.workflows}
        rows.versions = {version.id: version for version in changes.versions}
        return rows

    def write(self, rows: "Disk") -> None:
        for task_id, row in rows.tasks.items():
            self.tasks[task_id] = {**self.tasks.get(task_id, {}), **row}
        self.workers.update(rows.workers)
        self.workflows.update(rows.workflows)
        self.versions.update(rows.versions)

    def load(self) -> LiveRows:
        """Fresh objects for everything that is not finished."""
        workflows = [Workflow(old.id, old.name, old.created_at) for old in self.workflows.values()]
        versions = [
            Version(old.id, old.workflow_id, old.number, old.definition, old.checksum, old.step_ids, old.created_at)
            for old in self.versions.values()
        ]
        by_id = {version.id: version for version in versions}
        tasks = [self.task(row, by_id) for row in self.tasks.values() if row["state"] not in TERMINAL]
        workers = [_worker(row) for row in self.workers.values() if row["state"] is not WorkerState.GONE]
        seq = max((row["queue_seq"] for row in self.tasks.values()), default=0)
        return LiveRows(workflows, versions, workers, tasks, seq)

    def task(self, row: Row, versions: dict[str, Version]) -> Task:
        task = Task(row["id"], versions[row["version_id"]].steps[0], row["priority"], row["created_at"])
        for name in _TASK_FIELDS:
            setattr(task, name, row[name])
        return task

    def finished(self, task_ids: list[str], versions: dict[str, Version]) -> dict[str, Task]:
        return {
            task_id: self.task(self.tasks[task_id], versions)
            for task_id in task_ids
            if task_id in self.tasks and TaskState(self.tasks[task_id]["state"]) in TERMINAL
        }


def _worker(row: Row) -> Worker:
    worker = Worker(row["id"], row["name"], row["actions"], row["slots"], row["registered_at"])
    for name in _WORKER_FIELDS:
        setattr(worker, name, row[name])
    return worker
