"""`Job` of the REST API."""

from hatchet_sdk.clients.rest.models.api_resource_meta import APIResourceMeta
from hatchet_sdk.clients.rest.models.rest_model import RestModel
from hatchet_sdk.clients.rest.models.step import Step


class Job(RestModel):
    """The task definitions of a version."""

    metadata: APIResourceMeta
    tenant_id: str
    version_id: str
    name: str
    description: str | None = None
    steps: list[Step]
    timeout: str | None = None
