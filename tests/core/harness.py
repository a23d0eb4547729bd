"""A tenant with a clock and short words for the commands that tests use most."""

from typing import Any

from hatchet_engine.core import apply as core
from hatchet_engine.core import invariants
from hatchet_engine.core.changes import Assigned, Changes
from hatchet_engine.core.commands import (
    Command,
    ConnectWorker,
    RegisterWorker,
    RegisterWorkflow,
    StepEvent,
    StepEventKind,
    StepEvents,
    Tick,
    TriggerItem,
    TriggerRuns,
)
from hatchet_engine.core.definition import WorkflowDefinition
from hatchet_engine.core.durations import SECOND
from hatchet_engine.core.recovery import LiveRows, restore
from hatchet_engine.core.state import Tenant


class Bench:
    def __init__(self) -> None:
        self.tenant = Tenant("tenant")
        self.now = 1_800_000_000 * SECOND
        self.sessions = 0
        self.changes = Changes()

    def do(self, *commands: Command) -> list[Any]:
        """One batch, checked and released. `self.changes` keeps what it did."""
        self.changes = Changes()
        replies = [core.apply(self.tenant, command, self.changes, self.now) for command in commands]
        core.finish(self.tenant, self.changes, self.now)
        assert invariants.check(self.tenant, self.now) == []
        self.tenant.forget([task_id for task_id, result in self.changes.results.items() if result[0] is not None])
        return replies

    def wait(self, micros: int) -> None:
        """Let time pass; what is due happens."""
        self.now += micros
        self.do(Tick())

    def restart(self) -> None:
        """The engine dies and starts again; what was in memory was also stored."""
        old = self.tenant
        rows = LiveRows(
            list(old.workflows.values()), list(old.versions.values()), list(old.workers.values()), old.tasks.values()
        )
        self.tenant = restore("tenant", rows, self.now)

    def workflow(self, name: str = "work", **task: Any) -> None:
        raw = {"name": name, "tasks": [{"readable_id": name, "action": f"svc:{name}", **task}]}
        definition = WorkflowDefinition.parse(raw)
        self.do(RegisterWorkflow(definition, f"{name}-id", f"{name}-v", [f"{name}-step"]))

    def worker(self, id: str = "w", slots: int = 1, actions: tuple[str, ...] = ("svc:work",)) -> None:
        self.do(RegisterWorker(id, id, actions, {"default": slots}), self.connection(id))

    def connection(self, id: str) -> ConnectWorker:
        self.sessions += 1
        return ConnectWorker(id, self.sessions, None, True)

    def trigger(self, *run_ids: str, workflow: str = "work", priority: int | None = None) -> None:
        self.do(TriggerRuns([TriggerItem(run_id, workflow, priority=priority) for run_id in run_ids]))

    def report(self, kind: StepEventKind, task_id: str, attempt: int = 0, worker: str = "w", **event: Any) -> bool:
        reply = self.do(StepEvents(worker, [StepEvent(task_id, attempt, kind, **event)]))[0]
        return bool(reply[0])

    def complete(self, task_id: str, attempt: int = 0, worker: str = "w") -> bool:
        return self.report(StepEventKind.COMPLETED, task_id, attempt, worker)

    def fail(self, task_id: str, attempt: int = 0, worker: str = "w", **event: Any) -> bool:
        return self.report(StepEventKind.FAILED, task_id, attempt, worker, **event)

    @property
    def assigned(self) -> list[tuple[str, str]]:
        """(Task, worker) in the order of the last batch."""
        return [(e.task_id, e.worker_id) for e in self.changes.effects if isinstance(e, Assigned)]

    def state(self, task_id: str) -> str:
        return self.tenant.tasks[task_id].state.name
