"""What `hatchet worker dev` starts."""

import os
import sys
from pathlib import Path

import pytest

from hatchet_cli.dev.start_command import project_python, split_command, start_command
from hatchet_cli.failure import UsageError
from hatchet_cli.project import DevSettings, Project

ENVIRONMENT = {"PATH": os.environ["PATH"]}
NO_PROJECT = Project()


def test_a_file_is_run_by_the_interpreter(tmp_path: Path) -> None:
    (tmp_path / "worker.py").write_text("")
    assert start_command("worker.py", None, NO_PROJECT, tmp_path, ENVIRONMENT) == [sys.executable, "worker.py"]


def test_a_module_is_run_with_m(tmp_path: Path) -> None:
    assert start_command("app.worker", None, NO_PROJECT, tmp_path, ENVIRONMENT) == [sys.executable, "-m", "app.worker"]


def test_a_function_is_run_by_the_launcher(tmp_path: Path) -> None:
    assert start_command("app:main", None, NO_PROJECT, tmp_path, ENVIRONMENT)[1:] == [
        "-m",
        "hatchet_cli.dev.launch",
        "app:main",
    ]


def test_the_project_file_is_used_if_nothing_is_named(tmp_path: Path) -> None:
    project = Project(DevSettings("python 'a worker.py' --fast"))
    assert start_command(None, None, project, tmp_path, ENVIRONMENT) == [sys.executable, "a worker.py", "--fast"]


def test_worker_py_is_the_customary_script(tmp_path: Path) -> None:
    (tmp_path / "worker.py").write_text("")
    assert start_command(None, None, NO_PROJECT, tmp_path, ENVIRONMENT) == [sys.executable, "worker.py"]


def test_without_anything_the_error_shows_an_example(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as failure:
        start_command(None, None, NO_PROJECT, tmp_path, ENVIRONMENT)
    assert "runCmd" in failure.value.hint


def test_a_file_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.py"):
        start_command("nowhere.py", None, NO_PROJECT, tmp_path, ENVIRONMENT)


def test_two_ways_at_once_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not both"):
        start_command("app", "python x.py", NO_PROJECT, tmp_path, ENVIRONMENT)


@pytest.mark.parametrize("text", ["no-such-program-here x", "python 'unclosed", "  "])
def test_a_command_that_cannot_run_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError):
        split_command(text, tmp_path, ENVIRONMENT)


def test_a_script_of_the_project_may_be_the_program(tmp_path: Path) -> None:
    script = tmp_path / "run-worker"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    assert split_command("./run-worker now", tmp_path, ENVIRONMENT) == [str(script), "now"]


def test_the_active_virtual_environment_comes_first(tmp_path: Path) -> None:
    for place in ("active", ".venv"):
        python = tmp_path / place / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text("#!/bin/sh\n")
        python.chmod(0o755)
    active = ENVIRONMENT | {"VIRTUAL_ENV": str(tmp_path / "active")}
    assert project_python(tmp_path, active) == str(tmp_path / "active/bin/python")
    assert project_python(tmp_path, ENVIRONMENT) == str(tmp_path / ".venv/bin/python")
