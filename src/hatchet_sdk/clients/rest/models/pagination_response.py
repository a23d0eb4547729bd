"""`PaginationResponse` of the REST API."""

from hatchet_sdk.clients.rest.models.rest_model import SnakeCaseModel


class PaginationResponse(SnakeCaseModel):
    """Where a page is among all pages."""

    current_page: int | None = None
    next_page: int | None = None
    num_pages: int | None = None
