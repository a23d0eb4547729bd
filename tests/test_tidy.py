"""The budgets of style that a linter does not keep. Each exception is named here, with its reason."""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("src", "tests", "examples", "tools", "bench")
GENERATED = re.compile(r"_pb2(_grpc)?\.pyi?$")

FILE_LINES, FILE_LINES_WITH_REASON = 400, 600
FUNCTION_LINES, FUNCTION_LINES_WITH_REASON = 40, 60
PARAMETERS = 7
METHODS = 25

LONG_FILES: dict[str, str] = {}
"""Path -> reason. At most 600 lines."""

LONG_FUNCTIONS: dict[str, str] = {}
"""path::qualified.name -> reason. At most 60 lines."""

PUBLISHED_CLASSES: dict[str, str] = {}
"""path::Class -> reason why more than 25 methods."""

PUBLISHED_SIGNATURES: dict[str, str] = {}
"""path::qualified.name -> reason why more than 7 parameters. `*` matches any characters."""

COMPATIBILITY_MODULES: dict[str, str] = {
    "src/hatchet_sdk/utils/*": "applications import hatchet_sdk.utils.*; these are published import paths",
}
"""Path -> why a module has a name that says nothing."""

EMPTY_NAMES = {"utils", "util", "common", "helpers", "helper", "manager", "base", "misc"}


@cache
def tracked() -> tuple[Path, ...]:
    """Every file that is, or is about to be, in the repository."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listing = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return tuple(ROOT / name for name in sorted(set(listing.split("\0"))) if name and (ROOT / name).is_file())


@cache
def python_files() -> tuple[Path, ...]:
    """Our Python files; what a generator wrote is exempt."""
    return tuple(
        path
        for path in tracked()
        if path.suffix == ".py" and named(path).split("/")[0] in FOLDERS and not GENERATED.search(path.name)
    )


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(path: Path) -> Iterator[tuple[str, Function]]:
    """Each function of a file, also those inside others, with its `path::qualified.name`."""

    def walk(node: ast.AST, prefix: str) -> Iterator[tuple[str, Function]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, Function):
                yield f"{named(path)}::{prefix}{child.name}", child
                yield from walk(child, f"{prefix}{child.name}.")
            elif isinstance(child, ast.ClassDef):
                yield from walk(child, f"{prefix}{child.name}.")
            else:
                yield from walk(child, prefix)

    yield from walk(tree(path), "")


def body_lines(function: Function) -> int:
    """Lines of the body without the docstring."""
    body = function.body
    if (
        isinstance(body[0], ast.Expr)
        and isinstance(body[0].value, ast.Constant)
        and isinstance(body[0].value.value, str)
    ):
        body = body[1:]
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def parameters(function: Function) -> int:
    arguments = function.args
    names = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return sum(1 for argument in names if argument.arg not in ("self", "cls"))


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
    assert over_budget(sizes, METHODS, 1000, PUBLISHED_CLASSES) == []


def test_every_exception_is_still_needed() -> None:
    names = {named(path) for path in python_files()}
    names |= {name for path in python_files() for name, _ in functions(path)}
    names |= {
        f"{named(path)}::{node.name}"
        for path in python_files()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef)
    }
    for table in (LONG_FILES, LONG_FUNCTIONS, PUBLISHED_CLASSES, PUBLISHED_SIGNATURES, COMPATIBILITY_MODULES):
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


def mutable_module_state(path: Path) -> Iterator[str]:
    """Module-level lists, dicts and sets that are not constants by name, or that something in the module changes."""
    displays = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
    constants: set[str] = set()
    for statement in tree(path).body:
        if isinstance(statement, ast.Assign):
            targets, value = statement.targets, statement.value
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            targets, value = [statement.target], statement.value
        else:
            continue
        if not isinstance(value, displays):
            continue
        for name in (target.id for target in targets if isinstance(target, ast.Name)):
            if name.startswith("__") and name.endswith("__"):
                continue
            if name.lstrip("_").upper() != name.lstrip("_"):
                yield f"{named(path)}:{statement.lineno}: {name} is not named as a constant"
            constants.add(name)
    for node in ast.walk(tree(path)):
        changed = changed_name(node)
        if changed in constants:
            yield f"{named(path)}:{getattr(node, 'lineno', 0)}: {changed} is changed"


CHANGERS = frozenset(
    {"append", "extend", "insert", "pop", "popitem", "clear", "remove", "discard", "add", "update", "setdefault"}
)


def changed_name(node: ast.AST) -> str | None:
    """The name of the collection that this node changes: `X[k] = v`, `del X[k]`, `X.append(v)`, `global X`."""
    target: ast.expr | None = None
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
        target = node.value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGERS:
        target = node.func.value
    elif isinstance(node, ast.Global):
        return node.names[0]
    return target.id if isinstance(target, ast.Name) else None


def test_modules_hold_no_state() -> None:
    found = [line for path in python_files() if named(path).startswith("src/") for line in mutable_module_state(path)]
    assert found == []


def test_tests_wait_on_signals_not_on_the_clock() -> None:
    """`eventually` in tests/support/waiting.py is the one place that lets time pass."""
    waits = [
        f"{named(path)}:{node.lineno}"
        for path in python_files()
        if named(path).startswith("tests/") and named(path) != "tests/support/waiting.py"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "sleep"
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in ("time", "asyncio")
        and not is_zero(node)
    ]
    assert waits == []


def is_zero(call: ast.Call) -> bool:
    """`sleep(0)` gives way to others and waits for nothing."""
    return len(call.args) == 1 and isinstance(call.args[0], ast.Constant) and call.args[0].value == 0


def test_nothing_names_the_machine_it_was_written_on() -> None:
    """Absolute paths of a work tree or a home folder work on one machine only."""
    places = "|".join(re.escape(str(place) + "/") for place in {ROOT.parent, Path.home()} if len(place.parts) > 1)
    command = ["git", "grep", "--untracked", "-nIE", places, "--", "."]
    found = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True).stdout.splitlines()
    assert found == []
