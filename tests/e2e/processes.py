"""The engine and its workers as processes that can be killed and started again on the same data."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import IO

from hatchet_engine.store.store import Store
from tests.support.waiting import eventually

PROGRAMS = Path(__file__).parent / "programs"
ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Installation:
    """A folder with the data of an engine, which always listens on the same ports."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.trace = folder / "trace"
        self.trace.touch()
        self.token = ""
        self._engine: subprocess.Popen[str] | None = None
        self._workers: list[subprocess.Popen[bytes]] = []
        self._logs: list[IO[bytes]] = []
        self._engine_environment = {
            **os.environ,
            "HATCHET_SERVER_DATA_DIR": str(folder / "data"),
            "HATCHET_SERVER_GRPC_PORT": str(free_port()),
            "HATCHET_SERVER_REST_PORT": str(free_port()),
        }

    @property
    def client_environment(self) -> dict[str, str]:
        return {
            "HATCHET_CLIENT_TOKEN": self.token,
            "HATCHET_CLIENT_TLS_STRATEGY": "none",
            "E2E_TRACE": str(self.trace),
        }

    def start_engine(self) -> None:
        """Returns when it answers."""
        self._engine = subprocess.Popen(
            [sys.executable, "-m", "hatchet_engine.server", "--json"],
            env=self._engine_environment,
            stdout=subprocess.PIPE,
            stderr=self._log("engine"),
            text=True,
        )
        assert self._engine.stdout is not None
        self.token = json.loads(self._engine.stdout.readline())["token"]

    def kill_engine(self) -> None:
        assert self._engine is not None
        self._engine.kill()
        self._engine.wait()

    def start_worker(self, name: str = "e2e") -> int:
        """Returns the new process's id at once."""
        environment = {**os.environ, **self.client_environment, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, str(PROGRAMS / "worker.py"), name]
        log = self._log("worker")
        worker = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
        self._workers.append(worker)
        return worker.pid

    def kill_worker(self) -> None:
        """The oldest one."""
        worker = self._workers.pop(0)
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()

    def await_registration(self) -> None:
        """Until a worker has registered its workflows."""
        eventually(lambda: "registered" in self.worker_log() or self._workflows(), within_s=30)

    def _workflows(self) -> bool:
        return bool(self.rows("SELECT count(*) FROM workers")[0][0])

    def worker_log(self) -> str:
        return (self.folder / "worker.log").read_text(errors="replace")

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """Read the database beside the running engine."""
        import sqlite3

        connection = sqlite3.connect(f"file:{self.folder / 'data' / 'hatchet.db'}?mode=ro", uri=True, timeout=10)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def traces(self, word: str) -> list[str]:
        lines = (line.split(" ", 1) for line in self.trace.read_text().splitlines())
        return [rest for first, rest in lines if first == word]

    def stop(self) -> None:
        for worker in self._workers:
            worker.terminate()
        for worker in self._workers:
            try:
                worker.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(worker.pid, signal.SIGKILL)
                worker.wait()
        if self._engine is not None:
            self._engine.terminate()
            self._engine.wait(20)
        for log in self._logs:
            log.close()

    def _log(self, name: str) -> IO[bytes]:
        log = (self.folder / f"{name}.log").open("ab")
        self._logs.append(log)
        return log


def open_store(installation: Installation) -> Store:
    """The stopped installation's database."""
    return Store.open(f"sqlite:///{installation.folder / 'data' / 'hatchet.db'}")
