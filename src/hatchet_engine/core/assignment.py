"""Handing queued tasks to free workers.

Queues are served in turn, one task each, so that no action starves another on the same worker; workers take turns
within an action. The cost of a task does not depend on how many wait.
"""

from hatchet_engine.core.changes import Assigned, Changes
from hatchet_engine.core.machine import TaskEvent
from hatchet_engine.core.model import Task, Worker
from hatchet_engine.core.queues import ActionQueue
from hatchet_engine.core.slots import has_slots, may_take_work, take_slots
from hatchet_engine.core.state import Tenant
from hatchet_engine.core.tasks import move


def assign(tenant: Tenant, changes: Changes, now: int) -> None:
    """Assign what can be assigned; end of a batch."""
    waiting = tenant.waiting
    if not waiting:
        return
    turn = sorted(waiting.values(), key=_last_served)
    waiting.clear()
    while turn:
        turn = [queue for queue in turn if _serve(tenant, queue, changes, now)]


def _last_served(queue: ActionQueue) -> int:
    return queue.served


def _serve(tenant: Tenant, queue: ActionQueue, changes: Changes, now: int) -> bool:
    """Assign the queue's first task; whether there may be more to do for this queue."""
    task = queue.first()
    if task is None:
        return False
    worker = _choose(tenant, task, now)
    if worker is None:
        return False
    queue.pop()
    tenant.served += 1
    queue.served = tenant.served
    _hand_over(tenant, task, worker, changes, now)
    return queue.size > 0


def _choose(tenant: Tenant, task: Task, now: int) -> Worker | None:
    workers = tenant.action_workers.get(task.step.action)
    if workers:
        wanted = task.step.slots
        for _ in range(len(workers)):
            worker = workers[0]
            workers.rotate(-1)
            if has_slots(worker, wanted) and may_take_work(worker, now):
                return worker
    return None


def _hand_over(tenant: Tenant, task: Task, worker: Worker, changes: Changes, now: int) -> None:
    tenant.disarm(task)
    move(task, TaskEvent.ASSIGN)
    take_slots(worker, task)
    worker.held[task.id] = task
    task.worker_id = worker.id
    task.assigned_at = now
    task.deadline = now + task.step.step.execution_timeout
    tenant.task_deadlines.add(task.id, task.deadline, now)
    changes.touch(task)
    changes.effects.append(Assigned(worker.id, task.id, task.retry_count, task.priority, task.step))
