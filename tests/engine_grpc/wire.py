"""The published services over a real socket, with a token in every call."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Protocol

import grpc
import pytest
from grpc import aio

from hatchet_wire.published import dispatcher_pb2_grpc, events_pb2_grpc, workflows_pb2_grpc
from hatchet_wire.published.dispatcher_pb2 import (
    AssignedAction,
    StepActionEvent,
    WorkerListenRequest,
    WorkerRegisterRequest,
)
from hatchet_wire.published.v1 import dispatcher_pb2_grpc as v1_dispatcher_pb2_grpc
from hatchet_wire.published.v1 import workflows_pb2_grpc as v1_workflows_pb2_grpc
from hatchet_wire.published.v1.shared.trigger_pb2 import TriggerWorkflowRequest
from hatchet_wire.published.v1.workflows_pb2 import (
    CreateTaskOpts,
    CreateWorkflowVersionRequest,
    GetRunDetailsRequest,
    GetRunDetailsResponse,
)
from hatchet_wire.session import session_pb2_grpc

UNKNOWN_ID = "00000000-0000-7000-8000-000000000000"


class Address(Protocol):
    """Where an engine is, and a token for it."""

    @property
    def grpc_address(self) -> str: ...
    @property
    def token(self) -> str: ...


class _WithToken:
    def __init__(self, stub: Any, token: str | None) -> None:
        self._stub = stub
        self._metadata = (("authorization", f"bearer {token}"),) if token is not None else ()

    def __getattr__(self, method: str) -> Any:
        call = getattr(self._stub, method)
        return lambda *args, **kwargs: call(*args, **{"metadata": self._metadata, "timeout": 30} | kwargs)


class Wire:
    """One channel with the stubs of all services."""

    def __init__(self, server: Address, token: str | None = None, channel: aio.Channel | None = None) -> None:
        self.token = server.token if token is None else token
        self.channel = channel or aio.insecure_channel(server.grpc_address)
        self.dispatcher = self._stub(dispatcher_pb2_grpc.DispatcherStub)
        self.events = self._stub(events_pb2_grpc.EventsServiceStub)
        self.workflows = self._stub(workflows_pb2_grpc.WorkflowServiceStub)
        self.admin = self._stub(v1_workflows_pb2_grpc.AdminServiceStub)
        self.durable = self._stub(v1_dispatcher_pb2_grpc.V1DispatcherStub)
        self.session = self._stub(session_pb2_grpc.SessionStub)

    def _stub(self, stub: Any) -> _WithToken:
        return _WithToken(stub(self.channel), self.token)

    async def register_workflow(self, name: str = "simple", **task: Any) -> str:
        """A workflow of one task, `simple:run`; returns its workflow id."""
        reply = await self.admin.PutWorkflow(workflow(name, **task))
        workflow_id: str = reply.workflow_id
        return workflow_id

    async def trigger(self, name: str = "simple", input: str = '{"n": 1}', **options: Any) -> str:
        """Start a run; returns its id."""
        reply = await self.workflows.TriggerWorkflow(TriggerWorkflowRequest(name=name, input=input, **options))
        run_id: str = reply.workflow_run_id
        return run_id

    async def register_worker(self, *actions: str, slots: int = 10) -> str:
        """A worker of the published protocol; returns its id."""
        request = WorkerRegisterRequest(worker_name="w", actions=actions, slot_config={"default": slots})
        reply = await self.dispatcher.Register(request)
        worker_id: str = reply.worker_id
        return worker_id

    async def listen(self, worker_id: str) -> Any:
        """An open ListenV2 stream."""
        call = self.dispatcher.ListenV2(WorkerListenRequest(worker_id=worker_id), timeout=None)
        await call.initial_metadata()
        return call

    async def details(self, run_id: str) -> GetRunDetailsResponse:
        reply: GetRunDetailsResponse = await self.admin.GetRunDetails(GetRunDetailsRequest(external_id=run_id))
        return reply


@dataclass(frozen=True)
class Refusal:
    """The status that a call ended with."""

    status: grpc.StatusCode
    text: str

    def code(self) -> grpc.StatusCode:
        return self.status

    def details(self) -> str:
        return self.text


async def refusal(call: Awaitable[Any]) -> Refusal:
    """The status of a call that must not succeed."""
    with pytest.raises(aio.AioRpcError) as refused:
        await call
    return Refusal(refused.value.code(), refused.value.details() or "")


def event(worker_id: str, action: AssignedAction, kind: Any, payload: str = "", **fields: Any) -> Any:
    """A worker's report about the attempt that `action` started."""
    return StepActionEvent(
        worker_id=worker_id,
        task_run_external_id=action.task_run_external_id,
        event_type=kind,
        event_payload=payload,
        **({"retry_count": action.retry_count} | fields),
    )


def workflow(name: str = "simple", **task: Any) -> CreateWorkflowVersionRequest:
    """The registration of a workflow of one task."""
    options = {"readable_id": "run", "action": f"{name}:run", "timeout": "60s"} | task
    return CreateWorkflowVersionRequest(name=name, tasks=[CreateTaskOpts(**options)])
