"""`WorkflowTag` of the REST API."""

from hatchet_sdk.clients.rest.models.rest_model import RestModel


class WorkflowTag(RestModel):
    """A tag of a workflow."""

    name: str
    color: str
