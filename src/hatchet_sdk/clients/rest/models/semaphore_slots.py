"""`SemaphoreSlots` of the REST API."""

from datetime import datetime

from hatchet_sdk.clients.rest.models.rest_model import RestModel
from hatchet_sdk.clients.rest.models.step_run_status import StepRunStatus


class SemaphoreSlots(RestModel):
    """A slot in use."""

    step_run_id: str
    action_id: str
    started_at: datetime | None = None
    timeout_at: datetime | None = None
    workflow_run_id: str
    status: StepRunStatus | None = None
