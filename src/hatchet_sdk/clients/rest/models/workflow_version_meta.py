"""`WorkflowVersionMeta` of the REST API."""

from typing import TYPE_CHECKING

from hatchet_sdk.clients.rest.models.api_resource_meta import APIResourceMeta
from hatchet_sdk.clients.rest.models.rest_model import RestModel

if TYPE_CHECKING:
    from hatchet_sdk.clients.rest.models.workflow import Workflow


class WorkflowVersionMeta(RestModel):
    """A version of a workflow."""

    metadata: APIResourceMeta
    version: str
    order: int
    workflow_id: str
    workflow: "Workflow | None" = None


import hatchet_sdk.clients.rest.models.workflow  # noqa: E402, F401 - the models contain each other: load both
