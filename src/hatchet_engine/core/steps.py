"""What workers report about attempts. A message about another than the current attempt changes nothing."""

from hatchet_engine.core import tasks
from hatchet_engine.core.changes import Changes
from hatchet_engine.core.commands import RefreshTimeout, ReleaseSlot, StepEvent, StepEventKind, StepEvents
from hatchet_engine.core.durations import LONGEST
from hatchet_engine.core.errors import InvalidArgument, NotFound
from hatchet_engine.core.machine import TaskState, WorkerState
from hatchet_engine.core.model import Task
from hatchet_engine.core.slots import free_slots, heard_of
from hatchet_engine.core.state import Tenant


def report(tenant: Tenant, command: StepEvents, changes: Changes, now: int) -> list[bool]:
    """Apply the events in order; for each, whether it was about the current attempt. A report is a sign of life."""
    worker = tenant.workers.get(command.worker_id)
    if worker is not None and worker.state is WorkerState.CONNECTED:
        heard_of(tenant, worker, now)
    return [_one(tenant, command.worker_id, event, changes, now) for event in command.events]


def _one(tenant: Tenant, worker_id: str, event: StepEvent, changes: Changes, now: int) -> bool:
    task = _current(tenant, event.task_id, event.retry_count)
    if task is None or (worker_id and task.worker_id != worker_id):
        return False
    if task.started_at is None:
        # The worker's clock is only believed within the attempt: not before its assignment, not after now.
        task.started_at = max(task.assigned_at or now, min(event.started_at or now, now))
        changes.touch(task)
    if event.kind is StepEventKind.COMPLETED:
        if event.illegal_output is None:
            tasks.complete(tenant, task, event.payload, changes, now)
        else:
            tasks.fail(tenant, task, event.illegal_output, True, changes, now)
    elif event.kind is StepEventKind.FAILED:
        tasks.fail(tenant, task, event.payload, not event.should_not_retry, changes, now)
    elif event.kind is StepEventKind.CANCELLED:
        tasks.cancel(tenant, task, "cancelled by the worker", changes, now)
    return True


def refresh_timeout(tenant: Tenant, command: RefreshTimeout, changes: Changes, now: int) -> int:
    """Add to the current deadline; the new one."""
    task = _running(tenant, command.task_id, command.retry_count)
    deadline = (task.deadline or now) + command.increment
    if deadline > now + LONGEST:
        raise InvalidArgument("Invalid request: a timeout cannot end more than 100 years from now")
    tenant.disarm(task)
    task.deadline = deadline
    tenant.task_deadlines.add(task.id, deadline, now)
    changes.note(task, "TIMEOUT_REFRESHED", now)
    changes.touch(task)
    return deadline


def release_slot(tenant: Tenant, command: ReleaseSlot, changes: Changes, now: int) -> None:
    """Free the attempt's slots while it goes on. Its worker still owes the outcome."""
    task = _running(tenant, command.task_id, command.retry_count)
    worker = tenant.workers.get(task.worker_id or "")
    if worker is None or task.slot_released:
        return
    task.slot_released = True
    free_slots(tenant, worker, task)
    changes.note(task, "SLOT_RELEASED", now)
    changes.touch(task)


def _current(tenant: Tenant, task_id: str, retry_count: int | None) -> Task | None:
    task = tenant.tasks.get(task_id)
    if task is None or task.state is not TaskState.RUNNING:
        return None
    return task if retry_count is None or retry_count == task.retry_count else None


def _running(tenant: Tenant, task_id: str, retry_count: int | None) -> Task:
    task = _current(tenant, task_id, retry_count)
    if task is None:
        raise NotFound(f"task run {task_id} is not running this attempt")
    return task
