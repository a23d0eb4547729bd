"""The `hatchet` command as a process of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.waiting import eventually

START_WITHIN_S = 30.0
END_WITHIN_S = 30.0


class Program:
    """`hatchet WORDS...`; what it says goes to files, so that it can be read while it runs.

    Args:
        place: where its output is kept, and the home of its profiles.
        words: the arguments.
        folder: the working directory, else `place`.
        stdin: what it reads from, nothing unless given.
    """

    def __init__(self, place: Path, *words: str, folder: Path | None = None, stdin: int = subprocess.DEVNULL) -> None:
        number = len(list(place.glob("*.out")))
        self._out, self._err = place / f"{number}.out", place / f"{number}.err"
        environment = {**os.environ, "HATCHET_HOME": str(place / "home"), "PYTHONUNBUFFERED": "1"}
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "hatchet_cli", *words],
                cwd=folder or place, env=environment, stdin=stdin, stdout=out, stderr=err, start_new_session=True,
            )  # fmt: skip

    @property
    def stdout(self) -> str:
        return self._out.read_text()

    @property
    def stderr(self) -> str:
        return self._err.read_text()

    def said(self, text: str) -> bool:
        """Whether it said this; fails if it ended without."""
        return self._unless_ended(lambda: text in self.stdout + self.stderr)

    def _unless_ended(self, found: Callable[[], bool]) -> bool:
        ended = self.process.poll() is not None  # asked first: what it said before its end is read after it
        if not found() and ended:
            raise RuntimeError(f"ended with {self.process.returncode}\n{self.stdout}\n{self.stderr}")
        return found()

    def wait_for(self, text: str, within_s: float = START_WITHIN_S) -> None:
        eventually(lambda: self.said(text), within_s=within_s)

    def ready(self) -> dict[str, Any]:
        """The line of JSON with which a server says that it is ready."""
        eventually(lambda: self._unless_ended(lambda: "\n" in self.stdout), within_s=START_WITHIN_S)
        return dict(json.loads(self.stdout))

    def end(self) -> int:
        """Wait for its end; returns its exit code."""
        return self.process.wait(END_WITHIN_S)

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.end()

    def kill(self) -> None:
        """If it still runs; for the end of a test."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(END_WITHIN_S)


class Shop:
    """Starts programs in one place and ends those that are left."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._programs: list[Program] = []

    def start(self, *words: str, folder: Path | None = None, stdin: int = subprocess.DEVNULL) -> Program:
        program = Program(self.place, *words, folder=folder, stdin=stdin)
        self._programs.append(program)
        return program

    def server(self, *words: str, folder: Path | None = None) -> Program:
        """A server on free ports."""
        ports = ("--grpc-port", "0", "--rest-port", "0")
        return self.start("server", "start", "--json", *ports, *words, folder=folder)

    def run(self, *words: str, folder: Path | None = None) -> Program:
        """A command that ends by itself."""
        program = self.start(*words, folder=folder)
        program.end()
        return program

    def answer(self, *words: str, folder: Path | None = None) -> Any:
        """The document of a command with `--json` that must succeed."""
        program = self.run(*words, "--json", folder=folder)
        assert program.process.returncode == 0, program.stdout + program.stderr
        return json.loads(program.stdout)

    def close(self) -> None:
        for program in reversed(self._programs):
            program.kill()
