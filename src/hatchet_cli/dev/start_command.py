"""The command that starts the worker of a project."""

import os
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from hatchet_cli.failure import UsageError
from hatchet_cli.project import EXAMPLE, FILE_NAME, Project

CUSTOMARY_SCRIPT = "worker.py"


def start_command(
    target: str | None, run_command: str | None, project: Project, directory: Path, environment: Mapping[str, str]
) -> Sequence[str]:
    """The words of the command.

    Args:
        target: what the user named: `path.py`, `package.module` or `package.module:attribute`.
        run_command: a whole command that the user gave; it is split like a shell does, but not run by one.
        project: the `hatchet.yaml`; its `dev.runCmd` is used if the user named nothing.
        directory: the project's directory.
        environment: where `VIRTUAL_ENV` and `PATH` are looked up.

    Raises:
        UsageError: nothing says what to start, or it does not exist.
    """
    if target and run_command:
        raise UsageError("Give either a module or file, or --run-cmd, not both.")
    if target:
        return _python_command(target, directory, environment)
    text = run_command or project.dev.run_command
    if text:
        return split_command(text, directory, environment)
    if (directory / CUSTOMARY_SCRIPT).is_file():
        return _python_command(CUSTOMARY_SCRIPT, directory, environment)
    raise UsageError(
        f"Nothing says how to start the worker: there is no {FILE_NAME} with a dev.runCmd here.",
        f"Name a file or module (`hatchet worker dev worker.py`), or write a {FILE_NAME}:\n\n{EXAMPLE}",
    )


def split_command(text: str, directory: Path, environment: Mapping[str, str]) -> Sequence[str]:
    """Split a command into words; `python` is the project's interpreter.

    Raises:
        UsageError: an unclosed quote, or a program that does not exist.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"Cannot split the command {text!r}: {error}") from error
    if not words:
        raise UsageError("The command is empty.")
    if words[0] in ("python", "python3"):
        return [project_python(directory, environment), *words[1:]]
    program = shutil.which(words[0], path=environment.get("PATH")) or shutil.which(str(directory / words[0]))
    if program is None:
        raise UsageError(f"The program {words[0]!r} does not exist.", f"The whole command is: {text}")
    return [program, *words[1:]]


def project_python(directory: Path, environment: Mapping[str, str]) -> str:
    """The interpreter of the active virtual environment, else of the project's `.venv`, else our own."""
    for place in (environment.get("VIRTUAL_ENV"), directory / ".venv"):
        python = Path(place) / "bin" / "python" if place else None
        if python is not None and os.access(python, os.X_OK):
            return str(python)
    return sys.executable


def _python_command(target: str, directory: Path, environment: Mapping[str, str]) -> Sequence[str]:
    python = project_python(directory, environment)
    if target.endswith(".py") or (directory / target).is_file():
        if not (directory / target).is_file():
            raise UsageError(f"There is no file {target!r} in {directory}.")
        return [python, target]
    if ":" in target:
        return [python, "-m", "hatchet_cli.dev.launch", target]
    return [python, "-m", target]
