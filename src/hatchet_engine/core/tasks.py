"""The life of a task run after its creation: outcomes of attempts, timeouts, cancellation, replay.

Each function is one transition of `machine.TASK_TRANSITIONS` with what it entails.
"""

from hatchet_engine.core.changes import (
    AttemptFailed,
    AttemptOutcome,
    AttemptRecord,
    CancelAttempt,
    Changes,
    TaskFinished,
    TaskReopened,
)
from hatchet_engine.core.durations import SECOND, format_duration
from hatchet_engine.core.machine import TASK_TRANSITIONS, TERMINAL, TaskEvent, TaskState
from hatchet_engine.core.model import Task
from hatchet_engine.core.queues import RETRY_PRIORITY
from hatchet_engine.core.slots import free_slots
from hatchet_engine.core.state import Tenant

MAX_INTERNAL_RETRIES = 10
MAX_REASSIGNMENTS_TEXT = "Task reached its maximum reassignment count"


def complete(tenant: Tenant, task: Task, output: str, changes: Changes, now: int) -> None:
    """RUNNING -> COMPLETED."""
    _finish(tenant, task, TaskEvent.COMPLETE, (output, ""), changes, now)


def fail(tenant: Tenant, task: Task, error: str, may_retry: bool, changes: Changes, now: int) -> None:
    """RUNNING -> QUEUED, BACKOFF or FAILED: the user's retry rule."""
    changes.note(task, "FAILED", now, error)
    _app_failure(tenant, task, error, may_retry, AttemptOutcome.FAILED, changes, now)


def execution_timeout(tenant: Tenant, task: Task, changes: Changes, now: int) -> None:
    """RUNNING past its deadline: a failure of the attempt; its worker is told to stop."""
    error = f"Task exceeded timeout of {format_duration(task.step.step.execution_timeout)}"
    changes.note(task, "TIMED_OUT", now, error)
    _tell_worker_to_stop(task, "timed out", changes)
    _app_failure(tenant, task, error, True, AttemptOutcome.TIMED_OUT, changes, now)


def schedule_timeout(tenant: Tenant, task: Task, changes: Changes, now: int) -> None:
    """QUEUED past its deadline -> CANCELLED; not retried."""
    limit = format_duration(task.step.step.schedule_timeout)
    changes.note(task, "SCHEDULING_TIMED_OUT", now, f"Task was not assigned to a worker within {limit}")
    _finish(tenant, task, TaskEvent.SCHEDULE_TIMEOUT, ("", ""), changes, now)


def cancel(tenant: Tenant, task: Task, reason: str, changes: Changes, now: int) -> None:
    """QUEUED, RUNNING or BACKOFF -> CANCELLED; a running attempt's worker is told to stop."""
    changes.note(task, "CANCELLED", now, reason)
    if task.state is TaskState.RUNNING:
        _tell_worker_to_stop(task, reason, changes)
    _finish(tenant, task, TaskEvent.CANCEL, ("", ""), changes, now)


def reassign(tenant: Tenant, task: Task, kind: str, message: str, changes: Changes, now: int) -> None:
    """RUNNING on a worker that is gone -> QUEUED, at the cost of the internal budget; FAILED when that is used up."""
    changes.note(task, kind, now, message)
    if task.internal_retries >= MAX_INTERNAL_RETRIES:
        changes.note(task, "FAILED", now, MAX_REASSIGNMENTS_TEXT)
        _finish(tenant, task, TaskEvent.FAIL, ("", MAX_REASSIGNMENTS_TEXT), changes, now)
        return
    task.internal_retries += 1
    _end_attempt(tenant, task, AttemptOutcome.LOST, message, changes, now)
    _requeue(tenant, task, TaskEvent.REASSIGN, changes, now)


def backoff_over(tenant: Tenant, task: Task, changes: Changes, now: int) -> None:
    """BACKOFF -> QUEUED."""
    task.deadline = None
    _requeue(tenant, task, TaskEvent.BACKOFF_OVER, changes, now)


def replay(tenant: Tenant, finished: Task, changes: Changes, now: int) -> Task:
    """COMPLETED, FAILED or CANCELLED -> QUEUED with fresh budgets, as a new object with the same identity."""
    task = Task(finished.id, finished.step, finished.priority, finished.created_at)
    task.state = finished.state
    task.origin = finished.origin
    task.retry_count = finished.retry_count + 1
    changes.archived.append((task.id, finished.retry_count))
    changes.results[task.id] = (None, None)
    tenant.tasks[task.id] = task
    changes.note(task, "RETRIED_BY_USER", now)
    changes.effects.append(TaskReopened(task.id))
    _requeue(tenant, task, TaskEvent.REPLAY, changes, now)
    return task


def withdraw(tenant: Tenant, task: Task, changes: Changes) -> None:
    """The store did not keep this new task: its id is taken. It never was; `changes` are those made since."""
    if tenant.tasks.get(task.id) is not task:
        return
    if task.state not in TERMINAL:
        _leave(tenant, task)
        move(task, TaskEvent.CANCEL)
    del tenant.tasks[task.id]
    changes.forget(task.id)


def move(task: Task, event: TaskEvent) -> None:
    """Take the transition. A missing one is a programming error: callers check for stale messages first."""
    task.state = TASK_TRANSITIONS[task.state, event]


def _app_failure(
    tenant: Tenant, task: Task, error: str, may_retry: bool, outcome: AttemptOutcome, changes: Changes, now: int
) -> None:
    step = task.step.step
    if not may_retry or task.app_retries >= step.retries:
        _finish(tenant, task, TaskEvent.FAIL, ("", error), changes, now)
        return
    changes.effects.append(AttemptFailed(task.id, task.retry_count, task.step, error))
    task.app_retries += 1
    _end_attempt(tenant, task, outcome, error, changes, now)
    delay = backoff(step.backoff_factor, step.backoff_max_s, task.app_retries)
    text = f"This is retry number {task.app_retries}."
    if not delay:
        changes.note(task, "RETRYING", now, text)
        _requeue(tenant, task, TaskEvent.RETRY, changes, now)
        return
    changes.note(task, "RETRYING", now, f"{text} Retrying in {format_duration(delay)}.")
    move(task, TaskEvent.RETRY_LATER)
    task.deadline = now + delay
    tenant.task_deadlines.add(task.id, task.deadline, now)
    changes.touch(task)


def backoff(factor: float | None, longest_s: int, retry_number: int) -> int:
    """Microseconds before the n-th retry (n from 1): `min(longest, factor ** n)` seconds; 0 without a factor."""
    if factor is None:
        return 0
    try:
        seconds = min(float(longest_s), factor**retry_number)
    except OverflowError:
        seconds = float(longest_s)
    return round(seconds * SECOND)


def _finish(tenant: Tenant, task: Task, event: TaskEvent, result: tuple[str, str], changes: Changes, now: int) -> None:
    _leave(tenant, task)
    move(task, event)
    task.finished_at = now
    output, error = result
    changes.results[task.id] = (output, error)
    changes.touch(task)
    changes.effects.append(TaskFinished(task.id, task.step, task.state, task.retry_count, output, error))


def _end_attempt(tenant: Tenant, task: Task, outcome: AttemptOutcome, error: str, changes: Changes, now: int) -> None:
    """The current attempt is over and another will follow: keep its record, give its slots back, name the next."""
    changes.attempts.append(
        AttemptRecord(
            task.id,
            task.retry_count,
            outcome,
            task.worker_id,
            task.queued_at,
            task.assigned_at,
            task.started_at,
            now,
            error,
        )
    )
    _leave(tenant, task)
    task.retry_count += 1
    task.worker_id = task.assigned_at = task.started_at = None
    task.slot_released = False


def _leave(tenant: Tenant, task: Task) -> None:
    """Leave the current state's owner (queue or worker) and clear its deadline."""
    if task.state is TaskState.QUEUED:
        tenant.queues[task.step.action].left()
    elif task.state is TaskState.RUNNING:
        worker = tenant.workers.get(task.worker_id or "")
        if worker is not None and worker.held.pop(task.id, None) is not None and not task.slot_released:
            free_slots(tenant, worker, task)
    tenant.disarm(task)


def _requeue(tenant: Tenant, task: Task, event: TaskEvent, changes: Changes, now: int) -> None:
    move(task, event)
    task.queue_priority = RETRY_PRIORITY
    tenant.enqueue(task, now)
    changes.touch(task)


def _tell_worker_to_stop(task: Task, reason: str, changes: Changes) -> None:
    if task.worker_id is not None:
        changes.effects.append(CancelAttempt(task.worker_id, task.id, task.retry_count, reason))
