"""`Step` of the REST API."""

from hatchet_sdk.clients.rest.models.api_resource_meta import APIResourceMeta
from hatchet_sdk.clients.rest.models.rest_model import RestModel


class Step(RestModel):
    """A task definition."""

    metadata: APIResourceMeta
    readable_id: str
    tenant_id: str
    job_id: str
    action: str
    timeout: str | None = None
    is_durable: bool | None = None
    slot_requests: dict[str, int] | None = None
    children: list[str] | None = None
    parents: list[str] | None = None
