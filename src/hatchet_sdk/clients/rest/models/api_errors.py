"""`APIErrors` of the REST API."""

from hatchet_sdk.clients.rest.models.api_error import APIError
from hatchet_sdk.clients.rest.models.rest_model import RestModel


class APIErrors(RestModel):
    """Everything that is wrong with a request."""

    errors: list[APIError]
