"""`hatchet worker dev` with a real project, a real engine and real workers."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hatchet_cli.local_server import read_note
from tests.cli.conftest import Cli
from tests.cli.programs import Program, Shop
from tests.support.waiting import eventually

WORKER = """
import asyncio
from pathlib import Path

from hatchet_sdk import Context, EmptyModel, Hatchet

hatchet = Hatchet()

@hatchet.task(name="greet")
async def greet(input: EmptyModel, ctx: Context) -> dict[str, str]:
    return {"text": "one"}

@hatchet.task(name="slow")
async def slow(input: EmptyModel, ctx: Context) -> dict[str, str]:
    ctx.log("slow has begun")
    while not Path("release").exists():
        await asyncio.sleep(0.05)
    return {"text": "one"}

def main() -> None:
    hatchet.worker("dev-worker", slots=5, workflows=[greet, slow]).start()

if __name__ == "__main__":
    main()
"""


class Project:
    """A directory with a worker, and commands that are called in it."""

    def __init__(self, shop: Shop, cli: Cli) -> None:
        self.shop, self.cli = shop, cli
        self.folder = Path.cwd()
        self.code = self.folder / "worker.py"
        self.code.write_text(WORKER)

    def dev(self, *words: str) -> Program:
        session = self.shop.start("worker", "dev", *words, folder=self.folder)
        session.wait_for("worker ready")
        return session

    def edit(self, old: str, new: str) -> None:
        self.code.write_text(self.code.read_text().replace(old, new))

    def greeting(self) -> str:
        return str(self.cli.document("trigger", "greet", "--wait", "--timeout", "20s")["output"]["text"])

    def greets(self, text: str) -> None:
        eventually(lambda: self.greeting() == text, within_s=20)

    def run(self, run_id: str) -> dict[str, Any]:
        return dict(self.cli.document("runs", "get", run_id)["run"])

    def reaches(self, run_id: str, status: str) -> None:
        eventually(lambda: self.run(run_id)["status"] == status, within_s=20)


@pytest.fixture
def project(shop: Shop, cli: Cli) -> Iterator[Project]:
    project = Project(shop, cli)
    yield project
    (project.folder / "release").touch()


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def engine_pid(project: Project) -> int:
    note = read_note(project.folder / ".hatchet")
    assert note is not None
    return note.pid


def worker_pid(session: Program) -> int:
    """Of the newest worker that is ready."""
    *_, last = session.stderr.split("worker ready (pid ")
    return int(last.partition(")")[0])


def test_a_reload_runs_new_code_and_loses_no_running_task(project: Project, cli: Cli) -> None:
    session = project.dev()
    assert project.greeting() == "one"
    slow = cli.document("trigger", "slow")["runId"]
    project.reaches(slow, "RUNNING")
    old = worker_pid(session)

    project.edit('"one"', '"two"')
    project.greets("two")
    assert not gone(old)
    project.edit('{"text": "two"}', '{"text": }')
    session.wait_for("goes on")
    assert re.search(r"worker\.py:\d+: \w+", session.stderr)
    assert project.greeting() == "two"
    project.edit('{"text": }', '{"text": "three"}')
    project.greets("three")

    assert project.run(slow)["status"] == "RUNNING"
    (project.folder / "release").touch()
    project.reaches(slow, "COMPLETED")
    details = cli.document("runs", "get", slow)
    assert details["run"]["output"] == {"text": "one"}
    assert details["tasks"][0]["attempt"] == 1
    eventually(lambda: gone(old), within_s=20)

    assert "slow has begun" in cli.ok("runs", "logs", slow, "--follow").stdout
    assert "FINISHED" in cli.ok("runs", "events", slow).stdout
    shown = cli.ok("runs", "get", slow).stdout
    assert all(text in shown for text in (slow, "slow", "COMPLETED", '"one"'))
    assert slow in cli.ok("runs", "list", "--workflow", "slow", "--status", "completed").stdout
    assert {row["name"] for row in cli.document("workflows", "list")["rows"]} == {"greet", "slow"}
    assert "greet:greet" in cli.ok("workflows", "get", "greet").stdout

    engine, worker = engine_pid(project), worker_pid(session)
    assert session.stop(signal.SIGINT) == 0
    assert gone(worker)
    eventually(lambda: gone(engine), within_s=20)
    assert cli.failure("runs", "list").exit_code == 1


def test_a_killed_session_leaves_nothing_running_and_loses_no_data(project: Project, cli: Cli) -> None:
    session = project.dev("worker:main")
    slow = cli.document("trigger", "slow")["runId"]
    project.reaches(slow, "RUNNING")
    engine, worker = engine_pid(project), worker_pid(session)
    os.kill(worker, signal.SIGSTOP)  # so that it cannot finish in the meantime
    session.kill()
    eventually(lambda: gone(engine), within_s=20)
    os.kill(worker, signal.SIGKILL)

    (project.folder / "release").touch()
    (project.folder / "hatchet.yaml").write_text(
        "dev:\n  preCmds: [touch prepared]\n  runCmd: python worker.py\n"
        "triggers:\n  - {name: hello, command: python hello.py}\n"
    )
    (project.folder / "hello.py").write_text(
        "from worker import greet\nfrom hatchet_sdk import EmptyModel\nprint(greet.run(EmptyModel()))\n"
    )
    project.dev()
    assert (project.folder / "prepared").exists()
    eventually(lambda: project.run(slow)["status"] == "COMPLETED", within_s=45)
    hello = project.shop.run("trigger", "hello", folder=project.folder)
    assert hello.process.returncode == 0, hello.stderr
    assert "one" in hello.stdout


def test_with_a_server_that_runs(project: Project, cli: Cli, shop: Shop) -> None:
    ready = shop.server("--data-dir", "elsewhere", "--profile-name", "mine", folder=project.folder).ready()
    waiting = project.dev("--no-reload")
    assert not (project.folder / ".hatchet").exists()
    assert ready["rest"] in waiting.stderr

    queued = cli.ok("worker", "list").stdout
    assert "dev-worker" in queued
    assert "PAUSED" in cli.ok("worker", "pause", "dev-worker").stdout
    run_id = cli.document("trigger", "greet")["runId"]
    shown = cli.ok("runs", "get", run_id).stdout
    assert "Why it waits" in shown
    assert "dev-worker is paused" in shown
    assert cli.document("runs", "cancel", run_id) == {"ids": [run_id], "selected": 1}
    project.reaches(run_id, "CANCELLED")
    cli.ok("worker", "unpause", "dev-worker")
    assert cli.document("runs", "replay", "--since", "1h", "--yes")["ids"] == [run_id]
    project.reaches(run_id, "COMPLETED")
    details = cli.document("runs", "get", run_id)
    assert [task["status"] for task in details["attempts"][run_id]] == ["CANCELLED"]
    assert cli.document("runs", "cancel", run_id) == {"ids": [], "selected": 1}

    os.kill(worker_pid(waiting), signal.SIGKILL)
    assert waiting.end() == 1
    assert "signal 9" in waiting.stderr
    assert not gone(ready["pid"])


def test_nothing_to_run_is_explained(cli: Cli) -> None:
    refused = cli.failure("worker", "dev")
    assert refused.exit_code == 2
    assert "hatchet.yaml" in refused.stderr
    assert "runCmd" in refused.stderr


def test_a_profile_that_does_not_answer_is_not_replaced_by_an_engine(cli: Cli) -> None:
    from tests.cli.test_profile_command import token

    Path("worker.py").write_text("")
    cli.ok("profile", "add", "-n", "far", "-t", token())
    refused = cli.failure("worker", "dev", "--profile", "far")
    assert refused.exit_code == 1
    assert "http://127.0.0.1:1" in refused.stderr
    assert not Path(".hatchet").exists()
