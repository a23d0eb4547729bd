"""`Worker` of the REST API."""

from datetime import datetime

from hatchet_sdk.clients.rest.models.api_resource_meta import APIResourceMeta
from hatchet_sdk.clients.rest.models.recent_step_runs import RecentStepRuns
from hatchet_sdk.clients.rest.models.registered_workflow import RegisteredWorkflow
from hatchet_sdk.clients.rest.models.rest_model import RestModel
from hatchet_sdk.clients.rest.models.semaphore_slots import SemaphoreSlots
from hatchet_sdk.clients.rest.models.worker_label import WorkerLabel
from hatchet_sdk.clients.rest.models.worker_runtime_info import WorkerRuntimeInfo
from hatchet_sdk.clients.rest.models.worker_slot_config import WorkerSlotConfig
from hatchet_sdk.clients.rest.models.worker_status import WorkerStatus
from hatchet_sdk.clients.rest.models.worker_type import WorkerType


class Worker(RestModel):
    """A worker."""

    metadata: APIResourceMeta
    name: str
    type: WorkerType
    last_heartbeat_at: datetime | None = None
    last_listener_established: datetime | None = None
    actions: list[str] | None = None
    registered_workflows: list[RegisteredWorkflow] | None = None
    slots: list[SemaphoreSlots] | None = None
    recent_step_runs: list[RecentStepRuns] | None = None
    status: WorkerStatus | None = None
    slot_config: dict[str, WorkerSlotConfig] | None = None
    dispatcher_id: str | None = None
    labels: list[WorkerLabel] | None = None
    webhook_url: str | None = None
    webhook_id: str | None = None
    runtime_info: WorkerRuntimeInfo | None = None
