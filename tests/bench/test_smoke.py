"""Every scenario of the bench at a tiny size against a real engine: it works, and its numbers make sense."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

RUN = Path(__file__).parents[2] / "bench" / "run.py"
WITHIN_S = 100


def run(out: Path, what: str, variant: str = "hatchet") -> dict[str, Any]:
    """Run one scenario and return its numbers."""
    env = os.environ | {"BENCH_VENV_HATCHET": sys.prefix, "BENCH_PATIENCE": "0", "BENCH_KEEP_LOGS": str(out / "logs")}
    command = [sys.executable, str(RUN), what, "--peers", variant, "--tiny", "--out", str(out)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=WITHIN_S, check=False)
    assert done.returncode == 0, done.stderr
    record = json.loads((out / f"{what}-{variant}-0.json").read_text())
    assert record["variant"] == variant
    result: dict[str, Any] = record["result"]
    return result


@pytest.mark.parametrize("variant", ["hatchet", "hatchet-sync", "hatchet-pipelined"])
def test_every_kind_of_client_gets_its_results_back(tmp_path: Path, variant: str) -> None:
    result = run(tmp_path, "bench", variant)
    assert {"latency", "chain", "fan_10", "single", "bulk", "start_latency"} <= result.keys()
    assert result["single"]["tasks"] == 50
    assert result["bulk"]["duplicates"] == 0
    assert result["latency"]["p50"] < result["cold_start"]["s"] * 1000


def test_backlog_is_kept_over_a_restart(tmp_path: Path) -> None:
    result = run(tmp_path, "backlog")
    assert result["tasks"] == 2000
    assert result["drain_per_s"] > 0
    assert result["restart"]["first_task_s"] > result["restart"]["serving_s"] > 0


def test_recovery_loses_nothing(tmp_path: Path) -> None:
    result = run(tmp_path, "recovery")
    assert result["live_tasks"] > 0
    assert (result["lost"], result["complete"]) == (0, True)


def test_idle_costs_little(tmp_path: Path) -> None:
    result = run(tmp_path, "idle")
    assert result["workers"] == 2
    assert result["server_cpu_percent"] < 20


def test_crashes_lose_nothing(tmp_path: Path) -> None:
    result = run(tmp_path, "crash")
    assert result["worker"]["ran_again"] is True
    assert result["server"] == {"queued": 100, "ran": 100}
