"""`WorkerSlotConfig` of the REST API."""

from hatchet_sdk.clients.rest.models.rest_model import RestModel


class WorkerSlotConfig(RestModel):
    """Slots of one kind."""

    available: int | None = None
    limit: int
