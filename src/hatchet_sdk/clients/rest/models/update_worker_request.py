"""`UpdateWorkerRequest` of the REST API."""

from hatchet_sdk.clients.rest.models.rest_model import RestModel


class UpdateWorkerRequest(RestModel):
    """What to change of a worker."""

    is_paused: bool | None = None
