"""`RegisteredWorkflow` of the REST API."""

from hatchet_sdk.clients.rest.models.rest_model import RestModel


class RegisteredWorkflow(RestModel):
    """A workflow that a worker has."""

    id: str
    name: str
