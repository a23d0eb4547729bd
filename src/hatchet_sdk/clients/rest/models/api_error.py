"""`APIError` of the REST API."""

from pydantic import Field

from hatchet_sdk.clients.rest.models.rest_model import SnakeCaseModel


class APIError(SnakeCaseModel):
    """One thing that is wrong with a request."""

    code: int | None = None
    var_field: str | None = Field(default=None, alias="field")
    description: str
    docs_link: str | None = None
