"""A peer that does not read costs the engine a bounded number of bytes, and nobody else anything."""

import gc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc import aio

from hatchet_engine.server.server import Server
from hatchet_engine.transports.grpc.session_client import ClientSession
from hatchet_engine.transports.grpc.streams import Backpressure
from hatchet_wire.published.dispatcher_pb2 import SubscribeToWorkflowRunsRequest, WorkerListenRequest
from hatchet_wire.session.session_pb2 import ClientFrame, ClientHello, WorkerFrame, WorkerHello
from tests.engine_grpc.peers import ClientPeer, WorkerPeer
from tests.engine_grpc.wire import Wire
from tests.support.engine import engine_server
from tests.support.waiting import aio_eventually

MiB = 1024 * 1024
BIG = '{"a": "' + "x" * (2 * MiB) + '"}'
RUNS = 12


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with engine_server(tmp_path, stream_backlog_bytes=4 * MiB, stream_patience_s=0.2) as running:
        yield running


async def finished_runs(wire: Wire) -> list[str]:
    """Runs with big outputs."""
    await wire.register_workflow()
    worker = await WorkerPeer(wire, "simple:run").connect()
    run_ids = [await wire.trigger() for _ in range(RUNS)]
    for assignment in list(await worker.assigned(RUNS)):
        await worker.complete(assignment, BIG)
    return run_ids


async def status_of(call: Any) -> grpc.StatusCode:
    """Read what is there, at last; the status of the stream."""
    try:
        while await call.read() is not aio.EOF:
            """Whatever had been sent before the end."""
    except aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK


async def test_a_client_that_does_not_read_is_disconnected(server: Server, wire: Wire) -> None:
    run_ids = await finished_runs(wire)
    deaf = wire.session.Client(timeout=None)
    await deaf.write(ClientFrame(hello=ClientHello(), subscribe=run_ids))
    await aio_eventually(lambda: server.open_streams == 2)
    await aio_eventually(lambda: server.open_streams == 1)
    gc.collect()
    assert [held for held in gc.get_objects() if isinstance(held, ClientSession)] == []
    attentive = await ClientPeer(wire).connect()
    await attentive.send(subscribe=run_ids)
    for run_id in run_ids:
        assert (await attentive.result(run_id)).tasks[0].output == BIG
    assert await status_of(deaf) is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_a_subscriber_that_does_not_read_is_disconnected(server: Server, wire: Wire) -> None:
    run_ids = await finished_runs(wire)
    deaf = wire.dispatcher.SubscribeToWorkflowRuns(timeout=None)
    for run_id in run_ids:
        await deaf.write(SubscribeToWorkflowRunsRequest(workflow_run_id=run_id))
    await aio_eventually(lambda: server.open_streams == 2)
    await aio_eventually(lambda: server.open_streams == 1)
    assert await status_of(deaf) is grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.mark.parametrize("protocol", ["session", "published"])
async def test_what_a_deaf_worker_did_not_take_goes_to_another(server: Server, wire: Wire, protocol: str) -> None:
    await wire.register_workflow()
    if protocol == "session":
        deaf = wire.session.Worker(timeout=None)
        await deaf.write(WorkerFrame(hello=WorkerHello(name="deaf", actions=["simple:run"], slots={"default": RUNS})))
    else:
        worker_id = await wire.register_worker("simple:run", slots=RUNS)
        deaf = wire.dispatcher.ListenV2(WorkerListenRequest(worker_id=worker_id), timeout=None)
    await aio_eventually(lambda: server.open_streams == 1)
    await aio_eventually(lambda: [w for w in server.engine.live_workers(server.tenant_id) if w.session])
    for _ in range(RUNS):
        await wire.trigger(input=BIG)
    await aio_eventually(lambda: server.open_streams == 0)
    worker = await WorkerPeer(wire, "simple:run").connect()
    assert len(await worker.assigned(RUNS - 4)) >= RUNS - 4
    assert await status_of(deaf) is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_a_slow_but_reading_client_is_kept(server: Server, wire: Wire) -> None:
    run_ids = await finished_runs(wire)
    client = wire.session.Client(timeout=None)
    await client.write(ClientFrame(hello=ClientHello(), subscribe=run_ids))
    seen = 0
    while seen < RUNS:
        frame = await client.read()
        seen += len(frame.results)
    assert server.open_streams == 2


def test_the_ceiling_is_above_the_limit() -> None:
    limits = Backpressure()
    assert limits.ceiling_bytes > limits.limit_bytes
