"""The worker's health endpoint: `GET /health` and `GET /metrics`."""

import asyncio
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hatchet_sdk.logger import logger

if TYPE_CHECKING:
    from hatchet_sdk.config import HealthcheckConfig

REQUEST_WITHIN_S = 5.0
_PLAIN = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Health:
    """What the endpoint shows."""

    status: str
    """HEALTHY, STARTING or UNHEALTHY."""
    loop_lag_s: float


class HealthEndpoint:
    """A small HTTP server on the transport's loop, so that it answers whatever the tasks do."""

    def __init__(self, config: "HealthcheckConfig", health: Callable[[], Health]) -> None:
        self._config = config
        self._health = health
        self._server: asyncio.Server | None = None
        self._since = time.time()

    @property
    def port(self) -> int:
        """The port that it listens on."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self) -> None:
        """Raises:
        OSError: the port is in use.
        """
        self._server = await asyncio.start_server(self._serve, self._config.bind_address, self._config.port)
        logger.info("the health endpoint listens on port %d", self.port)

    async def stop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
            await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(REQUEST_WITHIN_S):
                head = await reader.readuntil(b"\r\n\r\n")
                status, kind, body = self._answer(head.split(b"\r\n", 1)[0].decode("latin-1"))
                writer.write(
                    f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
                    f"Connection: close\r\n\r\n".encode()
                    + body
                )
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            logger.debug("a request to the health endpoint failed: %r", error)
        finally:
            writer.close()

    def _answer(self, request_line: str) -> tuple[str, str, bytes]:
        method, _, rest = request_line.partition(" ")
        path = rest.split(" ", 1)[0].split("?", 1)[0]
        if method != "GET":
            return "405 Method Not Allowed", _PLAIN, b"only GET\n"
        health = self._health()
        if path == "/health":
            code = "200 OK" if health.status == "HEALTHY" else "503 Service Unavailable"
            return code, "application/json", f'{{"status":"{health.status}"}}'.encode()
        if path == "/metrics":
            return "200 OK", _PLAIN, self._metrics(health).encode()
        return "404 Not Found", _PLAIN, b"there is /health and /metrics\n"

    def _metrics(self, health: Health) -> str:
        gauges = {
            "hatchet_worker_listener_health": ("1 if the worker is healthy", float(health.status == "HEALTHY")),
            "hatchet_worker_event_loop_lag_seconds": ("how late the event loop answers", health.loop_lag_s),
            **_process_gauges(self._since),
        }
        lines = []
        for name, (text, value) in gauges.items():
            kind = "counter" if name.endswith("_total") else "gauge"
            lines.append(f"# HELP {name} {text}\n# TYPE {name} {kind}\n{name} {value}\n")
        return "".join(lines)


def _process_gauges(since: float) -> dict[str, tuple[str, float]]:
    cpu = time.process_time()
    gauges = {
        "process_cpu_seconds_total": ("user and system CPU time", cpu),
        "process_start_time_seconds": ("start of the worker since the epoch", since),
    }
    if sys.platform == "linux":
        size, resident = (int(pages) for pages in Path("/proc/self/statm").read_text().split()[:2])
        page = os.sysconf("SC_PAGE_SIZE")
        gauges["process_virtual_memory_bytes"] = ("virtual memory", float(size * page))
        gauges["process_resident_memory_bytes"] = ("resident memory", float(resident * page))
        gauges["process_open_fds"] = ("open file descriptors", float(len(os.listdir("/proc/self/fd"))))
    return gauges
