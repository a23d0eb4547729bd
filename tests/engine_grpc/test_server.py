"""The server as a whole: first start, restart, refusal to start, shutdown, and what a channel may do."""

import asyncio
import stat
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc import aio

from hatchet_engine.server.server import DEFAULT_TENANT_ID, Server
from hatchet_engine.server.settings import ServerSettings
from hatchet_engine.store.errors import StoreInUse
from hatchet_wire.published.dispatcher_pb2 import GetVersionRequest, SubscribeToWorkflowRunsRequest
from hatchet_wire.session.session_pb2 import Attempt
from tests.engine_grpc.peers import ClientPeer, WorkerPeer
from tests.engine_grpc.wire import Wire, refusal
from tests.support.engine import engine_server, engine_server_in_thread, settings_for


async def version(server: Server) -> str:
    wire = Wire(server)
    try:
        return str((await wire.dispatcher.GetVersion(GetVersionRequest())).version)
    finally:
        await wire.channel.close()


async def test_the_first_start_makes_a_tenant_a_key_and_a_token(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    async with engine_server(folder) as server:
        assert server.tenant_id == DEFAULT_TENANT_ID
        assert server.grpc_address.startswith("127.0.0.1:")
        assert server.rest_url.startswith("http://127.0.0.1:")
        assert await version(server) == "v0.101.27"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        for name in ("signing.key", "token", "hatchet.db"):
            assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600


async def test_a_restart_keeps_token_runs_and_workers(tmp_path: Path) -> None:
    async with engine_server(tmp_path) as first:
        ports = {"grpc_port": port_of(first.grpc_address), "rest_port": port_of(first.rest_url)}
        token = first.token
        wire = Wire(first)
        await wire.register_workflow()
        worker = await WorkerPeer(wire, "simple:run", slots=1).connect()
        running, waiting = await wire.trigger(), await wire.trigger()
        (assignment,) = await worker.assigned()
        assert assignment.run_id == running
    assert await worker.ended() is grpc.StatusCode.UNAVAILABLE
    await wire.channel.close()
    async with engine_server(tmp_path, **ports) as second:
        assert second.token == token
        wire = Wire(second)
        again = await WorkerPeer(wire, "simple:run").connect(
            worker_id=worker.id, running=[Attempt(task_id=running, retry_count=0)]
        )
        await again.complete(assignment, '{"after": "the restart"}')
        assert (await wire.details(running)).task_runs["run"].output == b'{"after": "the restart"}'
        (next_one,) = await again.assigned()
        assert next_one.run_id == waiting
        await wire.channel.close()


def port_of(address: str) -> int:
    return int(address.rsplit(":", 1)[1])


async def test_another_address_gets_another_token(tmp_path: Path) -> None:
    async with engine_server(tmp_path) as first:
        token = first.token
    async with engine_server(tmp_path, server_url="http://queue.example") as second:
        assert second.rest_url == "http://queue.example"
        assert second.token != token
        assert await version(second)
        wire = Wire(second, token)
        error = await refusal(wire.dispatcher.GetVersion(GetVersionRequest()))
        assert error.code() is grpc.StatusCode.UNAUTHENTICATED
        await wire.channel.close()


async def test_a_token_that_ends_soon_is_renewed(tmp_path: Path) -> None:
    async with engine_server(tmp_path, token_ttl_days=1) as first:
        token = first.token
        ports = {"grpc_port": port_of(first.grpc_address), "rest_port": port_of(first.rest_url)}
    async with engine_server(tmp_path, token_ttl_days=90, **ports) as second:
        assert second.token != token
        wire = Wire(second, token)
        await wire.dispatcher.GetVersion(GetVersionRequest())
        await wire.channel.close()


@pytest.mark.parametrize("taken", ["grpc_port", "rest_port"])
async def test_a_taken_port_is_said_and_nothing_is_left_open(tmp_path: Path, taken: str) -> None:
    async with engine_server(tmp_path / "first") as first:
        port = port_of(first.grpc_address if taken == "grpc_port" else first.rest_url)
        second = Server(settings_for(tmp_path / "second", **{taken: port}))
        with pytest.raises(OSError):
            await second.start()
    async with engine_server(tmp_path / "second") as third:
        assert await version(third)


async def test_two_engines_cannot_have_one_database(tmp_path: Path) -> None:
    async with engine_server(tmp_path) as first:
        with pytest.raises(StoreInUse):
            await Server(settings_for(tmp_path)).start()
        assert await version(first)


async def test_a_shutdown_ends_streams_with_unavailable(tmp_path: Path) -> None:
    async with engine_server(tmp_path) as server:
        wire = Wire(server)
        await wire.register_workflow()
        published = await wire.listen(await wire.register_worker("simple:run"))
        subscription = wire.dispatcher.SubscribeToWorkflowRuns(timeout=None)
        await subscription.write(SubscribeToWorkflowRunsRequest())
        worker = await WorkerPeer(wire, "other:run").connect()
        client = await ClientPeer(wire).connect()
    codes = [await published.code(), await subscription.code(), await worker.ended(), await client.ended()]
    assert codes == [grpc.StatusCode.UNAVAILABLE] * 4
    assert (await refusal(wire.trigger())).code() is grpc.StatusCode.UNAVAILABLE
    await wire.channel.close()


async def test_what_was_accepted_before_a_shutdown_is_kept(tmp_path: Path) -> None:
    async with engine_server(tmp_path) as server:
        wire = Wire(server)
        await wire.register_workflow()
        triggers = [asyncio.ensure_future(wire.trigger()) for _ in range(50)]
        await triggers[0]
    outcomes = await asyncio.gather(*triggers, return_exceptions=True)
    accepted = [outcome for outcome in outcomes if isinstance(outcome, str)]
    refused = [outcome for outcome in outcomes if not isinstance(outcome, str)]
    assert {error.code() for error in refused if isinstance(error, aio.AioRpcError)} <= {grpc.StatusCode.UNAVAILABLE}
    assert len([error for error in refused if isinstance(error, aio.AioRpcError)]) == len(refused)
    await wire.channel.close()
    async with engine_server(tmp_path) as again:
        wire = Wire(again)
        for run_id in accepted:
            assert not (await wire.details(run_id)).done
        await wire.channel.close()


async def test_stopping_twice_and_without_a_start_is_fine(tmp_path: Path) -> None:
    server = Server(settings_for(tmp_path))
    await server.stop()
    with pytest.raises(RuntimeError, match="not started"):
        _ = server.engine
    with pytest.raises(RuntimeError, match="not started"):
        _ = server.tokens
    async with engine_server(tmp_path) as running:
        await running.stop(grace_s=0)


def test_an_engine_in_a_thread_of_its_own(tmp_path: Path) -> None:
    with engine_server_in_thread(tmp_path) as server, grpc.insecure_channel(server.grpc_address) as channel:
        call: Any = channel.unary_unary(
            "/Dispatcher/GetVersion", request_serializer=GetVersionRequest.SerializeToString
        )
        assert b"v0.101.27" in call(
            GetVersionRequest(), metadata=(("authorization", f"bearer {server.token}"),), timeout=10
        )


async def test_compressed_requests_are_understood(server: Server) -> None:
    channel = aio.insecure_channel(server.grpc_address, compression=grpc.Compression.Gzip)
    wire = Wire(server, channel=channel)
    await wire.register_workflow()
    text = '{"a": "' + "x" * 100_000 + '"}'
    assert (await wire.details(await wire.trigger(input=text))).input == text.encode()
    await channel.close()


async def test_a_client_may_ping_as_often_as_it_likes(server: Server) -> None:
    options = [
        ("grpc.keepalive_time_ms", 20),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
    ]
    wire = Wire(server, channel=aio.insecure_channel(server.grpc_address, options=options))
    client = await ClientPeer(wire).connect()
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(client.ended(), 1.0)
    await wire.channel.close()


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = ServerSettings()
    assert (settings.bind, settings.grpc_port, settings.rest_port) == ("127.0.0.1", 7077, 8888)
    assert settings.tls_strategy == "none"
    monkeypatch.setenv("HATCHET_SERVER_GRPC_PORT", "0")
    monkeypatch.setenv("HATCHET_SERVER_DATA_DIR", "elsewhere")
    changed = ServerSettings(rest_port=1)
    assert (changed.grpc_port, changed.rest_port, changed.data_dir) == (0, 1, Path("elsewhere"))
    assert changed.store_url == f"sqlite:///{Path.cwd()}/elsewhere/hatchet.db"


@pytest.mark.parametrize(("bind", "host"), [("0.0.0.0", "127.0.0.1"), ("::1", "[::1]"), ("10.0.0.7", "10.0.0.7")])
def test_addresses_in_tokens_can_be_reached(bind: str, host: str) -> None:
    assert ServerSettings(bind=bind).public_host == host


def test_every_setting_is_described() -> None:
    assert [name for name, field in ServerSettings.model_fields.items() if not field.description] == []
