"""The budgets of style that a linter does not keep. Each exception is named here, with its reason."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.sources import (
    ROOT,
    Function,
    body_lines,
    functions,
    mutable_module_state,
    named,
    parameters,
    python_files,
    sleeps,
    tree,
)

FILE_LINES, FILE_LINES_WITH_REASON = 400, 600
FUNCTION_LINES, FUNCTION_LINES_WITH_REASON = 40, 60
PARAMETERS = 7
METHODS = 25

LONG_FILES: dict[str, str] = {}
"""Path -> reason. At most 600 lines."""

LONG_FUNCTIONS: dict[str, str] = {}
"""path::qualified.name -> reason. At most 60 lines."""

WIDE_CLASSES: dict[str, str] = {
    "src/hatchet_cli/api.py::Api": "one short method for each endpoint that a command calls",
    "tests/sim/world.py::World": "one short method for each thing that may happen next in the simulation",
}
"""path::Class -> reason why more than 25 methods."""

DECLARED = "published: what may be said of a task or a workflow is said by keyword"
PUBLISHED_SIGNATURES: dict[str, str] = {
    "src/hatchet_sdk/hatchet.py::Hatchet.workflow": DECLARED,
    "src/hatchet_sdk/runnables/standalone_declarations.py::*": DECLARED,
    "src/hatchet_sdk/runnables/batch_declarations.py::*": DECLARED,
    "src/hatchet_sdk/runnables/task_declarations.py::*": DECLARED,
    "src/hatchet_sdk/runnables/task_definition.py::TaskDefinition.__init__": "takes what the declarations take",
    "src/hatchet_sdk/runnables/standalone.py::Standalone._run": "published as run and aio_run",
    "src/hatchet_sdk/runnables/workflow.py::Workflow._run": "published as run and aio_run",
    "src/hatchet_sdk/runnables/declaration.py::BaseWorkflow.create_bulk_run_item": "published",
    "src/hatchet_sdk/runnables/declaration.py::BaseWorkflow.aio_list_runs": "published",
    "src/hatchet_sdk/features/runs.py::RunsClient.aio_list": "published",
    "src/hatchet_sdk/features/runs.py::RunsClient.aio_list_with_pagination": "published",
    "src/hatchet_sdk/worker/worker.py::Worker.__init__": "published",
}
"""path::qualified.name -> reason why more than 7 parameters. `*` matches any characters."""

WAITING_PLACES: dict[str, str] = {
    "tests/support/waiting.py": "where the tests' waits are",
    "tests/blackbox/official/*": "programs in an environment of their own, which has nothing of ours",
    "tests/e2e/programs/*": "bodies of tasks that take time",
}
"""Path -> why time may pass there."""

COMPATIBILITY_MODULES: dict[str, str] = {
    "src/hatchet_sdk/utils/*": "applications import hatchet_sdk.utils.*; these are published import paths",
}
"""Path -> why a module has a name that says nothing."""

EMPTY_NAMES = {"utils", "util", "common", "helpers", "helper", "manager", "base", "misc"}


def excused(name: str, table: dict[str, str]) -> bool:
    return any(re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), name) for pattern in table)


def over_budget(sizes: Iterator[tuple[str, int]], budget: int, most: int, excuses: dict[str, str]) -> list[str]:
    return [
        f"{name}: {size}, allowed are {most if excused(name, excuses) else budget}"
        for name, size in sizes
        if size > (most if excused(name, excuses) else budget)
    ]


def test_files_are_short() -> None:
    sizes = ((named(path), path.read_text().count("\n")) for path in python_files())
    assert over_budget(sizes, FILE_LINES, FILE_LINES_WITH_REASON, LONG_FILES) == []


def test_functions_are_short() -> None:
    sizes = ((name, body_lines(function)) for path in python_files() for name, function in functions(path))
    assert over_budget(sizes, FUNCTION_LINES, FUNCTION_LINES_WITH_REASON, LONG_FUNCTIONS) == []


def test_functions_take_few_parameters() -> None:
    sizes = ((name, parameters(function)) for path in python_files() for name, function in functions(path))
    assert over_budget(sizes, PARAMETERS, 1000, PUBLISHED_SIGNATURES) == []


def test_classes_have_few_methods() -> None:
    sizes = (
        (f"{named(path)}::{node.name}", sum(isinstance(child, Function) for child in node.body))
        for path in python_files()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef)
    )
    assert over_budget(sizes, METHODS, 1000, WIDE_CLASSES) == []


def test_every_exception_is_still_needed() -> None:
    names = {named(path) for path in python_files()}
    names |= {name for path in python_files() for name, _ in functions(path)}
    names |= {
        f"{named(path)}::{node.name}"
        for path in python_files()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef)
    }
    tables = (LONG_FILES, LONG_FUNCTIONS, WIDE_CLASSES, PUBLISHED_SIGNATURES, WAITING_PLACES, COMPATIBILITY_MODULES)
    for table in tables:
        assert [pattern for pattern in table if not any(excused(name, {pattern: ""}) for name in names)] == []


def test_modules_have_names_that_say_something() -> None:
    empty = [
        named(path)
        for path in python_files()
        if EMPTY_NAMES & {part.removesuffix(".py") for part in path.relative_to(ROOT).parts}
    ]
    assert [name for name in empty if not excused(name, COMPATIBILITY_MODULES)] == []


@pytest.mark.parametrize(
    ("pattern", "what"),
    [
        (r"#\s*type:\s*ignore(?!\[)", "type: ignore without a code"),
        (r"#\s*noqa(?!:\s*[A-Z]+[0-9]+.*(\s-|#|\s—)\s*\S)", "noqa without a code and a reason: `# noqa: X1 - why`"),
    ],
)
def test_suppressions_say_what_and_why(pattern: str, what: str) -> None:
    found = [
        f"{named(path)}:{number}: {what}"
        for path in python_files()
        if path != Path(__file__)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(pattern, line)
    ]
    assert found == []


def test_modules_hold_no_state() -> None:
    found = [
        f"{named(path)}:{line}: {what}"
        for path in python_files()
        if named(path).startswith("src/")
        for line, what in mutable_module_state(tree(path))
    ]
    assert found == []


def test_tests_wait_on_signals_not_on_the_clock() -> None:
    found = [
        f"{named(path)}:{line}"
        for path in python_files()
        if named(path).startswith("tests/") and not excused(named(path), WAITING_PLACES)
        for line in sleeps(tree(path))
    ]
    assert found == []


SHARED_PLACES = {
    Path(name) for name in ("/", "/tmp", "/var", "/var/tmp", "/var/lib", "/home", "/opt", "/srv", "/usr/src")
}
"""Folders that every machine has: naming one of them says nothing about this one."""


def test_nothing_names_the_machine_it_was_written_on() -> None:
    """Absolute paths of a work tree or a home folder work on one machine only."""
    places = {ROOT, ROOT.parent, Path.home()} - SHARED_PLACES
    pattern = "|".join(re.escape(f"{place}/") for place in sorted(places))
    command = ["git", "grep", "--untracked", "-nIE", pattern, "--", "."]
    found = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert found.returncode == 1, found.stdout + found.stderr
