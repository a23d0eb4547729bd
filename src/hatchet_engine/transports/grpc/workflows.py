"""The published services about workflows and their runs: WorkflowService (v0) and AdminService (v1)."""

from hatchet_engine.core.commands import CancelTasks, RegisterWorkflow, ReplayTasks, TriggerItem, TriggerRuns
from hatchet_engine.core.errors import InvalidArgument, NotFound
from hatchet_engine.core.model import Version
from hatchet_engine.runtime.engine import Engine
from hatchet_engine.store import queries
from hatchet_engine.transports.grpc import triggers
from hatchet_engine.transports.grpc.bulk import ids_to_cancel, ids_to_replay, portions
from hatchet_engine.transports.grpc.definitions import definition, from_v0
from hatchet_engine.transports.grpc.published_results import run_details, timestamp
from hatchet_engine.transports.grpc.rpc import Rpc
from hatchet_engine.transports.payloads import parse_uuid
from hatchet_wire.published import workflows_pb2 as v0
from hatchet_wire.published.v1 import workflows_pb2 as v1
from hatchet_wire.published.v1.shared.trigger_pb2 import TriggerWorkflowRequest

V0_NOT_YET = {"ScheduleWorkflow": "scheduling runs", "PutRateLimit": "rate limiting"}
V1_NOT_YET = {"BranchDurableTask": "branching of durable tasks"}


async def _put_workflow(engine: Engine, tenant_id: str, request: v1.CreateWorkflowVersionRequest) -> Version:
    parsed = definition(request)
    version: Version = await engine.execute(
        tenant_id,
        RegisterWorkflow(parsed, engine.new_id(), engine.new_id(), [engine.new_id() for _ in parsed.steps]),
    )
    return version


class WorkflowService:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def rpcs(self) -> dict[str, Rpc]:
        """Method name -> function."""
        return {
            "PutWorkflow": self._put_workflow,
            "TriggerWorkflow": self._trigger_workflow,
            "BulkTriggerWorkflow": self._bulk_trigger_workflow,
        }

    async def _put_workflow(self, tenant_id: str, request: v0.PutWorkflowRequest) -> v0.WorkflowVersion:
        version = await _put_workflow(self._engine, tenant_id, from_v0(request.opts))
        at = timestamp(version.created_at)
        return v0.WorkflowVersion(
            id=version.id,
            workflow_id=version.workflow_id,
            version=version.definition.version,
            order=version.number,
            created_at=at,
            updated_at=at,
        )

    async def _trigger_workflow(self, tenant_id: str, request: TriggerWorkflowRequest) -> v0.TriggerWorkflowResponse:
        item = triggers.from_published(request, self._engine.new_id())
        run_ids = await self._engine.execute(tenant_id, TriggerRuns([item]))
        return v0.TriggerWorkflowResponse(workflow_run_id=run_ids[0])

    async def _bulk_trigger_workflow(
        self, tenant_id: str, request: v0.BulkTriggerWorkflowRequest
    ) -> v0.BulkTriggerWorkflowResponse:
        items: list[TriggerItem] = []
        for position, workflow in enumerate(request.workflows):
            try:
                items.append(triggers.from_published(workflow, self._engine.new_id()))
            except InvalidArgument as error:
                raise InvalidArgument(f"{error.message} (item {position}; nothing was started)") from error
        run_ids = await self._engine.execute(tenant_id, TriggerRuns(items))
        return v0.BulkTriggerWorkflowResponse(workflow_run_ids=run_ids)


class AdminService:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def rpcs(self) -> dict[str, Rpc]:
        """Method name -> function."""
        return {
            "PutWorkflow": self._put_workflow,
            "CancelTasks": self._cancel_tasks,
            "ReplayTasks": self._replay_tasks,
            "TriggerWorkflowRun": self._trigger_workflow_run,
            "GetRunDetails": self._get_run_details,
        }

    async def _put_workflow(
        self, tenant_id: str, request: v1.CreateWorkflowVersionRequest
    ) -> v1.CreateWorkflowVersionResponse:
        version = await _put_workflow(self._engine, tenant_id, request)
        return v1.CreateWorkflowVersionResponse(id=version.id, workflow_id=version.workflow_id)

    async def _trigger_workflow_run(
        self, tenant_id: str, request: v1.TriggerWorkflowRunRequest
    ) -> v1.TriggerWorkflowRunResponse:
        item = triggers.from_simple(request, self._engine.new_id())
        run_ids = await self._engine.execute(tenant_id, TriggerRuns([item]))
        return v1.TriggerWorkflowRunResponse(external_id=run_ids[0])

    async def _get_run_details(self, tenant_id: str, request: v1.GetRunDetailsRequest) -> v1.GetRunDetailsResponse:
        run_id = parse_uuid(request.external_id, "external_id")
        details = await self._engine.read(queries.run_details, self._engine.store.reader, tenant_id, run_id)
        if details is None:
            raise NotFound("workflow run not found")
        return run_details(details)

    async def _cancel_tasks(self, tenant_id: str, request: v1.CancelTasksRequest) -> v1.CancelTasksResponse:
        ids = await ids_to_cancel(self._engine, tenant_id, request)
        for portion in portions(ids):
            await self._engine.execute(tenant_id, CancelTasks(portion))
        return v1.CancelTasksResponse(cancelled_tasks=ids)

    async def _replay_tasks(self, tenant_id: str, request: v1.ReplayTasksRequest) -> v1.ReplayTasksResponse:
        ids = await ids_to_replay(self._engine, tenant_id, request)
        replayed: list[str] = []
        for portion in portions(ids):
            replayed += await self._engine.execute(tenant_id, ReplayTasks(portion))
        return v1.ReplayTasksResponse(replayed_tasks=replayed)
