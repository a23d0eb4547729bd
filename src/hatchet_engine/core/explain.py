"""Why a task is not running: a chain of causes, from the task outwards. Every waiting task has one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hatchet_engine.core.durations import format_duration
from hatchet_engine.core.machine import TaskState, WorkerState
from hatchet_engine.core.model import Task, Worker
from hatchet_engine.core.slots import STALE_AFTER, has_slots, may_take_work
from hatchet_engine.core.state import Tenant

_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Cause:
    """`kind` is a stable word for programs, `message` a sentence that says what to do where something can be done."""

    kind: str
    message: str
    detail: Mapping[str, Any] = field(default_factory=dict)


def explain(tenant: Tenant, task_id: str, now: int) -> list[Cause]:
    """Why the live task waits; empty for one that runs, is finished or is unknown."""
    task = tenant.tasks.get(task_id)
    if task is None:
        return []
    if task.state is TaskState.BACKOFF:
        return [_backoff(task, now)]
    if task.state is TaskState.QUEUED:
        return _queued(tenant, task, now)
    return []


def _backoff(task: Task, now: int) -> Cause:
    wait = max(0, (task.deadline or now) - now)
    return Cause(
        "retry_backoff",
        f"Attempt {task.retry_count} failed; the next one starts in {format_duration(wait)}",
        {"retry_at": task.deadline, "attempt": task.retry_count},
    )


def _queued(tenant: Tenant, task: Task, now: int) -> list[Cause]:
    workers = [worker for worker in tenant.workers.values() if task.step.action in worker.actions]
    if not workers:
        return [
            Cause(
                "no_worker",
                f"No worker is registered for '{task.step.action}'; start one that lists this workflow",
                {"action": task.step.action},
            )
        ]
    causes = [_ahead(tenant, task)] if tenant.queues[task.step.action].first() is not task else []
    able = [worker for worker in workers if may_take_work(worker, now)]
    if not able:
        return [*causes, *(_unavailable(worker, now) for worker in workers[:_MOST_NAMED])]
    for worker in able[:_MOST_NAMED]:
        if not has_slots(worker, task.step.slots):
            causes.append(_full(worker, task))
    return causes or [Cause("next", "The task is next; it is assigned with the engine's next batch")]


def _ahead(tenant: Tenant, task: Task) -> Cause:
    count = tenant.queues[task.step.action].ahead_of(task)
    return Cause("behind_others", f"{count} tasks of '{task.step.action}' are ahead in the queue", {"ahead": count})


def _unavailable(worker: Worker, now: int) -> Cause:
    detail = {"worker_id": worker.id, "worker": worker.name}
    if worker.paused:
        return Cause("worker_paused", f"Worker {worker.name} is paused; unpause it to let it take work", detail)
    if worker.state is not WorkerState.CONNECTED:
        return Cause("worker_disconnected", f"Worker {worker.name} is not connected; start it again", detail)
    silence = format_duration(now - worker.last_seen)
    return Cause(
        "worker_silent",
        f"Worker {worker.name} has not sent a heartbeat for {silence} (limit {format_duration(STALE_AFTER)})",
        detail,
    )


def _full(worker: Worker, task: Task) -> Cause:
    wanted = dict(task.step.slots)
    short = [kind for kind, units in wanted.items() if worker.free.get(kind, 0) < units]
    missing = [kind for kind in short if worker.slots.get(kind, 0) < wanted[kind]]
    detail = {
        "worker_id": worker.id,
        "worker": worker.name,
        "slots": dict(worker.slots),
        "free": dict(worker.free),
        "held_by": [held for held, owner in worker.held.items() if not owner.slot_released][:_MOST_NAMED],
    }
    if missing:
        text = f"Worker {worker.name} has too few '{missing[0]}' slots for this task; raise its slots"
        return Cause("worker_too_small", text, detail)
    used = worker.slots[short[0]] - worker.free[short[0]]
    text = f"Worker {worker.name} is full: {used} of {worker.slots[short[0]]} '{short[0]}' slots are in use"
    return Cause("worker_full", text, detail)
