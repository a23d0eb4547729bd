"""An engine and a channel to it, for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hatchet_engine.server.server import Server
from tests.engine_grpc.wire import Wire
from tests.support.engine import engine_server


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with engine_server(tmp_path) as running:
        yield running


@pytest.fixture
async def wire(server: Server) -> AsyncIterator[Wire]:
    wire = Wire(server)
    yield wire
    await wire.channel.close()
