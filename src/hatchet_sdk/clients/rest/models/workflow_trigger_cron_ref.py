"""`WorkflowTriggerCronRef` of the REST API."""

from hatchet_sdk.clients.rest.models.rest_model import SnakeCaseModel


class WorkflowTriggerCronRef(SnakeCaseModel):
    """A cron expression that starts a workflow."""

    parent_id: str | None = None
    cron: str | None = None
