"""The core's only entrance: run commands against a tenant, then finish the batch."""

from collections.abc import Callable
from typing import Any

from hatchet_engine.core import assignment, runs, steps, tasks, workers, workflows
from hatchet_engine.core.changes import Changes
from hatchet_engine.core.commands import (
    CancelTasks,
    Command,
    ConnectWorker,
    DisconnectWorker,
    Heartbeat,
    PauseWorker,
    RefreshTimeout,
    RegisterWorker,
    RegisterWorkflow,
    ReleaseSlot,
    RemoveWorker,
    ReplayTasks,
    SendFailed,
    StepEvents,
    Tick,
    TriggerRuns,
    UpsertWorkerLabels,
)
from hatchet_engine.core.machine import TERMINAL, TaskState
from hatchet_engine.core.state import Tenant


def _cancel(tenant: Tenant, command: CancelTasks, changes: Changes, now: int) -> list[str]:
    cancelled = []
    for task_id in dict.fromkeys(command.task_ids):
        task = tenant.tasks.get(task_id)
        if task is not None and task.state not in TERMINAL:
            tasks.cancel(tenant, task, command.reason, changes, now)
            cancelled.append(task_id)
    return cancelled


def _replay(tenant: Tenant, command: ReplayTasks, changes: Changes, now: int) -> list[str]:
    replayed = []
    for task_id, task in command.finished.items():
        # One that is in memory is live, or its end is not on disk yet: it is left alone.
        if task_id not in tenant.tasks:
            tenant.versions.setdefault(task.step.version.id, task.step.version)
            tasks.replay(tenant, task, changes, now)
            replayed.append(task_id)
    return replayed


def _tick(tenant: Tenant, command: Tick, changes: Changes, now: int) -> None:
    # Workers first: what a dead worker held is reassigned, not blamed for not ending.
    for worker_id in tenant.worker_deadlines.due(now):
        worker = tenant.workers.get(worker_id)
        if worker is None:
            continue
        if command.after_absence:
            workers.spare(tenant, worker, now)
        else:
            workers.check_liveness(tenant, worker, changes, now)
    for task_id in tenant.task_deadlines.due(now):
        task = tenant.tasks[task_id]
        if command.after_absence and task.state is not TaskState.BACKOFF:
            tenant.spare(task, now + workers.TASK_AWAY_GRACE)
            tenant.task_deadlines.add(task.id, now + workers.TASK_AWAY_GRACE, now)
        elif task.state is TaskState.QUEUED:
            tasks.schedule_timeout(tenant, task, changes, now)
        elif task.state is TaskState.RUNNING:
            tasks.execution_timeout(tenant, task, changes, now)
        elif task.state is TaskState.BACKOFF:
            tasks.backoff_over(tenant, task, changes, now)


_HANDLERS: dict[type[Any], Callable[[Tenant, Any, Changes, int], Any]] = {
    RegisterWorkflow: workflows.register,
    TriggerRuns: runs.trigger,
    RegisterWorker: workers.register,
    ConnectWorker: workers.connect,
    DisconnectWorker: workers.disconnect,
    Heartbeat: workers.heartbeat,
    PauseWorker: workers.pause,
    RemoveWorker: workers.remove,
    UpsertWorkerLabels: workers.upsert_labels,
    SendFailed: workers.send_failed,
    StepEvents: steps.report,
    RefreshTimeout: steps.refresh_timeout,
    ReleaseSlot: steps.release_slot,
    CancelTasks: _cancel,
    ReplayTasks: _replay,
    Tick: _tick,
}


def apply(tenant: Tenant, command: Command, changes: Changes, now: int) -> Any:
    """Run one command and return its reply (commands.py says which).

    Raises:
        CoreError: the command was refused; it has changed nothing.
    """
    return _HANDLERS[type(command)](tenant, command, changes, now)


def finish(tenant: Tenant, changes: Changes, now: int) -> None:
    """End of a batch: assign what can be assigned, arm the deadlines of what must wait."""
    assignment.assign(tenant, changes, now)
    tenant.arm_queued(now)
