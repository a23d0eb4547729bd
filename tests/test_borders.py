"""The borders between the rooms that `.importlinter` cannot say."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SRC = Path(__file__).parents[1] / "src"


def imported_modules(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            names.add(node.module)
    return names


def test_the_core_imports_nothing_but_the_standard_library() -> None:
    foreign = {
        (path.name, name)
        for path in (SRC / "hatchet_engine" / "core").rglob("*.py")
        for name in imported_modules(path)
        if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith("hatchet_engine.core")
    }
    assert foreign == set()


def modules_loaded_by(statement: str) -> set[str]:
    script = f"import sys\n{statement}\nprint(*sys.modules)"
    shown = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    return {name.split(".")[0] for name in shown.split()}


@pytest.mark.parametrize("package", ["hatchet_engine", "sqlalchemy", "alembic", "fastapi", "uvicorn", "typer", "rich"])
def test_an_application_that_imports_the_sdk_loads_no_engine(package: str) -> None:
    assert package not in modules_loaded_by("import hatchet_sdk; hatchet_sdk.Hatchet")


@pytest.mark.parametrize("package", ["hatchet_engine", "hatchet_sdk", "sqlalchemy", "fastapi", "grpc"])
def test_the_command_line_starts_without_the_engine(package: str) -> None:
    assert package not in modules_loaded_by("import hatchet_cli.main")


def test_importing_the_sdk_starts_no_thread() -> None:
    script = "import threading, hatchet_sdk; hatchet_sdk.Hatchet; print(threading.active_count())"
    shown = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    assert shown.strip() == "1"
