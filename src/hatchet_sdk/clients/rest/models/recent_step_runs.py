"""`RecentStepRuns` of the REST API."""

from datetime import datetime

from hatchet_sdk.clients.rest.models.api_resource_meta import APIResourceMeta
from hatchet_sdk.clients.rest.models.rest_model import RestModel
from hatchet_sdk.clients.rest.models.step_run_status import StepRunStatus


class RecentStepRuns(RestModel):
    """A task run that a worker executed lately."""

    metadata: APIResourceMeta
    action_id: str
    status: StepRunStatus
    started_at: datetime | None = None
    finished_at: datetime | None = None
    cancelled_at: datetime | None = None
    workflow_run_id: str
