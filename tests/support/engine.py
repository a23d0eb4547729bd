"""A real engine in the test's process: SQLite file, gRPC and REST on free ports."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from hatchet_engine.server.server import Server
from hatchet_engine.server.settings import ServerSettings


def settings_for(folder: Path, **changes: Any) -> ServerSettings:
    """Free ports on the loopback, data in `folder`, no waiting at the end."""
    given: dict[str, Any] = {"data_dir": folder, "grpc_port": 0, "rest_port": 0, "shutdown_grace_s": 0.5}
    return ServerSettings(**given | changes)


@asynccontextmanager
async def engine_server(folder: Path, **changes: Any) -> AsyncIterator[Server]:
    """A server on the test's own loop. `changes` are settings."""
    server = Server(settings_for(folder, **changes))
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@contextmanager
def engine_server_in_thread(folder: Path, **changes: Any) -> Iterator[Server]:
    """A server on a loop and thread of its own, for tests that block. Use its addresses and token only."""
    server = Server(settings_for(folder, **changes))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="engine-of-test", daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(server.start(), loop).result(30)
        try:
            yield server
        finally:
            asyncio.run_coroutine_threadsafe(server.stop(), loop).result(30)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
