"""`V1WorkflowRunDetails` of the REST API."""

from typing import Any

from hatchet_sdk.clients.rest.models.rest_model import RestModel
from hatchet_sdk.clients.rest.models.v1_task_event import V1TaskEvent
from hatchet_sdk.clients.rest.models.v1_task_summary import V1TaskSummary
from hatchet_sdk.clients.rest.models.v1_workflow_run import V1WorkflowRun
from hatchet_sdk.clients.rest.models.workflow_run_shape_item_for_workflow_run_details import (
    WorkflowRunShapeItemForWorkflowRunDetails,
)


class V1WorkflowRunDetails(RestModel):
    """Everything about a run."""

    run: V1WorkflowRun
    task_events: list[V1TaskEvent]
    shape: list[WorkflowRunShapeItemForWorkflowRunDetails]
    tasks: list[V1TaskSummary]
    workflow_config: dict[str, Any] | None = None
