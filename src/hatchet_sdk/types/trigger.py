"""What can be said when something is started."""

from pydantic import BaseModel, Field

from hatchet_sdk.types.labels import DesiredWorkerLabel
from hatchet_sdk.types.priority import Priority
from hatchet_sdk.utils.typing import JSONSerializableMapping


class ScheduleTriggerWorkflowOptions(BaseModel):
    """Options of a scheduled run, as one object (deprecated: pass them as arguments)."""

    parent_id: str | None = None
    parent_step_run_id: str | None = None
    child_index: int | None = None
    child_key: str | None = None
    namespace: str | None = None
    additional_metadata: JSONSerializableMapping = Field(default_factory=dict)
    priority: int | None = None


class TriggerWorkflowOptions(ScheduleTriggerWorkflowOptions):
    """Options of a run, as one object (deprecated: pass them as arguments)."""

    desired_worker_id: str | None = None
    sticky: bool = False
    key: str | None = None
    desired_worker_label: dict[str, DesiredWorkerLabel] | list[DesiredWorkerLabel] | None = None


class WorkflowRunTriggerConfig(BaseModel):
    """One item of `run_many`; made by `create_bulk_run_item`.

    Args:
        workflow_name: the workflow to run.
        input: its input, already serialized.
        key: free text of the caller; the SDK does not use it.
    """

    workflow_name: str
    input: str | None
    options: TriggerWorkflowOptions
    key: str | None = None


class PushEventOptions(BaseModel):
    """Options of a pushed event, as one object (deprecated: pass them as arguments)."""

    additional_metadata: JSONSerializableMapping = Field(default_factory=dict)
    namespace: str | None = None
    priority: int | Priority | None = None
    scope: str | None = None


class BulkPushEventWithMetadata(BaseModel):
    """One event of a bulk push."""

    key: str = ""
    payload: JSONSerializableMapping = Field(default_factory=dict)
    additional_metadata: JSONSerializableMapping = Field(default_factory=dict)
    priority: int | Priority | None = None
    scope: str | None = None


class BulkPushEventOptions(BulkPushEventWithMetadata):
    """Options of a bulk push."""

    namespace: str | None = None
