"""`V1TriggerWorkflowRunRequest` of the REST API."""

from typing import Any

from pydantic import Field

from hatchet_sdk.clients.rest.models.rest_model import RestModel


class V1TriggerWorkflowRunRequest(RestModel):
    """A run to start."""

    workflow_name: str
    input: dict[str, Any]
    additional_metadata: dict[str, Any] | None = None
    priority: int | None = None
    return_only_id: bool | None = Field(default=None, alias="return_only_id")
