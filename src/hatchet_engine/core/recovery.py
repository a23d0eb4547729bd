"""Building a tenant's state from what the store holds: at start-up, after a crash, after the database was away."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from hatchet_engine.core import workers
from hatchet_engine.core.machine import TaskState, WorkerState
from hatchet_engine.core.model import Task, Version, Worker, Workflow
from hatchet_engine.core.slots import take_slots
from hatchet_engine.core.state import Tenant
from hatchet_engine.core.workflows import add_version


@dataclass(slots=True)
class LiveRows:
    """What the store knows that is not finished."""

    workflows: list[Workflow] = field(default_factory=list)
    versions: list[Version] = field(default_factory=list)
    workers: list[Worker] = field(default_factory=list)
    tasks: Iterable[Task] = ()
    queue_seq: int = 0
    """The highest that was ever given."""


def restore(tenant_id: str, rows: LiveRows, now: int, grace: bool = True) -> Tenant:
    """A fresh tenant. Workers that were connected get their grace period from now on.

    Args:
        grace: let no deadline pass in that period; False: take the rows as they are, to look for mistakes in them.
    """
    tenant = Tenant(tenant_id)
    tenant.queue_seq = rows.queue_seq
    by_id = {workflow.id: workflow for workflow in rows.workflows}
    tenant.workflows = {workflow.name: workflow for workflow in rows.workflows}
    for version in rows.versions:
        add_version(tenant, by_id[version.workflow_id], version)
    for worker in rows.workers:
        _restore_worker(tenant, worker, now)
    queued = []
    for task in rows.tasks:
        tenant.tasks[task.id] = task
        if grace and task.state is not TaskState.BACKOFF:
            tenant.spare(task, now + workers.TASK_AWAY_GRACE)
        if task.state is TaskState.QUEUED:
            queued.append(task)
        else:
            _restore_task(tenant, task, now)
    for task in sorted(queued, key=lambda task: task.queue_seq):
        tenant.queue(task.step.action).push(task)
        tenant.unarmed[task.id] = task
    tenant.arm_queued(now)
    return tenant


def _restore_worker(tenant: Tenant, worker: Worker, now: int) -> None:
    if worker.state is not WorkerState.LOST:
        # Also one that said goodbye but is named by a running task: the task must not wait for ever.
        worker.state = WorkerState.DISCONNECTED
        worker.last_seen = now
    worker.session = 0
    worker.free = dict(worker.slots)
    tenant.workers[worker.id] = worker
    workers.spare(tenant, worker, now)


def _restore_task(tenant: Tenant, task: Task, now: int) -> None:
    if task.deadline is not None:
        tenant.task_deadlines.add(task.id, task.deadline, now)
    worker = tenant.workers.get(task.worker_id or "")
    if task.state is TaskState.RUNNING and worker is not None:
        worker.held[task.id] = task
        if not task.slot_released:
            take_slots(worker, task)
