"""Workflow runs."""

from pydantic import Field

from hatchet_engine.transports.rest.models.enums import V1TaskStatus
from hatchet_engine.transports.rest.models.shape import (
    APIResourceMeta,
    Id,
    Json,
    PaginationResponse,
    Shape,
    Time,
)
from hatchet_engine.transports.rest.models.tasks import V1TaskEvent, V1TaskSummary


class V1WorkflowRun(Shape):
    metadata: APIResourceMeta
    status: V1TaskStatus
    started_at: Time | None = None
    finished_at: Time | None = None
    duration: int | None = None
    """Milliseconds."""
    tenant_id: Id
    additional_metadata: Json | None = None
    display_name: str
    workflow_id: Id
    output: Json
    error_message: str | None = None
    workflow_version_id: Id | None = None
    input: Json
    created_at: Time | None = None
    parent_task_external_id: Id | None = None
    payloads_restricted: bool | None = None


class WorkflowRunShapeItemForWorkflowRunDetails(Shape):
    task_external_id: Id
    step_id: Id
    children_step_ids: list[Id]
    task_name: str


class V1WorkflowRunDetails(Shape):
    run: V1WorkflowRun
    task_events: list[V1TaskEvent]
    shape: list[WorkflowRunShapeItemForWorkflowRunDetails]
    tasks: list[V1TaskSummary]
    workflow_config: Json | None = None


class V1WorkflowRunDisplayName(Shape):
    metadata: APIResourceMeta
    display_name: str


class V1WorkflowRunDisplayNameList(Shape):
    pagination: PaginationResponse
    rows: list[V1WorkflowRunDisplayName]


class V1TriggerWorkflowRunRequest(Shape):
    workflow_name: str
    input: Json
    additional_metadata: Json | None = None
    priority: int | None = None
    return_only_id: bool | None = Field(default=None, alias="return_only_id")
