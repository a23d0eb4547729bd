"""One process of the user's worker."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from hatchet_cli.dev import guard

HEALTH_POLL_S = 0.05
HEALTH_TIMEOUT_S = 1.0


class WorkerProcess:
    """A worker in a session of its own, so that Ctrl+C in the terminal reaches us and not it.

    It gets a health endpoint on a free port, whatever its settings say: during a reload two of them run side by side.
    """

    def __init__(self, process: asyncio.subprocess.Process, health_port: int) -> None:
        self._process = process
        self._health_port = health_port
        self._asked_to_stop = False
        self.pid = process.pid

    @classmethod
    async def start(cls, command: Sequence[str], environment: Mapping[str, str], directory: Path) -> Self:
        """Start the command; stdout and stderr are ours.

        Args:
            command: its words; the first is a program.
            environment: all its variables but those of the health endpoint.
            directory: where it runs.
        """
        port = free_port()
        health = {
            "HATCHET_CLIENT_WORKER_HEALTHCHECK_ENABLED": "true",
            "HATCHET_CLIENT_WORKER_HEALTHCHECK_BIND_ADDRESS": "127.0.0.1",
            "HATCHET_CLIENT_WORKER_HEALTHCHECK_PORT": str(port),
        }
        if sys.platform == "linux":
            command = [sys.executable, "-I", "-S", guard.__file__, str(os.getpid()), *command]
        process = await asyncio.create_subprocess_exec(
            *command, env={**environment, **health}, cwd=directory, stdin=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        return cls(process, port)

    @property
    def running(self) -> bool:
        return self._process.returncode is None

    async def ready(self) -> None:
        """Returns when the worker is connected to the engine."""
        while True:
            if await self._is_healthy():
                return
            await asyncio.sleep(HEALTH_POLL_S)  # another process: nothing here could wake us

    async def exited(self) -> int:
        """The exit code, once it has ended. What it left running in its session is ended too."""
        code = await self._process.wait()
        self._signal_session(signal.SIGTERM)
        return code

    def drain(self) -> None:
        """Ask it to finish what it runs and to take nothing new. A second signal would end it at once: never sent."""
        if self.running and not self._asked_to_stop:
            self._asked_to_stop = True
            self._process.terminate()

    def kill(self) -> None:
        self._signal_session(signal.SIGKILL)

    def _signal_session(self, number: signal.Signals) -> None:
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            return  # nothing is left of it

    async def _is_healthy(self) -> bool:
        try:
            async with asyncio.timeout(HEALTH_TIMEOUT_S):
                reader, writer = await asyncio.open_connection("127.0.0.1", self._health_port)
                writer.write(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                answer = await reader.readline()
                writer.close()
        except (OSError, TimeoutError):
            return False
        return b" 200 " in answer


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
