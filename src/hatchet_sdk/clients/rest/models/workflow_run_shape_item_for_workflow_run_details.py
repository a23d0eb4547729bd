"""`WorkflowRunShapeItemForWorkflowRunDetails` of the REST API."""

from hatchet_sdk.clients.rest.models.rest_model import RestModel


class WorkflowRunShapeItemForWorkflowRunDetails(RestModel):
    """One task of a run's graph, also if it has not been created yet."""

    task_external_id: str
    step_id: str
    children_step_ids: list[str]
    task_name: str
