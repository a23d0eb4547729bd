"""`V1TaskFilter` of the REST API."""

from datetime import datetime

from hatchet_sdk.clients.rest.models.rest_model import RestModel
from hatchet_sdk.clients.rest.models.v1_task_status import V1TaskStatus


class V1TaskFilter(RestModel):
    """Which runs to cancel or replay."""

    since: datetime
    until: datetime | None = None
    statuses: list[V1TaskStatus] | None = None
    workflow_ids: list[str] | None = None
    additional_metadata: list[str] | None = None
