"""`hatchet.yaml`."""

from pathlib import Path

import pytest

from hatchet_cli.failure import UsageError
from hatchet_cli.project import DEFAULT_FILES, EXAMPLE, DevSettings, Project, Trigger, load_project


def load(directory: Path, text: str) -> Project | None:
    (directory / "hatchet.yaml").write_text(text)
    return load_project(directory)


def test_no_file_means_no_project(tmp_path: Path) -> None:
    assert load_project(tmp_path) is None


def test_an_empty_file_is_a_project_with_reload(tmp_path: Path) -> None:
    assert load(tmp_path, "") == Project(DevSettings(None, (), DEFAULT_FILES, True), ())


def test_every_key_is_read(tmp_path: Path) -> None:
    text = """
dev:
  preCmds: [pip list]
  runCmd: python -m app
  files: ["app/**", "!app/tests/**"]
  reload: false
triggers:
  - {name: one, command: python one.py, description: The first}
  - {command: python two.py}
"""
    assert load(tmp_path, text) == Project(
        DevSettings("python -m app", ("pip list",), ("app/**", "!app/tests/**"), False),
        (Trigger("one", "python one.py", "The first"), Trigger("python two.py", "python two.py")),
    )


def test_the_example_in_the_messages_is_good(tmp_path: Path) -> None:
    project = load(tmp_path, EXAMPLE)
    assert project is not None
    assert project.dev.run_command == "python worker.py"
    assert project.trigger("first-run") == Trigger("first-run", "python trigger.py", "Run the first task")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("dev: [a]", "dev"),
        ("dev: {runcmd: x}", "runcmd"),
        ("dev: {reload: 'yes'}", "dev.reload"),
        ("dev: {files: '*.py'}", "dev.files"),
        ("dev: {runCmd: 3}", "dev.runCmd"),
        ("other: 1", "other"),
        ("triggers: {a: b}", "triggers"),
        ("triggers: [{name: a}]", "triggers[0].command"),
        ("a: b: c", "hatchet.yaml"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(UsageError) as failure:
        load(tmp_path, text)
    assert named in failure.value.message
