"""`V1WorkflowRun` of the REST API."""

from datetime import datetime
from typing import Any

from hatchet_sdk.clients.rest.models.api_resource_meta import APIResourceMeta
from hatchet_sdk.clients.rest.models.rest_model import RestModel
from hatchet_sdk.clients.rest.models.v1_task_status import V1TaskStatus


class V1WorkflowRun(RestModel):
    """A run. `duration` in milliseconds."""

    metadata: APIResourceMeta
    status: V1TaskStatus
    started_at: datetime | None = None
    finished_at: datetime | None = None
    duration: int | None = None
    tenant_id: str
    additional_metadata: dict[str, Any] | None = None
    display_name: str
    workflow_id: str
    output: dict[str, Any]
    error_message: str | None = None
    workflow_version_id: str | None = None
    input: dict[str, Any]
    created_at: datetime | None = None
    parent_task_external_id: str | None = None
    payloads_restricted: bool | None = None
