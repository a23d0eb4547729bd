"""Task runs."""

from collections.abc import Sequence
from typing import Any

from hatchet_engine.core.changes import AttemptOutcome
from hatchet_engine.core.explain import Cause as CoreCause
from hatchet_engine.core.machine import TaskState
from hatchet_engine.store.queries import AttemptRow, TaskRow
from hatchet_engine.transports.rest.models.enums import V1TaskStatus, V1WorkflowType
from hatchet_engine.transports.rest.models.shape import APIResourceMeta
from hatchet_engine.transports.rest.models.tasks import Cause, V1TaskSummary, V1TaskTiming
from hatchet_engine.transports.rest.views.json_text import json_object

STATUS = {
    TaskState.QUEUED: V1TaskStatus.QUEUED,
    TaskState.BACKOFF: V1TaskStatus.QUEUED,
    TaskState.RUNNING: V1TaskStatus.RUNNING,
    TaskState.COMPLETED: V1TaskStatus.COMPLETED,
    TaskState.FAILED: V1TaskStatus.FAILED,
    TaskState.CANCELLED: V1TaskStatus.CANCELLED,
}
_ATTEMPT_STATUS = {
    AttemptOutcome.COMPLETED: V1TaskStatus.COMPLETED,
    AttemptOutcome.FAILED: V1TaskStatus.FAILED,
    AttemptOutcome.TIMED_OUT: V1TaskStatus.FAILED,
    AttemptOutcome.CANCELLED: V1TaskStatus.CANCELLED,
    AttemptOutcome.LOST: V1TaskStatus.FAILED,
}
_NUMBER_BITS = 52


def states_shown_as(statuses: Sequence[V1TaskStatus]) -> list[TaskState]:
    """The states behind these statuses."""
    return [state for state, status in STATUS.items() if status in statuses]


def display_name(name: str, created_at: int) -> str:
    """`name-<unix milliseconds>`, as lists show runs and tasks."""
    return f"{name}-{created_at // 1000}"


def task_number(task_id: str) -> int:
    """The integer that the API wants beside the id: as many of the id's low bits as JSON numbers hold exactly."""
    return int(task_id.replace("-", ""), 16) & ((1 << _NUMBER_BITS) - 1)


def resource(id: str, created_at: int, *later: int | None) -> APIResourceMeta:
    """Metadata of an object; it was updated at the latest of the times."""
    return APIResourceMeta(
        id=id, created_at=created_at, updated_at=max(created_at, *(at for at in later if at is not None), 0)
    )


def milliseconds(since: int | None, until: int | None) -> int | None:
    return max(0, until - since) // 1000 if since is not None and until is not None else None


def task_input(text: str) -> dict[str, Any]:
    """What a task is given: the run's input and what the engine adds to it."""
    return {
        "input": json_object(text),
        "parents": {},
        "triggered_by": "manual",
        "triggers": {},
        "user_data": None,
        "overrides": None,
    }


def task_summary(task: TaskRow, children: int, payloads: bool = True) -> V1TaskSummary:
    """The task run with its current attempt."""
    return V1TaskSummary(
        metadata=resource(task.id, task.created_at, task.queued_at, task.started_at, task.finished_at),
        action_id=task.action,
        retry_count=task.retry_count,
        attempt=task.retry_count + 1,
        additional_metadata=json_object(task.additional_metadata),
        created_at=task.created_at,
        display_name=display_name(task.name, task.created_at),
        duration=milliseconds(task.started_at, task.finished_at),
        error_message=task.error,
        finished_at=task.finished_at,
        input=task_input(task.input) if payloads else {},
        num_spawned_children=children,
        output=json_object(task.output),
        status=STATUS[task.state],
        is_evicted=False,
        started_at=task.started_at,
        step_id=task.step_id,
        task_external_id=task.id,
        task_id=task_number(task.id),
        task_inserted_at=task.created_at,
        tenant_id=task.tenant_id,
        type=V1WorkflowType.TASK,
        workflow_id=task.workflow_id,
        workflow_name=task.workflow_name,
        workflow_run_external_id=task.id,
        workflow_version_id=task.version_id,
        parent_task_external_id=task.parent_task_id,
    )


def earlier_attempt(task: TaskRow, attempt: AttemptRow, children: int) -> V1TaskSummary:
    """The task run as it was in an attempt that was followed by another one."""
    return task_summary(task, children).model_copy(
        update={
            "metadata": resource(task.id, task.created_at, attempt.ended_at),
            "retry_count": attempt.retry_count,
            "attempt": attempt.retry_count + 1,
            "duration": milliseconds(attempt.started_at, attempt.ended_at),
            "error_message": attempt.error,
            "started_at": attempt.started_at,
            "finished_at": attempt.ended_at,
            "output": json_object(attempt.output),
            "status": _ATTEMPT_STATUS[attempt.outcome],
        }
    )


def run_row(task: TaskRow, children: int) -> V1TaskSummary:
    """A run in a list of runs. The published API reports the type DAG for every run."""
    row = task_summary(task, children, payloads=False)
    row.display_name = display_name(task.workflow_name, task.created_at)
    row.input = json_object(task.input)
    row.type = V1WorkflowType.DAG
    return row


def task_timing(task: TaskRow, depth: int) -> V1TaskTiming:
    return V1TaskTiming(
        metadata=resource(task.id, task.created_at, task.queued_at, task.started_at, task.finished_at),
        depth=depth,
        status=STATUS[task.state],
        is_evicted=False,
        task_display_name=display_name(task.name, task.created_at),
        task_external_id=task.id,
        task_id=task_number(task.id),
        task_inserted_at=task.created_at,
        tenant_id=task.tenant_id,
        parent_task_external_id=task.parent_task_id,
        queued_at=task.queued_at,
        started_at=task.started_at,
        finished_at=task.finished_at,
        workflow_run_id=task.id,
        retry_count=task.retry_count,
        attempt=task.retry_count + 1,
    )


def causes(found: Sequence[CoreCause]) -> list[Cause]:
    return [Cause(kind=cause.kind, message=cause.message, detail=dict(cause.detail)) for cause in found]
