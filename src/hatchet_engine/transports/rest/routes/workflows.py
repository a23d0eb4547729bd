"""Workflows and their versions."""

from typing import Annotated

from fastapi import Query

from hatchet_engine.store.queries import find_version, versions_of, workflow_page
from hatchet_engine.transports.rest.errors import Refused
from hatchet_engine.transports.rest.gateway import UsesGateway
from hatchet_engine.transports.rest.models.workflows import Workflow, WorkflowList, WorkflowVersion
from hatchet_engine.transports.rest.objects import Tenant, TheWorkflow
from hatchet_engine.transports.rest.parameters import MOST_ROWS, Limit, Offset, Parameters, Uuid
from hatchet_engine.transports.rest.routing import NOT_FOUND, api_router
from hatchet_engine.transports.rest.views.pages import bounded_page
from hatchet_engine.transports.rest.views.workflows import (
    detailed_workflow,
    listed_workflow,
    workflow_version,
)

router = api_router("Workflows")


class WorkflowQuery(Parameters):
    offset: Offset = 0
    limit: Limit = 50
    name: str | None = None
    """Part of the name, in any case."""


@router.get("/api/v1/tenants/{tenant}/workflows", operation_id="workflow:list")
async def list_workflows(
    tenant: Tenant, query: Annotated[WorkflowQuery, Query()], gateway: UsesGateway
) -> WorkflowList:
    """The tenant's workflows, newest first."""
    limit = min(query.limit, MOST_ROWS)
    page = await gateway.read(workflow_page, tenant, query.name, limit, query.offset)
    return WorkflowList(
        pagination=bounded_page(query.offset, limit, page.total),
        rows=[listed_workflow(row, page.newest.get(row.id)) for row in page.rows],
    )


@router.get("/api/v1/workflows/{workflow}", operation_id="workflow:get", responses=NOT_FOUND)
async def get_workflow(workflow: TheWorkflow, gateway: UsesGateway) -> Workflow:
    """A workflow with its versions, newest first."""
    return detailed_workflow(workflow, await gateway.read(versions_of, workflow.id))


@router.get("/api/v1/workflows/{workflow}/versions", operation_id="workflow-version:get", responses=NOT_FOUND)
async def get_version(
    workflow: TheWorkflow, gateway: UsesGateway, version: Annotated[Uuid | None, Query()] = None
) -> WorkflowVersion:
    """A version of the workflow with its tasks; without `version` the newest."""
    found = await gateway.read(find_version, workflow.id, version)
    if found is None:
        raise Refused(404, "workflow version not found")
    return workflow_version(workflow, found)
