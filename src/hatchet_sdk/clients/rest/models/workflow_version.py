"""`WorkflowVersion` of the REST API."""

from typing import Any

from hatchet_sdk.clients.rest.models.api_resource_meta import APIResourceMeta
from hatchet_sdk.clients.rest.models.concurrency_setting import ConcurrencySetting
from hatchet_sdk.clients.rest.models.job import Job
from hatchet_sdk.clients.rest.models.rest_model import RestModel
from hatchet_sdk.clients.rest.models.workflow import Workflow
from hatchet_sdk.clients.rest.models.workflow_concurrency import WorkflowConcurrency
from hatchet_sdk.clients.rest.models.workflow_triggers import WorkflowTriggers


class WorkflowVersion(RestModel):
    """The definition of a version of a workflow."""

    metadata: APIResourceMeta
    version: str
    order: int
    workflow_id: str
    sticky: str | None = None
    default_priority: int | None = None
    workflow: Workflow | None = None
    concurrency: WorkflowConcurrency | None = None
    triggers: WorkflowTriggers | None = None
    schedule_timeout: str | None = None
    jobs: list[Job] | None = None
    workflow_config: dict[str, Any] | None = None
    v1_concurrency: list[ConcurrencySetting] | None = None
    input_json_schema: dict[str, Any] | None = None
