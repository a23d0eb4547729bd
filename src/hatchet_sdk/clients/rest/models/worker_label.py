"""`WorkerLabel` of the REST API."""

from hatchet_sdk.clients.rest.models.api_resource_meta import APIResourceMeta
from hatchet_sdk.clients.rest.models.rest_model import RestModel


class WorkerLabel(RestModel):
    """A label of a worker."""

    metadata: APIResourceMeta
    key: str
    value: str | None = None
