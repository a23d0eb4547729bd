"""Log lines of one task run or of the tenant."""

from dataclasses import replace
from typing import Annotated

from fastapi import Query
from pydantic import Field

from hatchet_engine.store.queries import LogFilter, log_page
from hatchet_engine.transports.rest.gateway import Gateway, UsesGateway
from hatchet_engine.transports.rest.models.enums import V1LogLineLevel, V1LogLineOrderByDirection
from hatchet_engine.transports.rest.models.logs import V1LogLineList
from hatchet_engine.transports.rest.objects import Tenant, TheTask
from hatchet_engine.transports.rest.parameters import MOST_ROWS, Limit, Moment, Parameters, Uuid
from hatchet_engine.transports.rest.routing import NOT_FOUND, api_router
from hatchet_engine.transports.rest.views.logs import log_line
from hatchet_engine.transports.rest.views.pages import NO_PAGES

router = api_router("Logs")


class LogQuery(Parameters):
    limit: Limit = 50
    since: Moment | None = None
    until: Moment | None = None
    search: str | None = None
    levels: list[V1LogLineLevel] | None = None
    order_by_direction: V1LogLineOrderByDirection = V1LogLineOrderByDirection.ASC
    attempt: Annotated[int, Field(ge=1, le=2**31)] | None = None


class TenantLogQuery(LogQuery):
    task_external_ids: Annotated[list[Uuid] | None, Field(alias="taskExternalIds")] = None
    workflow_ids: list[Uuid] | None = None
    step_ids: list[Uuid] | None = None


@router.get("/api/v1/stable/tasks/{task}/logs", operation_id="v1-log-line:list", responses=NOT_FOUND)
async def list_task_logs(task: TheTask, query: Annotated[LogQuery, Query()], gateway: UsesGateway) -> V1LogLineList:
    """What the task run logged, oldest line first. `since` and `until` are not included."""
    return await _lines(query, LogFilter(task.tenant_id, task_ids=[task.id]), gateway)


@router.get("/api/v1/stable/tenants/{tenant}/logs", operation_id="v1-tenant-log-line:list")
async def list_tenant_logs(
    tenant: Tenant, query: Annotated[TenantLogQuery, Query()], gateway: UsesGateway
) -> V1LogLineList:
    """What the tenant's task runs logged, oldest line first."""
    wanted = LogFilter(
        tenant,
        task_ids=query.task_external_ids or None,
        workflow_ids=query.workflow_ids or None,
        step_ids=query.step_ids or None,
    )
    return await _lines(query, wanted, gateway)


async def _lines(query: LogQuery, wanted: LogFilter, gateway: Gateway) -> V1LogLineList:
    wanted = replace(
        wanted,
        since=query.since,
        until=query.until,
        search=query.search or None,
        levels=query.levels or None,
        retry_count=query.attempt - 1 if query.attempt is not None else None,
    )
    newest_first = query.order_by_direction is V1LogLineOrderByDirection.DESC
    rows = await gateway.read(log_page, wanted, min(query.limit, MOST_ROWS), newest_first)
    return V1LogLineList(pagination=NO_PAGES, rows=[log_line(row) for row in rows])
