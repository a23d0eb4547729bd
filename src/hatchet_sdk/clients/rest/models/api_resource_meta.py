"""`APIResourceMeta` of the REST API."""

from datetime import datetime

from hatchet_sdk.clients.rest.models.rest_model import RestModel


class APIResourceMeta(RestModel):
    """Id and times of a thing."""

    id: str
    created_at: datetime
    updated_at: datetime
