"""`Workflow` of the REST API."""

from hatchet_sdk.clients.rest.models.api_resource_meta import APIResourceMeta
from hatchet_sdk.clients.rest.models.job import Job
from hatchet_sdk.clients.rest.models.rest_model import RestModel
from hatchet_sdk.clients.rest.models.workflow_pause_scheduled_cron_run_queue_behavior import (
    WorkflowPauseScheduledCronRunQueueBehavior,
)
from hatchet_sdk.clients.rest.models.workflow_tag import WorkflowTag
from hatchet_sdk.clients.rest.models.workflow_version_meta import WorkflowVersionMeta


class Workflow(RestModel):
    """A registered workflow."""

    metadata: APIResourceMeta
    name: str
    description: str | None = None
    is_paused: bool | None = None
    paused_workflow_cron_run_queue_behavior: WorkflowPauseScheduledCronRunQueueBehavior | None = None
    paused_workflow_scheduled_run_queue_behavior: WorkflowPauseScheduledCronRunQueueBehavior | None = None
    versions: list[WorkflowVersionMeta] | None = None
    tags: list[WorkflowTag] | None = None
    jobs: list[Job] | None = None
    tenant_id: str


WorkflowVersionMeta.model_rebuild(_types_namespace={"Workflow": Workflow})
