"""`V1TaskEvent` of the REST API."""

from datetime import datetime

from hatchet_sdk.clients.rest.models.rest_model import RestModel
from hatchet_sdk.clients.rest.models.v1_task_event_type import V1TaskEventType


class V1TaskEvent(RestModel):
    """One event of a task run."""

    id: int
    task_id: str
    timestamp: datetime
    event_type: V1TaskEventType
    message: str
    error_message: str | None = None
    output: str | None = None
    worker_id: str | None = None
    task_display_name: str | None = None
    retry_count: int | None = None
    attempt: int | None = None
