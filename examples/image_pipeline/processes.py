"""The two processes that the demo starts, kills and starts again: the engine and the worker."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from image_pipeline import journal

EXAMPLES = Path(__file__).parents[1]
HATCHET = Path(os.path.normpath(sys.executable)).with_name("hatchet")
START_S = 30.0
STOP_S = 20.0
POLL_S = 0.05


class NotStarted(Exception):
    """A process ended, or was not ready in time; with the end of what it said."""


class Process:
    """One process in a group of its own, so that what it starts dies with it. Its output goes to files in `logs`."""

    def __init__(
        self, name: str, command: list[str], environment: dict[str, str], logs: Path, folder: Path = EXAMPLES
    ) -> None:
        self.name, self.command, self.environment, self.folder = name, command, environment, folder
        self.output, self.errors = logs / f"{name}.out", logs / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.output.open("wb") as output, self.errors.open("ab") as errors:
            self._process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self.name} was not started"
        return self._process.pid

    @property
    def status(self) -> int | None:
        """The exit status; None while it runs."""
        return self._process.poll() if self._process is not None else None

    def first_line(self) -> str:
        """What the process says when it is ready.

        Raises:
            NotStarted: it said nothing within 30 s, or ended.
        """
        assert self._process is not None, f"{self.name} was not started"
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            line, newline, _ = self.output.read_text().partition("\n")
            if newline:
                return line
            if self._process.poll() is not None:
                raise NotStarted(f"the {self.name} ended with status {self._process.returncode}\n{self.last_words()}")
            time.sleep(POLL_S)
        raise NotStarted(f"the {self.name} was not ready within {START_S:.0f} s\n{self.last_words()}")

    def last_words(self) -> str:
        return "\n".join(self.errors.read_text(errors="replace").splitlines()[-15:])

    def kill(self) -> None:
        """kill -9, without a word of warning."""
        self._signal(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to stop; kill it if it has not within 20 s."""
        self._signal(signal.SIGTERM, wait_s=STOP_S)
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals, wait_s: float | None = None) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        if number == signal.SIGKILL:
            os.killpg(self._process.pid, number)
        else:
            self._process.send_signal(number)
        try:
            self._process.wait(wait_s)
        except subprocess.TimeoutExpired:
            return


@dataclass(frozen=True, slots=True)
class Address:
    """Where the engine listens and what a client needs to talk to it."""

    token: str
    grpc: str
    rest: str

    @property
    def environment(self) -> dict[str, str]:
        return {
            "HATCHET_CLIENT_TOKEN": self.token,
            "HATCHET_CLIENT_HOST_PORT": self.grpc,
            "HATCHET_CLIENT_SERVER_URL": self.rest,
            "HATCHET_CLIENT_TLS_STRATEGY": "none",
        }


class Engine:
    """`hatchet server start` on a folder. A second start finds the data and the ports of the first."""

    def __init__(self, data: Path, home: Path, logs: Path) -> None:
        self._data, self._home, self._logs = data, home, logs
        self._process: Process | None = None
        self.address: Address | None = None

    def start(self) -> Address:
        self._process = Process("engine", self._command(), {"HATCHET_HOME": str(self._home)}, self._logs)
        self._process.start()
        ready: dict[str, Any] = json.loads(self._process.first_line())
        address = Address(token=ready["token"], grpc=ready["grpc"], rest=ready["rest"])
        self.address = self.address or address
        return self.address

    def _command(self) -> list[str]:
        command = [str(HATCHET), "server", "start", "--json"]
        command += ["--data-dir", str(self._data)]
        if self.address is None:
            return [*command, "--grpc-port", "0", "--rest-port", "0"]
        grpc, rest = self.address.grpc.rpartition(":")[2], self.address.rest.rpartition(":")[2]
        return [*command, "--grpc-port", grpc, "--rest-port", rest]

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()

    def stop(self) -> None:
        if self._process is not None:
            self._process.stop()


def worker(address: Address, journal_path: Path, logs: Path) -> Process:
    """The worker, not yet started."""
    environment = {**address.environment, journal.VARIABLE: str(journal_path)}
    return Process("worker", [sys.executable, "-m", "image_pipeline.worker"], environment, logs)
