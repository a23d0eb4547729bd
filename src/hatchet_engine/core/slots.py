"""Slots of workers: who may take work, and what is free."""

from hatchet_engine.core.durations import SECOND
from hatchet_engine.core.machine import WorkerState
from hatchet_engine.core.model import Task, Worker
from hatchet_engine.core.state import Tenant

STALE_AFTER = 10 * SECOND
"""No new work for a worker that was silent this long (it beats every 4 s)."""


def may_take_work(worker: Worker, now: int) -> bool:
    return worker.state is WorkerState.CONNECTED and not worker.paused and now - worker.last_seen <= STALE_AFTER


def has_slots(worker: Worker, wanted: tuple[tuple[str, int], ...]) -> bool:
    free = worker.free
    for kind, units in wanted:  # noqa: SIM110 - a generator costs more than the rest of the assignment
        if free.get(kind, 0) < units:
            return False
    return True


def take_slots(worker: Worker, task: Task) -> None:
    for kind, units in task.step.slots:
        worker.free[kind] -= units


def free_slots(tenant: Tenant, worker: Worker, task: Task) -> None:
    """Give the task's slots back and let the batch look for other work for the worker."""
    for kind, units in task.step.slots:
        worker.free[kind] += units
    offer_capacity(tenant, worker)


def heard_of(tenant: Tenant, worker: Worker, now: int) -> None:
    """The worker lives. One that was silent for long may take work again."""
    was_stale = now - worker.last_seen > STALE_AFTER
    worker.last_seen = now
    if was_stale:
        offer_capacity(tenant, worker)


def offer_capacity(tenant: Tenant, worker: Worker) -> None:
    """The worker may be able to take work: look at the queues of its actions in this batch."""
    waiting, queues = tenant.waiting, tenant.queues
    for action in worker.actions:
        if action not in waiting:
            queue = queues.get(action)
            if queue is not None and queue.size:
                waiting[action] = queue
