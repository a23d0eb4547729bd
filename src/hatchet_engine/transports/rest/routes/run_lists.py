"""Lists of runs and of task runs, and their counts."""

from typing import Annotated

from fastapi import Query, Response

from hatchet_engine.core.machine import TaskState
from hatchet_engine.store.queries import TaskFilter, find_tasks, state_counts, task_ids_json, task_page
from hatchet_engine.transports.rest.gateway import UsesGateway
from hatchet_engine.transports.rest.models.enums import (
    V1AdditionalMetadataOperator,
    V1RunningFilter,
    V1TaskStatus,
)
from hatchet_engine.transports.rest.models.runs import V1WorkflowRunDisplayNameList
from hatchet_engine.transports.rest.models.shape import Id, PaginationResponse
from hatchet_engine.transports.rest.models.tasks import V1RunningDetailCount, V1TaskRunMetric, V1TaskSummaryList
from hatchet_engine.transports.rest.objects import Tenant
from hatchet_engine.transports.rest.parameters import (
    MOST_ROWS,
    Limit,
    MetadataEntries,
    Moment,
    Offset,
    Parameters,
    Uuid,
    metadata_pairs,
)
from hatchet_engine.transports.rest.routing import api_router
from hatchet_engine.transports.rest.views.pages import endless_page
from hatchet_engine.transports.rest.views.runs import run_display_name
from hatchet_engine.transports.rest.views.tasks import STATUS, run_row, states_shown_as, task_summary

router = api_router("Workflow runs")

_EVENT_ID = "hatchet__event_id"
"""Runs that an event triggered have its id under this key of their metadata."""


class CountQuery(Parameters):
    since: Moment
    until: Moment | None = None
    workflow_ids: list[Uuid] | None = None
    additional_metadata: MetadataEntries | None = None
    parent_task_external_id: Uuid | None = None
    triggering_event_external_id: Uuid | None = None

    def filter(self, tenant_id: str) -> TaskFilter:
        event_id = self.triggering_event_external_id
        return TaskFilter(
            tenant_id=tenant_id,
            since=self.since,
            until=self.until,
            workflow_ids=self.workflow_ids or None,
            parent_id=self.parent_task_external_id,
            metadata=metadata_pairs(self.additional_metadata or ()),
            also_metadata=(_EVENT_ID, event_id) if event_id is not None else None,
        )


class IdsQuery(Parameters):
    since: Moment
    until: Moment | None = None
    statuses: list[V1TaskStatus] | None = None
    workflow_ids: list[Uuid] | None = None
    additional_metadata: MetadataEntries | None = None
    running_filter: V1RunningFilter = V1RunningFilter.ALL

    def filter(self, tenant_id: str) -> TaskFilter:
        return TaskFilter(
            tenant_id=tenant_id,
            since=self.since,
            until=self.until,
            states=wanted_states(self.statuses, self.running_filter),
            workflow_ids=self.workflow_ids or None,
            metadata=metadata_pairs(self.additional_metadata or ()),
        )


class ListQuery(CountQuery):
    only_tasks: bool
    offset: Offset = 0
    limit: Limit = 50
    statuses: list[V1TaskStatus] | None = None
    additional_metadata_operator: V1AdditionalMetadataOperator = V1AdditionalMetadataOperator.OR
    worker_id: Uuid | None = None
    include_payloads: bool = False
    running_filter: V1RunningFilter = V1RunningFilter.ALL
    idempotency_keys: list[str] | None = None

    def filter(self, tenant_id: str) -> TaskFilter:
        event_id = self.triggering_event_external_id
        return TaskFilter(
            tenant_id=tenant_id,
            since=self.since,
            until=self.until,
            # No run has an idempotency key: this engine does not execute workflows that use them.
            states=[] if self.idempotency_keys else wanted_states(self.statuses, self.running_filter),
            workflow_ids=self.workflow_ids or None,
            worker_id=self.worker_id,
            parent_id=self.parent_task_external_id,
            metadata=metadata_pairs(self.additional_metadata or ()),
            every_pair=self.additional_metadata_operator is V1AdditionalMetadataOperator.AND,
            also_metadata=(_EVENT_ID, event_id) if event_id is not None else None,
        )


def wanted_states(statuses: list[V1TaskStatus] | None, running: V1RunningFilter) -> list[TaskState] | None:
    """The states to look for. None is evicted: asking for those only leaves out what is on a worker."""
    if running is not V1RunningFilter.EVICTED:
        return states_shown_as(statuses) if statuses else None
    return [state for state in states_shown_as(statuses or list(V1TaskStatus)) if state is not TaskState.RUNNING]


@router.get("/api/v1/stable/tenants/{tenant}/workflow-runs", operation_id="v1-workflow-run:list")
async def list_runs(tenant: Tenant, query: Annotated[ListQuery, Query()], gateway: UsesGateway) -> V1TaskSummaryList:
    """Runs, or task runs with `only_tasks`, newest first. Without `include_payloads` inputs and outputs are empty."""
    limit = min(query.limit, MOST_ROWS)
    page = await gateway.read(task_page, query.filter(tenant), limit, query.offset, query.include_payloads)
    rows = []
    for task in page.rows:
        children = page.children.get(task.id, 0)
        if query.only_tasks:
            rows.append(task_summary(task, children, query.include_payloads))
        else:
            rows.append(run_row(task, children))
    return V1TaskSummaryList(pagination=endless_page(query.offset, limit, page.total), rows=rows)


@router.get(
    "/api/v1/stable/tenants/{tenant}/workflow-runs/external-ids",
    operation_id="v1-workflow-run:external-ids:list",
    response_model=list[Id],
)
async def list_external_ids(tenant: Tenant, query: Annotated[IdsQuery, Query()], gateway: UsesGateway) -> Response:
    """The ids of all matching runs, oldest first."""
    return Response(await gateway.read(task_ids_json, query.filter(tenant)), media_type="application/json")


@router.get(
    "/api/v1/stable/tenants/{tenant}/workflow-runs/display-names", operation_id="v1-workflow-run:display-names:list"
)
async def list_display_names(
    tenant: Tenant, external_ids: Annotated[list[Uuid], Query(max_length=MOST_ROWS)], gateway: UsesGateway
) -> V1WorkflowRunDisplayNameList:
    """The display names of those runs that exist."""
    found = await gateway.read(find_tasks, tenant, external_ids)
    return V1WorkflowRunDisplayNameList(
        pagination=PaginationResponse(current_page=1, next_page=1, num_pages=1),
        rows=[run_display_name(task) for task in found],
    )


@router.get("/api/v1/stable/tenants/{tenant}/task-metrics", operation_id="v1-task:list:status-metrics")
async def count_by_status(
    tenant: Tenant, query: Annotated[CountQuery, Query()], gateway: UsesGateway
) -> list[V1TaskRunMetric]:
    """How many task runs are in each status; every status is listed."""
    counts = dict.fromkeys(V1TaskStatus, 0)
    for state, count in (await gateway.read(state_counts, query.filter(tenant))).items():
        counts[STATUS[state]] += count
    running = V1RunningDetailCount(evicted=0, on_worker=counts[V1TaskStatus.RUNNING])
    return [
        V1TaskRunMetric(
            status=status,
            count=count,
            running_detail_count=running if status is V1TaskStatus.RUNNING else None,
        )
        for status, count in counts.items()
    ]
