"""Running a server as a process: signals, garbage collection, a temporary installation."""

import asyncio
import gc
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hatchet_engine.server.server import Server
from hatchet_engine.server.settings import ServerSettings

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_GC_THRESHOLDS = (50_000, 20, 100)
"""Tasks come and go by the thousand without cycles; looking for cycles often costs more than it finds."""

_SWITCH_INTERVAL_S = 0.0005
"""The ledger's thread lets go of the interpreter lock at every statement; with the default of 5 ms it would wait that
long for it beside a busy loop."""


async def serve(
    settings: ServerSettings,
    on_ready: Callable[[Server], None] | None = None,
    stop: asyncio.Event | None = None,
) -> None:
    """Run a server until SIGTERM or SIGINT; a second signal ends the process at once.

    Args:
        settings: where and how.
        on_ready: called when calls are answered.
        stop: another way to end it.

    Raises:
        OSError: a port is taken, or a file cannot be read or written.
        StoreError: the database cannot be opened.
    """
    stop = stop or asyncio.Event()
    server = Server(settings)
    await server.start()
    try:
        _stop_on_signals(stop)
        _tune_interpreter()
        if on_ready is not None:
            on_ready(server)
        await stop.wait()
    finally:
        await server.stop()


def _stop_on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        stop.set()
        for number in _SIGNALS:
            loop.remove_signal_handler(number)

    for number in _SIGNALS:
        loop.add_signal_handler(number, on_signal)


def _tune_interpreter() -> None:
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's, if it is installed; None stands for asyncio's own."""
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


@contextmanager
def ephemeral(settings: ServerSettings) -> Iterator[ServerSettings]:
    """The same settings on free ports and a temporary folder, which is removed at the end."""
    with tempfile.TemporaryDirectory(prefix="hatchet-") as folder:
        place = {"data_dir": Path(folder), "database_url": None, "grpc_port": 0, "rest_port": 0}
        yield settings.model_copy(update=place)


def ready_line(server: Server) -> str:
    """One line of JSON for the program that started this one: where the server is and how to get in."""
    return json.dumps(
        {
            "token": server.token,
            "grpc": server.grpc_address,
            "rest": server.rest_url,
            "pid": os.getpid(),
            "tenant_id": server.tenant_id,
            "data_dir": str(server.settings.data_dir.absolute()),
            "tls_strategy": server.settings.tls_strategy,
        }
    )
