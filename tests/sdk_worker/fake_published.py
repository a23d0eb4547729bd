"""The published RPCs of the fake engine."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from hatchet_wire.published import (
    dispatcher_pb2,
    dispatcher_pb2_grpc,
    events_pb2,
    events_pb2_grpc,
    workflows_pb2,
    workflows_pb2_grpc,
)
from hatchet_wire.published.v1 import workflows_pb2 as admin_pb2
from hatchet_wire.published.v1 import workflows_pb2_grpc as admin_pb2_grpc
from hatchet_wire.session import session_pb2 as pb

if TYPE_CHECKING:
    from tests.sdk_worker.fake_engine import FakeEngine
    from tests.sdk_worker.fake_session import Run


class Published:
    """What the services share."""

    def __init__(self, engine: "FakeEngine") -> None:
        self.engine = engine
        self.dispatcher = Dispatcher(self)
        self.events = Events(self)
        self.workflows = Workflows(self)
        self.admin = Admin(self)
        self.calls: list[Any] = []
        """Requests of unary calls, in order."""
        self.failures: dict[str, list[grpc.StatusCode]] = {}
        """Method -> codes with which its next calls fail."""
        self.subscriptions: list[tuple[set[str], asyncio.Queue[Any]]] = []
        self.listeners: dict[str, asyncio.Queue[Any]] = {}
        self.run_events: list[dispatcher_pb2.WorkflowEvent] = []
        self.withhold_outputs = False

    async def receive(self, method: str, request: Any, context: Any) -> None:
        self.calls.append(request)
        failures = self.failures.get(method)
        if failures:
            await context.abort(failures.pop(0), f"{method} is told to fail")

    def requests(self, kind: type) -> list[Any]:
        return [request for request in list(self.calls) if isinstance(request, kind)]

    def finished(self, run: "Run") -> None:
        for wanted, queue in self.subscriptions:
            if run.id in wanted:
                wanted.discard(run.id)
                queue.put_nowait(self.run_event(run))

    def run_event(self, run: "Run") -> dispatcher_pb2.WorkflowRunEvent:
        result = dispatcher_pb2.StepRunResult(
            task_run_external_id=run.id, task_name=run.workflow, output=run.output, error=run.error
        )
        return dispatcher_pb2.WorkflowRunEvent(
            workflow_run_id=run.id, results=[] if self.withhold_outputs else [result]
        )


class Workflows(workflows_pb2_grpc.WorkflowServiceServicer):
    def __init__(self, published: Published) -> None:
        self.published = published

    async def TriggerWorkflow(self, request: Any, context: Any) -> workflows_pb2.TriggerWorkflowResponse:
        await self.published.receive("TriggerWorkflow", request, context)
        return workflows_pb2.TriggerWorkflowResponse(workflow_run_id=self._add(request))

    async def BulkTriggerWorkflow(self, request: Any, context: Any) -> workflows_pb2.BulkTriggerWorkflowResponse:
        await self.published.receive("BulkTriggerWorkflow", request, context)
        ids = [self._add(item) for item in request.workflows]
        return workflows_pb2.BulkTriggerWorkflowResponse(workflow_run_ids=ids)

    def _add(self, request: Any) -> str:
        from tests.sdk_worker.fake_session import Run

        engine = self.published.engine
        run = Run(f"published-{len(engine.runs)}", request.name, request.input)
        engine._add([run])
        return run.id


class Admin(admin_pb2_grpc.AdminServiceServicer):
    def __init__(self, published: Published) -> None:
        self.published = published

    async def PutWorkflow(self, request: Any, context: Any) -> admin_pb2.CreateWorkflowVersionResponse:
        await self.published.receive("PutWorkflow", request, context)
        self.published.engine.registered.append(request)
        return admin_pb2.CreateWorkflowVersionResponse(id="version-id", workflow_id="workflow-id")

    async def GetRunDetails(self, request: Any, context: Any) -> admin_pb2.GetRunDetailsResponse:
        await self.published.receive("GetRunDetails", request, context)
        run = self.published.engine.runs.get(request.external_id)
        if run is None:
            await context.abort(grpc.StatusCode.NOT_FOUND, "workflow run not found")
            raise AssertionError("abort returns")
        status = {pb.RunResult.COMPLETED: admin_pb2.COMPLETED, pb.RunResult.FAILED: admin_pb2.FAILED}
        response = admin_pb2.GetRunDetailsResponse(
            status=status.get(run.status, admin_pb2.RUNNING), done=bool(run.status)
        )
        response.task_runs[run.workflow].CopyFrom(
            admin_pb2.TaskRunDetail(external_id=run.id, readable_id=run.workflow, output=run.output.encode())
        )
        return response


class Events(events_pb2_grpc.EventsServiceServicer):
    def __init__(self, published: Published) -> None:
        self.published = published

    async def PutLog(self, request: Any, context: Any) -> events_pb2.PutLogResponse:
        await self.published.receive("PutLog", request, context)
        return events_pb2.PutLogResponse()

    async def PutStreamEvent(self, request: Any, context: Any) -> events_pb2.PutStreamEventResponse:
        await self.published.receive("PutStreamEvent", request, context)
        return events_pb2.PutStreamEventResponse()


class Dispatcher(dispatcher_pb2_grpc.DispatcherServicer):
    def __init__(self, published: Published) -> None:
        self.published = published

    async def GetVersion(self, request: Any, context: Any) -> dispatcher_pb2.GetVersionResponse:
        await self.published.receive("GetVersion", request, context)
        self.published.engine.note_token(context)
        return dispatcher_pb2.GetVersionResponse(version="v0.101.27")

    async def Register(self, request: Any, context: Any) -> dispatcher_pb2.WorkerRegisterResponse:
        await self.published.receive("Register", request, context)
        worker_id = f"published-worker-{len(self.published.requests(dispatcher_pb2.WorkerRegisterRequest))}"
        return dispatcher_pb2.WorkerRegisterResponse(tenant_id="tenant-1", worker_id=worker_id)

    async def ListenV2(self, request: Any, context: Any) -> AsyncIterator[dispatcher_pb2.AssignedAction]:
        await self.published.receive("ListenV2", request, context)
        queue: asyncio.Queue[Any] = asyncio.Queue()
        self.published.listeners[request.worker_id] = queue
        try:
            while (action := await queue.get()) is not None:
                yield action
        finally:
            if self.published.listeners.get(request.worker_id) is queue:
                del self.published.listeners[request.worker_id]

    async def Heartbeat(self, request: Any, context: Any) -> dispatcher_pb2.HeartbeatResponse:
        await self.published.receive("Heartbeat", request, context)
        return dispatcher_pb2.HeartbeatResponse()

    async def SendStepActionEvent(self, request: Any, context: Any) -> dispatcher_pb2.ActionEventResponse:
        await self.published.receive("SendStepActionEvent", request, context)
        return dispatcher_pb2.ActionEventResponse()

    async def RefreshTimeout(self, request: Any, context: Any) -> dispatcher_pb2.RefreshTimeoutResponse:
        await self.published.receive("RefreshTimeout", request, context)
        return dispatcher_pb2.RefreshTimeoutResponse(timeout_at=Timestamp(seconds=1))

    async def ReleaseSlot(self, request: Any, context: Any) -> dispatcher_pb2.ReleaseSlotResponse:
        await self.published.receive("ReleaseSlot", request, context)
        return dispatcher_pb2.ReleaseSlotResponse()

    async def UpsertWorkerLabels(self, request: Any, context: Any) -> dispatcher_pb2.UpsertWorkerLabelsResponse:
        await self.published.receive("UpsertWorkerLabels", request, context)
        return dispatcher_pb2.UpsertWorkerLabelsResponse()

    async def Unsubscribe(self, request: Any, context: Any) -> dispatcher_pb2.WorkerUnsubscribeResponse:
        await self.published.receive("Unsubscribe", request, context)
        return dispatcher_pb2.WorkerUnsubscribeResponse()

    async def SubscribeToWorkflowRuns(
        self, request_iterator: Any, context: Any
    ) -> AsyncIterator[dispatcher_pb2.WorkflowRunEvent]:
        await self.published.receive("SubscribeToWorkflowRuns", None, context)
        wanted: set[str] = set()
        queue: asyncio.Queue[Any] = asyncio.Queue()
        subscription = (wanted, queue)
        self.published.subscriptions.append(subscription)

        async def read() -> None:
            async for request in request_iterator:
                run = self.published.engine.runs.get(request.workflow_run_id)
                if run is not None and run.status:
                    queue.put_nowait(self.published.run_event(run))
                else:
                    wanted.add(request.workflow_run_id)

        reader = asyncio.get_running_loop().create_task(read())
        try:
            while (event := await queue.get()) is not None:
                yield event
        finally:
            reader.cancel()
            self.published.subscriptions.remove(subscription)

    async def SubscribeToWorkflowEvents(
        self, request: Any, context: Any
    ) -> AsyncIterator[dispatcher_pb2.WorkflowEvent]:
        await self.published.receive("SubscribeToWorkflowEvents", request, context)
        for event in self.published.run_events:
            yield event


def action_payload(input: dict[str, Any]) -> str:
    return json.dumps({"input": input, "triggered_by": "manual", "parents": {}, "triggers": {}, "user_data": None})
