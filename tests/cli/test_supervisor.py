"""The reload of `hatchet worker dev`, with stand-ins for workers: they have the health endpoint and drain."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hatchet_cli.dev.process import WorkerProcess
from hatchet_cli.dev.supervisor import Supervisor, syntax_errors
from tests.support.waiting import aio_eventually

STAND_IN = """
import http.server, os, pathlib, signal, sys, threading
here = pathlib.Path(os.environ["PLACE"])
import code_under_test
class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
    def log_message(self, *args): pass
def stop(*_):
    (here / f"draining-{os.getpid()}").touch()
    if code_under_test.BUSY: return
    os._exit(0)
signal.signal(signal.SIGTERM, stop)
port = int(os.environ["HATCHET_CLIENT_WORKER_HEALTHCHECK_PORT"])
server = http.server.HTTPServer(("127.0.0.1", port), Health)
(here / f"up-{os.getpid()}").touch()
server.serve_forever()
"""


class Workshop:
    """A supervisor that runs on a directory with the code of a worker."""

    def __init__(self, place: Path, grace_s: float = 30.0, keep_alive: bool = True) -> None:
        self.place = place
        self.code = place / "code_under_test.py"
        self.changes: asyncio.Queue[set[Path]] = asyncio.Queue()
        self.supervisor = Supervisor(self._launch, grace_s, keep_alive)
        (place / "stand_in.py").write_text(STAND_IN)

    async def _launch(self) -> WorkerProcess:
        environment = {**os.environ, "PLACE": str(self.place), "PYTHONDONTWRITEBYTECODE": "1"}
        return await WorkerProcess.start([sys.executable, "stand_in.py"], environment, self.place)

    async def _changes(self) -> AsyncIterator[set[Path]]:
        while True:
            yield await self.changes.get()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["asyncio.Task[int]"]:
        task = asyncio.create_task(self.supervisor.run(self._changes()))
        yield task
        self.supervisor.stop()
        self.supervisor.stop()
        await task

    def edit(self, text: str) -> None:
        self.code.write_text(text)
        self.changes.put_nowait({self.code})

    def pids(self, what: str) -> set[int]:
        return {int(path.name.partition("-")[2]) for path in self.place.glob(f"{what}-*")}

    async def up(self, number: int) -> set[int]:
        await aio_eventually(lambda: len(self.pids("up")) == number, within_s=10)
        return self.pids("up")

    async def drained(self, pid: int) -> None:
        await aio_eventually(lambda: pid in self.pids("draining"), within_s=10)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def gone(pid: int) -> None:
    await aio_eventually(lambda: not alive(pid), within_s=10)


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    (tmp_path / "code_under_test.py").write_text("BUSY = False")
    return Workshop(tmp_path)


async def test_a_change_starts_a_new_worker_and_drains_the_old(workshop: Workshop) -> None:
    workshop.code.write_text("BUSY = True")
    async with workshop.running():
        (old,) = await workshop.up(1)
        workshop.edit("BUSY = False")
        (new,) = await workshop.up(2) - {old}
        await workshop.drained(old)
        assert alive(old)
        assert alive(new)
        assert new not in workshop.pids("draining")


async def test_an_idle_old_worker_ends(workshop: Workshop) -> None:
    async with workshop.running():
        (old,) = await workshop.up(1)
        workshop.edit("BUSY = False")
        await workshop.up(2)
        await gone(old)


@pytest.mark.parametrize("text", ["def broken(:", "raise RuntimeError('at import')"])
async def test_code_that_does_not_start_leaves_the_old_worker(
    workshop: Workshop, text: str, capfd: pytest.CaptureFixture[str]
) -> None:
    said = ""

    def reported() -> bool:
        nonlocal said
        said += capfd.readouterr().err
        return "goes on" in said

    async with workshop.running():
        (old,) = await workshop.up(1)
        workshop.edit(text)
        await aio_eventually(reported, within_s=10)
        assert alive(old)
        assert workshop.pids("draining") == set()
        workshop.edit("BUSY = False")
        await workshop.up(2)
        await gone(old)


async def test_an_old_worker_that_does_not_end_is_killed_after_the_grace(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path, grace_s=0.3)
    workshop.code.write_text("BUSY = True")
    async with workshop.running():
        (old,) = await workshop.up(1)
        workshop.edit("BUSY = False")
        await workshop.drained(old)
        await gone(old)


async def test_a_crash_is_followed_by_a_start_at_the_next_change(workshop: Workshop) -> None:
    async with workshop.running():
        (old,) = await workshop.up(1)
        os.kill(old, 9)
        await gone(old)
        workshop.edit("BUSY = False")
        (new,) = await workshop.up(2) - {old}
        assert alive(new)


async def test_edits_in_a_row_end_with_one_worker(workshop: Workshop) -> None:
    async with workshop.running():
        await workshop.up(1)
        for number in range(3):
            workshop.edit(f"BUSY = False  # {number}")
            await aio_eventually(workshop.changes.empty)
        await aio_eventually(lambda: sum(map(alive, workshop.pids("up"))) == 1 and len(workshop.pids("up")) > 1, 15)


async def test_stopping_drains_and_stopping_again_kills(workshop: Workshop) -> None:
    workshop.code.write_text("BUSY = True")
    async with workshop.running() as run:
        (worker,) = await workshop.up(1)
        workshop.supervisor.stop()
        await workshop.drained(worker)
        assert alive(worker)
        workshop.supervisor.stop()
        assert await run == 0
        assert not alive(worker)


@pytest.mark.parametrize(("text", "expected"), [("raise SystemExit(7)", 1), ("raise SystemExit(0)", 0)])
async def test_without_reload_the_end_of_the_worker_is_the_end(tmp_path: Path, text: str, expected: int) -> None:
    workshop = Workshop(tmp_path, keep_alive=False)
    workshop.code.write_text(text)
    async with asyncio.timeout(10):
        assert await workshop.supervisor.run(None) == expected


async def test_a_worker_ends_when_its_parent_is_killed(workshop: Workshop) -> None:
    script = """
import asyncio, os, sys
from pathlib import Path
from hatchet_cli.dev.process import WorkerProcess
async def main():
    place = Path(os.environ["PLACE"])
    await WorkerProcess.start([sys.executable, "stand_in.py"], dict(os.environ), place)
    await asyncio.Event().wait()
asyncio.run(main())
"""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, env={**os.environ, "PLACE": str(workshop.place)}
    )
    (worker,) = await workshop.up(1)
    parent.kill()
    await parent.wait()
    await gone(worker)


def test_syntax_errors_name_file_and_line(tmp_path: Path) -> None:
    broken, good = tmp_path / "broken.py", tmp_path / "good.py"
    broken.write_text("x = 1\ndef f(:\n")
    good.write_text("x = 1\n")
    assert syntax_errors({broken, good, tmp_path / "deleted.py"}) == ["broken.py:2: invalid syntax"]
