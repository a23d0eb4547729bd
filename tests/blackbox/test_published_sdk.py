"""The published SDK, unchanged and in an environment of its own, against our engine.

It is only run, never read: tasks, a worker and a client as its users write them are in `official/`.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support.waiting import eventually

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(__file__).parent / "official"
VERSION = "1.37.5"
ENVIRONMENT = ROOT / ".venv-published-sdk"


@pytest.fixture(scope="module")
def python() -> Path:
    """The interpreter of an environment with the published SDK; made once."""
    stamp = ENVIRONMENT / f"hatchet-sdk-{VERSION}"
    interpreter = ENVIRONMENT / "bin" / "python"
    if not stamp.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)], check=True)
        subprocess.run([str(interpreter), "-m", "pip", "install", "-q", f"hatchet-sdk=={VERSION}"], check=True)
        stamp.touch()
    return interpreter


@pytest.fixture(scope="module")
def engine() -> Iterator[dict[str, str]]:
    command = [sys.executable, "-m", "hatchet_engine.server", "--ephemeral", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def seen(python: Path, engine: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What the client saw."""
    folder = tmp_path_factory.mktemp("published")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "HATCHET"))},
        "HATCHET_CLIENT_TOKEN": engine["token"],
        "HATCHET_CLIENT_TLS_STRATEGY": "none",
        "HATCHET_CLIENT_WORKER_HEALTHCHECK_ENABLED": "false",
        "BLACKBOX_MARKS": str(folder / "marks"),
    }
    (folder / "marks").touch()
    log = folder / "worker.log"
    with log.open("w") as output:
        worker = subprocess.Popen(
            [str(python), "worker.py"], cwd=PROGRAMS, env=environment, stdout=output, stderr=output
        )
    try:
        eventually(lambda: "waiting for tasks" in log.read_text(), within_s=30)
        client = subprocess.run(
            [str(python), "client.py"],
            check=False,
            cwd=PROGRAMS,
            env=environment,
            capture_output=True,
            text=True,
            timeout=90,
        )
        assert client.returncode == 0, client.stderr[-3000:] + log.read_text()[-3000:]
        result: dict[str, Any] = json.loads(client.stdout.splitlines()[-1])
        worker.terminate()
        result["worker exit"] = worker.wait(30)
        yield result
    finally:
        with suppress(ProcessLookupError):  # the group: its listener is a process of its own
            os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()


pytestmark = pytest.mark.timeout(240)


def test_results_come_back_blocking_and_async(seen: dict[str, Any]) -> None:
    assert seen["run"] == {"total": 6, "attempt": 1}
    assert seen["aio_run"] == {"total": 9, "attempt": 1}
    assert seen["run_many"] == [2 * n for n in range(20)]
    assert seen["aio_run_many"] == list(range(50))


def test_retries(seen: dict[str, Any]) -> None:
    assert seen["flaky"] == {"retry_count": 2}
    assert seen["hopeless"] == ["ValueError: it never works"]
    assert seen["final"] == ["NonRetryableException: do not try again"]
    assert seen["marks"].count("final") == 1


def test_an_execution_timeout(seen: dict[str, Any]) -> None:
    assert seen["slow"] == ["HatchetError: Task exceeded timeout of 1s"]


def test_cancellation_reaches_the_body(seen: dict[str, Any]) -> None:
    assert seen["cancelled"] == "CANCELLED"
    assert "patient stopped, cancelled: True" in seen["marks"]


def test_references_status_details_and_logs(seen: dict[str, Any]) -> None:
    assert (seen["ref"], seen["status"]) == (7, "COMPLETED")
    assert seen["details"] == ["COMPLETED", ["CREATED", "QUEUED", "ASSIGNED", "STARTED", "FINISHED"]]
    assert seen["logs"] == ["adding 1 numbers"]


def test_a_replay_is_awaited_anew(seen: dict[str, Any]) -> None:
    assert seen["replayed"] == [1, 2]


def test_the_worker_shuts_down_in_good_order(seen: dict[str, Any]) -> None:
    assert seen["worker exit"] == 0
