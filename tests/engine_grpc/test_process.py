"""The server as a process: one line when ready, an orderly end, kill -9."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from grpc import aio

from hatchet_wire.session.session_pb2 import Trigger
from tests.engine_grpc.peers import ClientPeer, WorkerPeer
from tests.engine_grpc.wire import Wire


@dataclass
class Place:
    """What the line says, as far as a test client needs it."""

    grpc_address: str
    token: str


@contextmanager
def engine_process(*arguments: str, **settings: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """A running server and its line."""
    environment = os.environ | {f"HATCHET_SERVER_{name.upper()}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "hatchet_engine.server", "--json", *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            yield process, json.loads(line) if line else {}
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_ephemeral_server_says_one_line_and_leaves_nothing(number: signal.Signals) -> None:
    with engine_process("--ephemeral", log_format="json") as (process, line):
        assert set(line) == {"token", "grpc", "rest", "pid", "tenant_id", "data_dir", "tls_strategy"}
        assert line["pid"] == process.pid
        assert Path(line["data_dir"], "hatchet.db").exists()
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
        assert process.returncode == 0
        assert out == ""
        assert {json.loads(text)["level"] for text in err.splitlines()} <= {"info"}
        assert not Path(line["data_dir"]).exists()


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    with (
        engine_process(data_dir=str(tmp_path), grpc_port="0", rest_port="0"),
        engine_process(data_dir=str(tmp_path), grpc_port="0", rest_port="0") as (second, line),
    ):
        assert line == {}
        out, err = second.communicate(timeout=20)
        assert second.returncode == 1
        assert out == ""
        assert "in use by another engine" in err.splitlines()[-1]
        assert "Traceback" not in err


async def test_what_was_accepted_survives_kill_9(tmp_path: Path) -> None:
    with engine_process(data_dir=str(tmp_path), grpc_port="0", rest_port="0") as (process, line):
        wire = wire_of(line)
        await wire.register_workflow()
        client = await ClientPeer(wire).connect()
        run_ids = [await wire.trigger() for _ in range(3)]
        late = Trigger(run_id="01900000-0000-7000-8000-000000000001", workflow="simple")
        await client.trigger(1, late)
        assert await client.verdict(1) == "accepted"
        process.kill()
        await asyncio.to_thread(process.wait)
        await wire.channel.close()
    with engine_process(data_dir=str(tmp_path), grpc_port="0", rest_port="0") as (_, line):
        wire = wire_of(line)
        worker = await WorkerPeer(wire, "simple:run").connect()
        assignments = await worker.assigned(4)
        assert {assignment.run_id for assignment in assignments} == {*run_ids, late.run_id}
        await wire.channel.close()


def wire_of(line: dict[str, Any]) -> Wire:
    return Wire(Place(line["grpc"], line["token"]), channel=aio.insecure_channel(line["grpc"]))
