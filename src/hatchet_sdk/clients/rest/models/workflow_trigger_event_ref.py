"""`WorkflowTriggerEventRef` of the REST API."""

from hatchet_sdk.clients.rest.models.rest_model import SnakeCaseModel


class WorkflowTriggerEventRef(SnakeCaseModel):
    """An event that starts a workflow."""

    parent_id: str | None = None
    event_key: str | None = None
