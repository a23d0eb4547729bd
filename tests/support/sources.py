"""Reads our own source files for the tests of style."""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("src", "tests", "examples", "tools", "bench")
GENERATED = re.compile(r"_pb2(_grpc)?\.pyi?$")


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


def mutable_module_state(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Module-level lists, dicts and sets that are not constants by name, or that something in the module changes."""
    displays = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
    constants: set[str] = set()
    for statement in module.body:
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
                yield statement.lineno, f"{name} is not named as a constant"
            constants.add(name)
    for node in ast.walk(module):
        changed = changed_name(node)
        if changed in constants:
            yield getattr(node, "lineno", 0), f"{changed} is changed"


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


def sleeps(module: ast.Module) -> Iterator[int]:
    """The lines on which `time.sleep` or `asyncio.sleep` is called; `sleep(0)` only gives way and does not count."""
    for node in ast.walk(module):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "sleep"
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id in ("time", "asyncio")
            and not (len(node.args) == 1 and isinstance(node.args[0], ast.Constant) and node.args[0].value == 0)
        ):
            yield node.lineno
