"""A process that uses the SDK forks (gunicorn, Celery's prefork, multiprocessing)."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sdk_worker.fake_engine import FakeEngine, token
from tests.support.waiting import eventually

ROOT = Path(__file__).parents[2]
Start = Callable[[str], "subprocess.Popen[str]"]


@pytest.fixture
def start(engine: FakeEngine) -> Start:
    def run(scenario: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "tests.sdk_worker.programs.forking_client", f"127.0.0.1:{engine.port}", scenario],
            cwd=ROOT,
            env={**os.environ, "TOKEN": token()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    return run


@pytest.mark.parametrize(
    ("scenario", "triggered"),
    [
        ("used_before", ["w:t", "w:child", "w:t"]),
        ("unused_before", ["w:child", "w:t"]),
        ("twice", ["w:t", "w:child", "w:grandchild", "w:t"]),
    ],
)
def test_parent_and_children_go_on(engine: FakeEngine, start: Start, scenario: str, triggered: list[str]) -> None:
    engine.auto_finish = "{}"
    output, _ = start(scenario).communicate(timeout=30)
    expected = {"used_before": ["{}", "{}", "{}"], "unused_before": ["{}", "{}"], "twice": ["{}", "{}{}", "{}"]}
    assert output == f"{expected[scenario]}\n"
    assert [run.workflow for run in engine.runs.values()] == triggered


def test_a_fork_while_others_wait_loses_nothing(engine: FakeEngine, start: Start) -> None:
    process = start("while_others_wait")
    assert process.stdin is not None and process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    eventually(lambda: len(engine.runs) == 8, within_s=10)
    waiting = list(engine.runs)
    engine.auto_finish = '{"child":1}'
    process.stdin.write("\n")
    process.stdin.flush()
    assert process.stdout.readline() == "forked\n"
    for run_id in waiting:
        engine.finish(run_id, "{}")
    output, _ = process.communicate(timeout=30)
    assert output == str(['{"child":1}', *["{}"] * 8]) + "\n"
    assert len(engine.runs) == 9
