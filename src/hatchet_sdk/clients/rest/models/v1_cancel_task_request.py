"""`V1CancelTaskRequest` of the REST API."""

from hatchet_sdk.clients.rest.models.rest_model import RestModel
from hatchet_sdk.clients.rest.models.v1_task_filter import V1TaskFilter


class V1CancelTaskRequest(RestModel):
    """Which runs to cancel: ids or a filter."""

    external_ids: list[str] | None = None
    filter: V1TaskFilter | None = None
