"""`V1LogLineList` of the REST API."""

from hatchet_sdk.clients.rest.models.pagination_response import PaginationResponse
from hatchet_sdk.clients.rest.models.rest_model import RestModel
from hatchet_sdk.clients.rest.models.v1_log_line import V1LogLine


class V1LogLineList(RestModel):
    """Lines of a log."""

    pagination: PaginationResponse | None = None
    rows: list[V1LogLine] | None = None
