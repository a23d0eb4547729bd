"""The demo as a user runs it, in processes of its own, on few photographs."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from image_pipeline import photographs
from image_pipeline.jobs import OPERATIONS
from image_pipeline.processes import EXAMPLES

WITHIN_S = 100


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six photographs: 84 runs."""
    made = tmp_path / "photographs"
    made.mkdir()
    for path in photographs.find(None)[:6]:
        shutil.copy(path, made)
    return made


def demo(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "image_pipeline.demo", *map(str, arguments)]
    return subprocess.run(command, cwd=EXAMPLES, capture_output=True, text=True, timeout=WITHIN_S, check=False)


def number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    assert found is not None, text
    return float(found[1])


def test_every_photograph_is_done(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"

    result = demo("--folder", folder, "--output", output)

    assert result.returncode == 0, result.stdout + result.stderr
    runs = 6 * len(OPERATIONS)
    assert "Every run was completed exactly once; none was lost." in result.stdout
    assert number(r"history: (\d+) runs", result.stdout) == number(r"(\d+) completions", result.stdout) == runs
    assert len(list((output / "pictures").rglob("*.jpg"))) == runs - 6
    page = (output / "index.html").read_text()
    assert page.count("<img") == runs - 6
    assert f"{runs} of {runs} runs are done" in result.stdout, "progress is told where there is no terminal"
    assert str(output / "index.html") in result.stdout.replace("\n", "")


def test_nothing_is_lost_by_kill_9_of_engine_and_worker(folder: Path, tmp_path: Path) -> None:
    result = demo("--folder", folder, "--output", tmp_path / "out", "--crash")

    assert result.returncode == 0, result.stdout + result.stderr
    runs = 6 * len(OPERATIONS)
    assert "kill -9 of engine and worker" in result.stdout
    assert "Every run was completed exactly once; none was lost." in result.stdout
    before = number(r"(\d+) results were in", result.stdout)
    assert runs // 3 <= before < runs, "the crash was in the middle"
    assert number(r"(\d+) completions", result.stdout) == runs
    begun, ended = number(r"(\d+) bodies begun", result.stdout), number(r"(\d+) ended", result.stdout)
    assert ended >= runs
    assert begun >= ended
    assert number(r"ready again on the same data after ([\d.]+) s", result.stdout) < 10


def test_a_second_demo_takes_the_place_of_the_first_and_no_other_folder(folder: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "thesis.txt").write_text("years of work")

    result = demo("--folder", folder, "--output", precious)

    assert result.returncode != 0
    assert "not empty" in result.stderr
    assert [path.name for path in precious.iterdir()] == ["thesis.txt"]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    result = demo("--folder", tmp_path / "nowhere", "--output", tmp_path / "out")

    assert result.returncode == 2
    assert "nowhere is not a folder" in result.stdout
