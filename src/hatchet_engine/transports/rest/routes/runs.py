"""One run: create it, look at it."""

import json
from typing import Annotated, Any

from fastapi import Query

from hatchet_engine.core.commands import TriggerItem, TriggerRuns
from hatchet_engine.core.errors import InvalidArgument
from hatchet_engine.core.machine import TERMINAL
from hatchet_engine.runtime.engine import Engine
from hatchet_engine.store.queries import RunPage, descendants, run_page, task_history
from hatchet_engine.transports.payloads import check_priority, check_run_payloads, check_text
from hatchet_engine.transports.rest.errors import Failed
from hatchet_engine.transports.rest.gateway import Gateway, UsesGateway
from hatchet_engine.transports.rest.models.enums import V1TaskStatus
from hatchet_engine.transports.rest.models.runs import V1TriggerWorkflowRunRequest, V1WorkflowRunDetails
from hatchet_engine.transports.rest.models.tasks import Cause, V1TaskEventList, V1TaskTimingList
from hatchet_engine.transports.rest.objects import Tenant, TheRun, TheRunPage
from hatchet_engine.transports.rest.parameters import MOST_ROWS, Limit, Offset
from hatchet_engine.transports.rest.routing import NOT_FOUND, api_router
from hatchet_engine.transports.rest.views import runs as view
from hatchet_engine.transports.rest.views.events import task_events
from hatchet_engine.transports.rest.views.pages import cut, endless_page
from hatchet_engine.transports.rest.views.tasks import STATUS, causes, task_timing

router = api_router("Workflow runs")


def explain(engine: Engine, tenant_id: str, task_id: str) -> list[Cause]:
    """Why the task waits. Engine loop only."""
    return causes(engine.explain(tenant_id, task_id))


async def details_of(page: RunPage, gateway: Gateway) -> V1WorkflowRunDetails:
    task = page.history.task
    waits = task.state not in TERMINAL
    return view.run_details(page, await gateway.ask(explain, task.tenant_id, task.id) if waits else [])


@router.post("/api/v1/stable/tenants/{tenant}/workflow-runs/trigger", operation_id="v1-workflow-run:create")
async def create_run(
    tenant: Tenant, request: V1TriggerWorkflowRunRequest, gateway: UsesGateway
) -> V1WorkflowRunDetails:
    """Start a run of the workflow's newest version; answered once it is on disk.

    `priority` is 1 (low) to 3 (high). With `return_only_id` the answer is the run without payloads, tasks and events.
    """
    item = TriggerItem(
        run_id="",
        workflow=check_text(request.workflow_name, "workflowName"),
        input=json_text(request.input, "input"),
        additional_metadata=json_text(request.additional_metadata, "additionalMetadata"),
        priority=check_priority(request.priority) if request.priority is not None else None,
    )
    check_run_payloads(item.input, item.additional_metadata)
    item.run_id = await gateway.ask(lambda engine: engine.new_id())
    [run_id] = await gateway.execute(tenant, TriggerRuns([item]))
    page = await gateway.read(run_page, run_id)
    if page is None:
        raise Failed(500, f"run {run_id} was created and then removed")
    return view.only_id(page.history.task) if request.return_only_id else await details_of(page, gateway)


def json_text(value: dict[str, Any] | None, field: str) -> str:
    """JSON text of an object that the client sent; `""` for none.

    Raises:
        InvalidArgument: it has a number that JSON does not know, a lone surrogate, or is nested too deeply.
    """
    if not value:
        return ""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        text.encode()
        return text
    except (ValueError, RecursionError) as error:
        raise InvalidArgument(f"Invalid request: {field} is not valid JSON: {error}") from error


@router.get("/api/v1/stable/workflow-runs/{v1_workflow_run}", operation_id="v1-workflow-run:get", responses=NOT_FOUND)
async def get_run(page: TheRunPage, gateway: UsesGateway) -> V1WorkflowRunDetails:
    """A run with its tasks and their events; also by the id of a standalone task."""
    return await details_of(page, gateway)


@router.get(
    "/api/v1/stable/workflow-runs/{v1_workflow_run}/status",
    operation_id="v1-workflow-run:get-status",
    responses=NOT_FOUND,
)
async def get_status(run: TheRun) -> V1TaskStatus:
    """The status of a run, as a JSON string."""
    return STATUS[run.state]


@router.get(
    "/api/v1/stable/workflow-runs/{v1_workflow_run}/task-events",
    operation_id="v1-workflow-run:task-events:list",
    responses=NOT_FOUND,
)
async def list_run_events(
    run: TheRun,
    gateway: UsesGateway,
    offset: Annotated[Offset, Query()] = 0,
    limit: Annotated[Limit, Query()] = MOST_ROWS,
) -> V1TaskEventList:
    """What happened to the tasks of the run, oldest first."""
    return await events_page(run.id, offset, limit, gateway)


@router.get(
    "/api/v1/stable/workflow-runs/{v1_workflow_run}/task-timings",
    operation_id="v1-workflow-run:get:timings",
    responses=NOT_FOUND,
)
async def list_timings(
    run: TheRun, gateway: UsesGateway, depth: Annotated[int, Query(ge=0, le=10)] = 0
) -> V1TaskTimingList:
    """When the tasks of the run were queued, started and finished, and down to `depth` those of its children."""
    found = await gateway.read(descendants, run.tenant_id, run.id, depth, MOST_ROWS)
    rows = [task_timing(run, 0), *(task_timing(task, level) for task, level in found)]
    return V1TaskTimingList(pagination=endless_page(0, MOST_ROWS, len(rows)), rows=rows)


async def events_page(task_id: str, offset: int, limit: int, gateway: Gateway) -> V1TaskEventList:
    history = await gateway.read(task_history, task_id)
    events = task_events(history) if history is not None else []
    size = min(limit, MOST_ROWS)
    return V1TaskEventList(pagination=endless_page(offset, size, len(events)), rows=list(cut(events, offset, size)))
