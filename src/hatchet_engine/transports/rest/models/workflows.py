"""Workflows and their versions."""

from hatchet_engine.transports.rest.models.shape import APIResourceMeta, Id, Json, PaginationResponse, Shape


class WorkflowVersionMeta(Shape):
    metadata: APIResourceMeta
    version: str
    order: int
    workflow_id: Id


class Step(Shape):
    metadata: APIResourceMeta
    readable_id: str
    tenant_id: Id
    job_id: Id
    action: str
    timeout: str | None = None
    is_durable: bool | None = None
    slot_requests: dict[str, int] | None = None
    children: list[Id] | None = None
    parents: list[Id] | None = None


class Job(Shape):
    metadata: APIResourceMeta
    tenant_id: Id
    version_id: Id
    name: str
    description: str | None = None
    steps: list[Step]
    timeout: str | None = None


class Workflow(Shape):
    metadata: APIResourceMeta
    name: str
    description: str | None = None
    is_paused: bool | None = None
    versions: list[WorkflowVersionMeta] | None = None
    jobs: list[Job] | None = None
    tenant_id: Id


class WorkflowList(Shape):
    rows: list[Workflow]
    pagination: PaginationResponse


class WorkflowVersion(Shape):
    metadata: APIResourceMeta
    version: str
    order: int
    workflow_id: Id
    default_priority: int | None = None
    workflow: Workflow | None = None
    schedule_timeout: str | None = None
    jobs: list[Job] | None = None
    workflow_config: Json | None = None
    input_json_schema: Json | None = None
