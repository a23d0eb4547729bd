"""`V1TaskEventList` of the REST API."""

from hatchet_sdk.clients.rest.models.pagination_response import PaginationResponse
from hatchet_sdk.clients.rest.models.rest_model import RestModel
from hatchet_sdk.clients.rest.models.v1_task_event import V1TaskEvent


class V1TaskEventList(RestModel):
    """One page of events."""

    pagination: PaginationResponse | None = None
    rows: list[V1TaskEvent] | None = None
