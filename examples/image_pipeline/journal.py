"""A file that the worker writes a line to when a task's body begins and ends, whatever the engine knows of it.

The demo compares it with the engine's history: that is how it can say how often a body really ran.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "IMAGE_PIPELINE_JOURNAL"


@dataclass(frozen=True, slots=True)
class Executions:
    """How many bodies began, came to their end or raised, and the runs of those that did neither (yet)."""

    begun: int
    ended: int
    raised: int
    open_runs: frozenset[str]

    @property
    def cut_off(self) -> int:
        """Bodies that began and of which nothing more was heard. A worker that is killed leaves them."""
        return self.begun - self.ended - self.raised


@contextmanager
def recorded(run_id: str, attempt: int) -> Iterator[None]:
    """Record that the body of this attempt ran. Nothing is recorded outside the demo."""
    write("begun", run_id, attempt)
    try:
        yield
    except BaseException:
        write("raised", run_id, attempt)
        raise
    write("ended", run_id, attempt)


def write(what: str, run_id: str, attempt: int) -> None:
    if path := os.environ.get(VARIABLE):
        # One write of one short line, appended: lines of several threads and processes do not mix.
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(descriptor, f"{what} {run_id} {attempt}\n".encode())
        finally:
            os.close(descriptor)


def read(path: Path) -> Executions:
    lines = [line.split(" ", 1) for line in path.read_text().splitlines()] if path.exists() else []
    attempts = {what: [attempt for word, attempt in lines if word == what] for what in ("begun", "ended", "raised")}
    still_open = set(attempts["begun"]) - set(attempts["ended"]) - set(attempts["raised"])
    return Executions(
        begun=len(attempts["begun"]),
        ended=len(attempts["ended"]),
        raised=len(attempts["raised"]),
        open_runs=frozenset(attempt.split(" ")[0] for attempt in still_open),
    )
