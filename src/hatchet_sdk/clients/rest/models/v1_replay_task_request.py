"""`V1ReplayTaskRequest` of the REST API."""

from hatchet_sdk.clients.rest.models.rest_model import RestModel
from hatchet_sdk.clients.rest.models.v1_task_filter import V1TaskFilter


class V1ReplayTaskRequest(RestModel):
    """Which runs to replay: ids or a filter."""

    external_ids: list[str] | None = None
    filter: V1TaskFilter | None = None
