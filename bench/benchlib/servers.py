"""Throw-away servers on 127.0.0.1, each in its own temp folder, started for one run and ended by pid."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from benchlib import procstat


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """One server process. A subclass gives `kind`, `_start` (spawns it) and `_ready` (waits until it serves)."""

    kind = ""

    def __init__(self) -> None:
        self.dir = Path(tempfile.mkdtemp(prefix=f"bench-{self.kind}-"))
        self.port = free_port()  # kept over a restart
        self.env: dict[str, str] = {}
        self.proc: subprocess.Popen[bytes] | None = None
        self.log = open(self.dir / "server.log", "ab")  # noqa: SIM115 - open as long as the server; close() ends it

    @property
    def pids(self) -> list[int]:
        return [self.proc.pid] if self.proc else []

    def start(self) -> None:
        """Start (again, on the same files) and wait until it serves."""
        self._start()
        self._wait_port()
        self._ready()

    def _start(self) -> None:
        raise NotImplementedError

    def _ready(self) -> None:
        """Wait for more than an open port, where that is not enough."""

    def _popen(self, command: list[str], **options) -> None:
        self.proc = subprocess.Popen(
            command, stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL, start_new_session=True, **options
        )
        procstat.prioritise(self.proc.pid)

    def _wait_port(self, within_s: float = 60.0) -> None:
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            if self.proc and self.proc.poll() is not None:
                raise RuntimeError(f"{self.kind} ended with {self.proc.returncode}: {self.log_tail()}")
            time.sleep(0.005)
        raise TimeoutError(f"{self.kind} does not listen on port {self.port}: {self.log_tail()}")

    def log_tail(self) -> str:
        return (self.dir / "server.log").read_text(errors="replace")[-2000:]

    def kill9(self) -> None:
        """The server's crash: SIGKILL for the process and its descendants."""
        for pid in procstat.tree(self.pids):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self.proc:
            self.proc.wait()

    def stop(self, grace_s: float = 10.0) -> None:
        if self.proc is None or self.proc.poll() is not None:
            return
        self.proc.terminate()
        try:
            self.proc.wait(grace_s)
        except subprocess.TimeoutExpired:
            self.kill9()

    def close(self) -> None:
        self.stop()
        self.log.close()
        shutil.rmtree(self.dir, ignore_errors=True)


class Redis(Server):
    """Redis with an append-only file that is synced once a second: what a careful Celery user runs."""

    kind = "redis"

    def _start(self) -> None:
        settings = {
            "port": self.port,
            "bind": "127.0.0.1",
            "dir": self.dir,
            "daemonize": "no",
            "save": "",
            "appendonly": "yes",
            "appendfsync": "everysec",
        }
        self._popen(["redis-server", *(part for name, value in settings.items() for part in (f"--{name}", str(value)))])
        self.env = {"BENCH_REDIS_URL": f"redis://127.0.0.1:{self.port}/0", "BENCH_REDIS_PORT": str(self.port)}

    def _ready(self) -> None:
        deadline = time.monotonic() + 60  # it answers LOADING until its file is read
        while time.monotonic() < deadline:
            with socket.create_connection(("127.0.0.1", self.port), 10) as connection:
                connection.sendall(b"PING\r\n")
                if connection.recv(64).startswith(b"+PONG"):
                    return
            time.sleep(0.005)
        raise TimeoutError("redis is still loading")
