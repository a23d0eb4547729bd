"""Task runs."""

from hatchet_engine.transports.rest.models.enums import V1TaskEventType, V1TaskStatus, V1WorkflowType
from hatchet_engine.transports.rest.models.shape import (
    APIResourceMeta,
    Id,
    Json,
    PaginationResponse,
    Shape,
    Time,
)
from hatchet_engine.transports.rest.parameters import Moment, Uuid


class Cause(Shape):
    """One reason why a task is not running."""

    kind: str
    message: str
    detail: Json


class TaskExplanation(Shape):
    """Why a task is not running, from the task outwards; empty for one that does not wait."""

    causes: list[Cause]


class V1TaskSummary(Shape):
    metadata: APIResourceMeta
    action_id: str | None = None
    retry_count: int | None = None
    attempt: int | None = None
    additional_metadata: Json | None = None
    children: list["V1TaskSummary"] | None = None
    created_at: Time
    display_name: str
    duration: int | None = None
    """Milliseconds."""
    is_durable: bool | None = None
    error_message: str | None = None
    finished_at: Time | None = None
    input: Json
    num_spawned_children: int
    output: Json
    status: V1TaskStatus
    is_evicted: bool | None = None
    started_at: Time | None = None
    step_id: Id | None = None
    task_external_id: Id
    task_id: int
    task_inserted_at: Time
    tenant_id: Id
    type: V1WorkflowType
    workflow_id: Id
    workflow_name: str | None = None
    workflow_run_external_id: Id
    workflow_version_id: Id | None = None
    workflow_config: Json | None = None
    parent_task_external_id: Id | None = None
    idempotency_key: str | None = None
    payloads_restricted: bool | None = None
    explain: list[Cause] | None = None
    """Only in run details and only for a waiting task: why it waits."""


class V1TaskSummaryList(Shape):
    pagination: PaginationResponse
    rows: list[V1TaskSummary]


class V1TaskEvent(Shape):
    id: int
    task_id: Id
    timestamp: Time
    event_type: V1TaskEventType
    message: str
    error_message: str | None = None
    output: str | None = None
    worker_id: Id | None = None
    task_display_name: str | None = None
    retry_count: int | None = None
    attempt: int | None = None


class V1TaskEventList(Shape):
    pagination: PaginationResponse
    rows: list[V1TaskEvent]


class V1TaskTiming(Shape):
    metadata: APIResourceMeta
    depth: int
    status: V1TaskStatus
    is_evicted: bool | None = None
    task_display_name: str
    task_external_id: Id
    task_id: int
    task_inserted_at: Time
    tenant_id: Id
    parent_task_external_id: Id | None = None
    queued_at: Time | None = None
    started_at: Time | None = None
    finished_at: Time | None = None
    workflow_run_id: Id | None = None
    retry_count: int | None = None
    attempt: int | None = None


class V1TaskTimingList(Shape):
    pagination: PaginationResponse
    rows: list[V1TaskTiming]


class V1RunningDetailCount(Shape):
    evicted: int
    on_worker: int


class V1TaskRunMetric(Shape):
    status: V1TaskStatus
    count: int
    running_detail_count: V1RunningDetailCount | None = None


class V1TaskFilter(Shape):
    since: Moment
    until: Moment | None = None
    statuses: list[V1TaskStatus] | None = None
    workflow_ids: list[Uuid] | None = None
    additional_metadata: list[str] | None = None


class V1CancelTaskRequest(Shape):
    external_ids: list[Uuid] | None = None
    filter: V1TaskFilter | None = None


class V1ReplayTaskRequest(Shape):
    external_ids: list[Uuid] | None = None
    filter: V1TaskFilter | None = None


class V1CancelledTasks(Shape):
    ids: list[Id]


class V1ReplayedTasks(Shape):
    ids: list[Id]
