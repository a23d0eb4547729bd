"""No call of any service without a good token; no object of another tenant with one."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import grpc
import jwt
import pytest
from google.protobuf.descriptor import MethodDescriptor
from grpc import aio

from hatchet_engine.server.server import Server
from hatchet_engine.transports.grpc.server import SERVICES
from hatchet_wire.published.dispatcher_pb2 import (
    GetVersionRequest,
    HeartbeatRequest,
    ReleaseSlotRequest,
    SubscribeToWorkflowRunsRequest,
    WorkerListenRequest,
)
from hatchet_wire.published.events_pb2 import PutLogRequest, PutStreamEventRequest
from hatchet_wire.published.v1.workflows_pb2 import CancelTasksRequest, GetRunDetailsRequest, ReplayTasksRequest
from tests.engine_grpc.peers import WorkerPeer
from tests.engine_grpc.wire import Wire, refusal

OTHER_TENANT = "11111111-1111-4111-8111-111111111111"
METHODS = [method for service in SERVICES for method in service.methods]


def path(method: MethodDescriptor) -> str:
    return f"/{method.containing_service.full_name}/{method.name}"


def raw_call(channel: aio.Channel, method: str, metadata: tuple[tuple[str, str], ...]) -> Any:
    """Any kind of call, at the level on which all kinds are alike: no request is sent."""
    return channel.stream_stream(method)(metadata=metadata, timeout=10)


async def issue(server: Server, tenant_id: str, ttl: timedelta = timedelta(days=1)) -> tuple[str, str]:
    return await server.issue_token(tenant_id, "test", ttl)


@pytest.fixture
async def other(server: Server, wire: Wire) -> AsyncIterator[Wire]:
    """A channel of another tenant."""
    await server.create_tenant(OTHER_TENANT, "Other")
    _, token = await issue(server, OTHER_TENANT)
    yield Wire(server, token, wire.channel)


def test_all_services_are_enumerated() -> None:
    assert len(METHODS) == 37
    assert {method.containing_service.full_name for method in METHODS} == {
        "Dispatcher",
        "EventsService",
        "WorkflowService",
        "v1.AdminService",
        "v1.V1Dispatcher",
        "hatchet.session.v1.Session",
    }


@pytest.mark.parametrize(
    "metadata",
    [
        (),
        (("authorization", ""),),
        (("authorization", "bearer "),),
        (("authorization", "bearer nonsense"),),
        (("authorization", "bearer a.b.c"),),
        (("authorization", "basic {token}"),),
        (("authorization", "{token}"),),
        (("x-authorization", "bearer {token}"),),
    ],
    ids=["nothing", "empty", "no token", "nonsense", "three parts", "other scheme", "no scheme", "other header"],
)
async def test_every_rpc_of_every_service_refuses_without_a_token(
    server: Server, wire: Wire, metadata: tuple[tuple[str, str], ...]
) -> None:
    credentials = tuple((key, value.format(token=server.token)) for key, value in metadata)
    paths = [*map(path, METHODS), "/Dispatcher/NoSuchMethod", "/no.such.Service/Method"]
    calls = [raw_call(wire.channel, method, credentials) for method in paths]
    codes = await asyncio.gather(*(call.code() for call in calls))
    assert dict(zip(paths, codes, strict=True)) == dict.fromkeys(paths, grpc.StatusCode.UNAUTHENTICATED)
    assert {await call.details() for call in calls} == {"invalid auth token"}


async def test_unary_stubs_are_refused_too(server: Server, wire: Wire) -> None:
    stranger = Wire(server, "nonsense", wire.channel)
    error = await refusal(stranger.dispatcher.GetVersion(GetVersionRequest()))
    assert (error.code(), error.details()) == (grpc.StatusCode.UNAUTHENTICATED, "invalid auth token")
    worker = WorkerPeer(stranger, "simple:run")
    assert await worker.ended() is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize("scheme", ["bearer", "Bearer", "BEARER"])
async def test_the_scheme_is_compared_without_regard_to_case(server: Server, wire: Wire, scheme: str) -> None:
    metadata = (("authorization", f"{scheme} {server.token}"),)
    assert await wire.dispatcher.GetVersion(GetVersionRequest(), metadata=metadata)


async def test_unknown_methods_are_unimplemented_for_callers(server: Server, wire: Wire) -> None:
    metadata = (("authorization", f"bearer {server.token}"),)
    call = raw_call(wire.channel, "/Dispatcher/NoSuchMethod", metadata)
    assert await call.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_a_revoked_token_is_refused_at_once(server: Server, wire: Wire) -> None:
    token_id, token = await issue(server, server.tenant_id)
    caller = Wire(server, token, wire.channel)
    await caller.dispatcher.GetVersion(GetVersionRequest())
    assert await server.revoke_token(token_id)
    error = await refusal(caller.dispatcher.GetVersion(GetVersionRequest()))
    assert error.code() is grpc.StatusCode.UNAUTHENTICATED
    assert not await server.revoke_token(token_id)
    await wire.dispatcher.GetVersion(GetVersionRequest())


async def test_a_token_is_refused_when_it_has_expired(server: Server, wire: Wire) -> None:
    _, token = await issue(server, server.tenant_id, timedelta(seconds=-1))
    error = await refusal(Wire(server, token, wire.channel).dispatcher.GetVersion(GetVersionRequest()))
    assert error.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_a_token_with_another_signature_is_refused(server: Server, wire: Wire) -> None:
    claims = jwt.decode(server.token, options={"verify_signature": False})
    for token in (
        jwt.encode(claims, b"x" * 32, algorithm="HS256"),
        jwt.encode(claims, "", algorithm="none"),
        server.token[:-4] + "AAAA",
    ):
        error = await refusal(Wire(server, token, wire.channel).dispatcher.GetVersion(GetVersionRequest()))
        assert error.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_objects_of_another_tenant_do_not_exist(wire: Wire, other: Wire) -> None:
    await wire.register_workflow()
    worker_id = await wire.register_worker("simple:run")
    stream = await wire.listen(worker_id)
    run_id = await wire.trigger()
    await stream.read()
    calls = [
        other.admin.GetRunDetails(GetRunDetailsRequest(external_id=run_id)),
        other.dispatcher.Heartbeat(HeartbeatRequest(worker_id=worker_id)),
        other.dispatcher.ReleaseSlot(ReleaseSlotRequest(task_run_external_id=run_id)),
        other.events.PutLog(PutLogRequest(task_run_external_id=run_id, message="m")),
        other.events.PutStreamEvent(PutStreamEventRequest(task_run_external_id=run_id, message=b"m")),
    ]
    for call in calls:
        assert (await refusal(call)).code() is grpc.StatusCode.NOT_FOUND
    listening = other.dispatcher.ListenV2(WorkerListenRequest(worker_id=worker_id))
    assert await listening.code() is grpc.StatusCode.NOT_FOUND
    assert (await refusal(other.trigger())).details() == "workflow names not found: simple"
    assert list((await other.admin.ReplayTasks(ReplayTasksRequest(external_ids=[run_id]))).replayed_tasks) == []
    await other.admin.CancelTasks(CancelTasksRequest(external_ids=[run_id]))
    assert not (await wire.details(run_id)).done


async def test_sessions_of_another_tenant_reach_nothing(wire: Wire, other: Wire) -> None:
    await wire.register_workflow()
    worker = await WorkerPeer(wire, "simple:run").connect()
    run_id = await wire.trigger()
    (assignment,) = await worker.assigned()
    thief = await WorkerPeer(other, "simple:run").connect(worker_id=worker.id)
    assert await thief.ended() is grpc.StatusCode.NOT_FOUND
    stranger = await WorkerPeer(other, "simple:run").connect()
    await stranger.complete(assignment, '{"from": "a stranger"}')
    assert not (await wire.details(run_id)).done
    await worker.complete(assignment, '{"from": "its worker"}')
    assert (await wire.details(run_id)).task_runs["run"].output == b'{"from": "its worker"}'
    subscription = other.dispatcher.SubscribeToWorkflowRuns()
    await subscription.write(SubscribeToWorkflowRunsRequest(workflow_run_id=run_id))
    await other.register_workflow()
    other_run = await other.trigger()
    (assignment,) = await stranger.assigned()
    await stranger.complete(assignment)
    await subscription.write(SubscribeToWorkflowRunsRequest(workflow_run_id=other_run))
    assert (await subscription.read()).workflow_run_id == other_run
