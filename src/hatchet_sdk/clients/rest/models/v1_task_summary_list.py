"""`V1TaskSummaryList` of the REST API."""

from hatchet_sdk.clients.rest.models.pagination_response import PaginationResponse
from hatchet_sdk.clients.rest.models.rest_model import RestModel
from hatchet_sdk.clients.rest.models.v1_task_summary import V1TaskSummary


class V1TaskSummaryList(RestModel):
    """One page of runs."""

    pagination: PaginationResponse
    rows: list[V1TaskSummary]
