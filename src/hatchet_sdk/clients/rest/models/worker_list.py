"""`WorkerList` of the REST API."""

from hatchet_sdk.clients.rest.models.pagination_response import PaginationResponse
from hatchet_sdk.clients.rest.models.rest_model import RestModel
from hatchet_sdk.clients.rest.models.worker import Worker


class WorkerList(RestModel):
    """Workers."""

    pagination: PaginationResponse | None = None
    rows: list[Worker] | None = None
