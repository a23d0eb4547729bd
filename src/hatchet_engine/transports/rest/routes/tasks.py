"""One task run, and cancelling or replaying many."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query

from hatchet_engine.core.commands import CancelTasks, ReplayTasks
from hatchet_engine.core.machine import TERMINAL, TaskState
from hatchet_engine.store.queries import TaskFilter, children_of, find_attempt, task_ids
from hatchet_engine.transports.rest.errors import Failed, Refused
from hatchet_engine.transports.rest.gateway import Gateway, UsesGateway
from hatchet_engine.transports.rest.models.tasks import (
    TaskExplanation,
    V1CancelledTasks,
    V1CancelTaskRequest,
    V1ReplayedTasks,
    V1ReplayTaskRequest,
    V1TaskEventList,
    V1TaskFilter,
    V1TaskSummary,
)
from hatchet_engine.transports.rest.objects import Tenant, TheTask
from hatchet_engine.transports.rest.parameters import MOST_ROWS, Limit, Offset, metadata_pairs
from hatchet_engine.transports.rest.routes.runs import events_page, explain
from hatchet_engine.transports.rest.routing import NOT_FOUND, api_router
from hatchet_engine.transports.rest.views.tasks import earlier_attempt, states_shown_as, task_summary

router = api_router("Tasks")

MOST_CANCELLED = 20_000
MOST_REPLAYED = 1_000
_AT_ONCE = 500
"""Tasks in one command: a larger one would keep the engine from everybody else for too long."""


@router.get("/api/v1/stable/tasks/{task}", operation_id="v1-task:get", responses=NOT_FOUND)
async def get_task(
    task: TheTask, gateway: UsesGateway, attempt: Annotated[int | None, Query(ge=1, le=2**31)] = None
) -> V1TaskSummary:
    """A task run, as it is or as it was in an earlier attempt (the first one is 1)."""
    children = await gateway.read(children_of, task.id)
    if attempt is None or attempt == task.retry_count + 1:
        return task_summary(task, children)
    earlier = await gateway.read(find_attempt, task.id, attempt - 1)
    if earlier is None:
        raise Refused(404, f"the task has no attempt {attempt}")
    return earlier_attempt(task, earlier, children)


@router.get("/api/v1/stable/tasks/{task}/task-events", operation_id="v1-task-event:list", responses=NOT_FOUND)
async def list_events(
    task: TheTask,
    gateway: UsesGateway,
    offset: Annotated[Offset, Query()] = 0,
    limit: Annotated[Limit, Query()] = MOST_ROWS,
) -> V1TaskEventList:
    """What happened to the task run, oldest first."""
    return await events_page(task.id, offset, limit, gateway)


@router.get("/api/v1/stable/tasks/{task}/explain", operation_id="v1-task:explain", responses=NOT_FOUND)
async def explain_task(task: TheTask, gateway: UsesGateway) -> TaskExplanation:
    """Why the task is not running; no causes if it runs or is finished."""
    return TaskExplanation(causes=await gateway.ask(explain, task.tenant_id, task.id))


@router.post("/api/v1/stable/tenants/{tenant}/tasks/cancel", operation_id="v1-task:cancel")
async def cancel_tasks(tenant: Tenant, request: V1CancelTaskRequest, gateway: UsesGateway) -> V1CancelledTasks:
    """Cancel runs by id or by filter, at most 20,000; the answer has the ids of those that were not finished."""
    unfinished = [state for state in TaskState if state not in TERMINAL]
    wanted = await _wanted(tenant, request, unfinished, MOST_CANCELLED, gateway)
    ids: list[str] = []
    for start in range(0, len(wanted), _AT_ONCE):
        ids += await gateway.execute(tenant, CancelTasks(wanted[start : start + _AT_ONCE]))
    return V1CancelledTasks(ids=ids)


@router.post("/api/v1/stable/tenants/{tenant}/tasks/replay", operation_id="v1-task:replay")
async def replay_tasks(tenant: Tenant, request: V1ReplayTaskRequest, gateway: UsesGateway) -> V1ReplayedTasks:
    """Run finished runs again, by id or by filter, at most 1,000; the answer has the ids of those that are replayed."""
    wanted = await _wanted(tenant, request, sorted(TERMINAL), MOST_REPLAYED, gateway)
    ids: list[str] = []
    for start in range(0, len(wanted), _AT_ONCE):
        ids += await gateway.execute(tenant, ReplayTasks(wanted[start : start + _AT_ONCE]))
    return V1ReplayedTasks(ids=ids)


async def _wanted(
    tenant: str,
    request: V1CancelTaskRequest | V1ReplayTaskRequest,
    states: Sequence[TaskState],
    most: int,
    gateway: Gateway,
) -> list[str]:
    """The ids that the request names, or the oldest ones that its filter finds among those in one of the states."""
    if (request.external_ids is None) == (request.filter is None):
        raise Failed(400, "give either externalIds or filter", "externalIds")
    if request.filter is not None:
        return await gateway.read(task_ids, _task_filter(tenant, request.filter, states), most)
    ids = list(dict.fromkeys(request.external_ids or ()))
    if len(ids) > most:
        raise Failed(400, f"{len(ids)} ids are too many for one call; send at most {most}", "externalIds")
    return ids


def _task_filter(tenant: str, wanted: V1TaskFilter, states: Sequence[TaskState]) -> TaskFilter:
    try:
        pairs = metadata_pairs(wanted.additional_metadata or ())
    except ValueError as error:
        raise Failed(400, str(error), "filter.additionalMetadata") from error
    if wanted.statuses:
        shown = states_shown_as(wanted.statuses)
        states = [state for state in states if state in shown]
    return TaskFilter(
        tenant_id=tenant,
        since=wanted.since,
        until=wanted.until,
        states=states,
        workflow_ids=wanted.workflow_ids or None,
        metadata=pairs,
    )
