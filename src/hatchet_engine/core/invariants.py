"""What must be true of a tenant between two batches. Each finding is a bug in the engine, never the user's fault."""

from hatchet_engine.core.explain import explain
from hatchet_engine.core.machine import TERMINAL, TaskState, WorkerState
from hatchet_engine.core.model import Task
from hatchet_engine.core.state import Tenant


def check(tenant: Tenant, now: int) -> list[str]:
    """Findings, empty if all is well. Cost: linear in live tasks."""
    findings: list[str] = []
    for task in tenant.tasks.values():
        findings += [f"task {task.id}: {text}" for text in _task(tenant, task, now)]
    findings += _queues(tenant)
    findings += _workers(tenant)
    return findings


def _task(tenant: Tenant, task: Task, now: int) -> list[str]:
    found = []
    if task.state in TERMINAL:
        if task.deadline is not None:
            found.append("is finished but has a deadline")
        return found
    if task.deadline is None or not tenant.task_deadlines.contains(task.id, task.deadline):
        found.append(f"is {task.state.name} without an armed deadline")
    if task.state is TaskState.RUNNING:
        worker = tenant.workers.get(task.worker_id or "")
        if worker is None or worker.held.get(task.id) is not task:
            found.append(f"is RUNNING but its worker {task.worker_id} does not hold it")
    elif task.worker_id is not None:
        found.append(f"is {task.state.name} but names worker {task.worker_id}")
    if task.state is not TaskState.RUNNING and not explain(tenant, task.id, now):
        found.append(f"is {task.state.name} and nothing explains why")
    return found


def _queues(tenant: Tenant) -> list[str]:
    found = []
    seen: set[str] = set()
    for action, queue in tenant.queues.items():
        tasks = list(queue)
        if len(tasks) != queue.size:
            found.append(f"queue {action}: counts {queue.size} tasks but holds {len(tasks)}")
        for task in tasks:
            if task.id in seen or tenant.tasks.get(task.id) is not task:
                found.append(f"queue {action}: holds task {task.id} twice or after its end")
            seen.add(task.id)
        for level in queue.levels:
            waiting = [task.queue_seq for task in level if task.state is TaskState.QUEUED]
            if waiting != sorted(waiting):
                found.append(f"queue {action}: is not first in, first out")
    for task in tenant.tasks.values():
        if task.state is TaskState.QUEUED and task.id not in seen:
            found.append(f"task {task.id}: is QUEUED but in no queue")
    return found


def _workers(tenant: Tenant) -> list[str]:
    found = []
    for worker in tenant.workers.values():
        used: dict[str, int] = {}
        for task in worker.held.values():
            if task.state is not TaskState.RUNNING or tenant.tasks.get(task.id) is not task:
                found.append(f"worker {worker.id}: holds task {task.id}, which is {task.state.name}")
            if not task.slot_released:
                for kind, units in task.step.slots:
                    used[kind] = used.get(kind, 0) + units
        for kind, units in worker.slots.items():
            free = worker.free[kind]
            if free < 0 or free + used.get(kind, 0) != units:
                found.append(f"worker {worker.id}: {free} of {units} '{kind}' slots free, {used.get(kind, 0)} in use")
        for action in worker.actions:
            offered = worker in tenant.action_workers.get(action, ())
            if offered is not (worker.state is WorkerState.CONNECTED):
                found.append(f"worker {worker.id}: is {worker.state.name} and offered work for {action}: {offered}")
    return found
