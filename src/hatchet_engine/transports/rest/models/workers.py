"""Workers."""

from hatchet_engine.transports.rest.models.enums import (
    StepRunStatus,
    WorkerRuntimeSDKs,
    WorkerStatus,
    WorkerType,
)
from hatchet_engine.transports.rest.models.shape import APIResourceMeta, Id, PaginationResponse, Shape, Time


class RegisteredWorkflow(Shape):
    id: Id
    name: str


class SemaphoreSlots(Shape):
    """A slot in use."""

    step_run_id: Id
    action_id: str
    started_at: Time | None = None
    timeout_at: Time | None = None
    workflow_run_id: Id
    status: StepRunStatus | None = None


class WorkerLabel(Shape):
    metadata: APIResourceMeta
    key: str
    value: str | None = None


class WorkerSlotConfig(Shape):
    available: int | None = None
    limit: int


class WorkerRuntimeInfo(Shape):
    sdk_version: str | None = None
    language: WorkerRuntimeSDKs | None = None
    language_version: str | None = None
    os: str | None = None
    runtime_extra: str | None = None


class Worker(Shape):
    metadata: APIResourceMeta
    name: str
    type: WorkerType
    last_heartbeat_at: Time | None = None
    actions: list[str] | None = None
    registered_workflows: list[RegisteredWorkflow] | None = None
    slots: list[SemaphoreSlots] | None = None
    status: WorkerStatus | None = None
    slot_config: dict[str, WorkerSlotConfig] | None = None
    labels: list[WorkerLabel] | None = None
    runtime_info: WorkerRuntimeInfo | None = None
    blocked_frame: str | None = None
    """Where the worker's event loop is blocked, if it said so."""


class WorkerList(Shape):
    pagination: PaginationResponse
    rows: list[Worker]


class UpdateWorkerRequest(Shape):
    is_paused: bool | None = None
