"""The results page and the overlay over the shared bench, without running anything."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

BENCH = Path(__file__).parents[2] / "bench"
SHARED_CATALOG = """
from dataclasses import dataclass, field
@dataclass
class Variant:
    name: str
    venv: str
    module: str
    servers: tuple
    workers: list
    env: dict = field(default_factory=dict)
    n_single: int = 1
    n_bulk: int = 1
    settle_s: float = 1.0
    note: str = ""
VARIANTS = [Variant("other", "other", "peer_other", (), [])]
"""
SHARED_SERVERS = """
KINDS = {}
class Server: ...
def free_port(): ...
"""
SHARED_RUN = """
import sys
sys.path.insert(0, __file__.rsplit("/", 1)[0] + "/peers")
from catalog import BY_NAME
from benchlib.servers import KINDS
print(sorted(BY_NAME), sorted(KINDS), sys.argv[1:])
"""


@pytest.fixture
def benchlib(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCH))

    def module(name: str) -> ModuleType:
        return importlib.import_module(f"benchlib.{name}")

    return module


def record(variant: str, repeat: int, per_s: float, **more: Any) -> dict[str, Any]:
    return {
        "variant": variant,
        "repeat": repeat,
        "at": "2026-01-02T03:04:05+00:00",
        "note": "a note",
        "machine": dict.fromkeys(
            ("cores", "cpu", "memory_gib", "kernel", "python", "sqlite", "redis", "project_commit"), 1
        ),
        "versions": {"hatchet-py": "1.0"},
        "fdatasync_ms": 0.2,
        "result": {"single": {"per_s": per_s, "noise": {"foreign_cores": 0.1}}, **more},
    }


def write(folder: Path, what: str, *records: dict[str, Any]) -> None:
    for made in records:
        (folder / f"{what}-{made['variant']}-{made['repeat']}.json").write_text(json.dumps(made))


def test_ratios_are_taken_within_a_repeat(benchlib: Any, tmp_path: Path) -> None:
    write(tmp_path, "bench", record("celery-redis", 0, 100), record("celery-redis", 1, 1000))
    write(tmp_path, "bench", record("hatchet", 0, 300), record("hatchet", 1, 5000))
    page = benchlib("report").page(tmp_path)
    row = next(line for line in page.splitlines() if line.startswith("| hatchet |") and "x" in line)
    assert row.split("|")[2].strip() == "4x"  # the median of 3x and 5x, not 2650 / 550


def test_errors_are_on_the_page(benchlib: Any, tmp_path: Path) -> None:
    write(tmp_path, "bench", record("hatchet", 0, 1, errors={"chain": "it broke"}))
    assert "- hatchet #0, chain: it broke" in benchlib("report").page(tmp_path)


def test_a_report_without_results_says_what_to_do(benchlib: Any, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"run.py bench"):
        benchlib("report").page(tmp_path)


def test_marks_keep_the_first_start_and_count_runs(benchlib: Any, tmp_path: Path) -> None:
    marks = benchlib("probe").Marks.create(tmp_path / "marks", 10)
    marks.mark(3)
    first = marks.started(3)
    marks.mark(3)
    marks.mark(5)
    assert (marks.started(3), marks.runs(3)) == (first, 2)
    assert (marks.executed(2, 4), marks.repeated(0, 10)) == (2, 1)
    assert marks.starts(2, 3) == [0.0, first, 0.0]


def test_a_server_that_cannot_start_says_why(benchlib: Any, tmp_path: Path) -> None:
    servers = benchlib("servers")

    class Broken(servers.Server):  # type: ignore[misc, name-defined]
        kind = "broken"

        def _start(self) -> None:
            self._popen([sys.executable, "-c", "raise SystemExit('no disk')"])

    broken = Broken()
    try:
        with pytest.raises(RuntimeError, match="no disk"):
            broken.start()
    finally:
        broken.close()
    assert not broken.dir.exists()


def test_our_system_joins_the_shared_bench_without_changing_it(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    for name, text in {
        "run.py": SHARED_RUN,
        "peers/catalog.py": SHARED_CATALOG,
        "benchlib/__init__.py": "",
        "benchlib/servers.py": SHARED_SERVERS,
    }.items():
        (shared / name).parent.mkdir(parents=True, exist_ok=True)
        (shared / name).write_text(text)
    command = [sys.executable, str(BENCH / "run.py"), "shared", "bench", "--out", "x"]
    env = os.environ | {"BENCH_SHARED": str(shared), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.split("] ") == [
        "['hatchet', 'hatchet-pipelined', 'hatchet-sync', 'other'",
        "['hatchet'",
        "['bench', '--out', 'x']\n",
    ]
    assert sorted(path.name for path in shared.rglob("*.py")) == ["__init__.py", "catalog.py", "run.py", "servers.py"]
