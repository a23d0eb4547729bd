"""`@command`: a Typer command whose options may come in groups, and whose errors are reported.

A parameter annotated with a dataclass stands for one option per field, so that `--json`, `--profile` or the filters of
`hatchet runs` are declared once. A `CliError` ends the command with its message and exit code; with `--json` the
message is a JSON document on stdout, so that there is exactly one in every case.
"""

import inspect
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import wraps
from typing import Annotated, Any, get_type_hints

import typer

from hatchet_cli.failure import CliError


@dataclass(frozen=True, kw_only=True)
class Display:
    """How the answer is shown."""

    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document on stdout and nothing else.", show_default=False)
    ] = False


def command(function: Callable[..., None]) -> Callable[..., None]:
    """Spread the option groups of `function` into options, and report its `CliError`s.

    Args:
        function: every parameter is annotated; a dataclass annotation is an option group.
    """
    hints = get_type_hints(function, include_extras=True)
    hints.pop("return", None)
    groups = {name: hint for name, hint in hints.items() if is_dataclass(hint)}

    @wraps(function)
    def run(**given: Any) -> None:
        arguments = {name: _gather(group, given) for name, group in groups.items()} | given
        try:
            function(**arguments)
        except (CliError, ModuleNotFoundError) as error:
            failure = error if isinstance(error, CliError) else _missing_package(error)
            as_json = any(isinstance(value, Display) and value.json for value in arguments.values())
            report(failure, as_json)
            raise typer.Exit(failure.exit_code) from error

    run.__annotations__ = {}
    run.__signature__ = inspect.Signature(_parameters(function, hints))  # type: ignore[attr-defined]
    return run


def report(error: CliError, as_json: bool) -> None:
    """Show an error: as JSON on stdout, or as text on stderr."""
    from hatchet_cli import output

    if as_json:
        output.document({"error": error.message, "hint": error.hint})
        return
    output.problem(error.message, error.hint)


def _missing_package(error: ModuleNotFoundError) -> CliError:
    """The engine's packages are an extra: a machine that only looks at runs does not need them.

    Raises:
        ModuleNotFoundError: the module is one of ours.
    """
    if error.name is None or error.name.startswith("hatchet_"):
        raise error
    return CliError(
        f"This command needs the package {error.name.partition('.')[0]!r}, which is not installed.",
        "Install what it needs: pip install 'hatchet-py[server,cli]'",
    )


def _parameters(function: Callable[..., None], hints: dict[str, Any]) -> list[inspect.Parameter]:
    spread: list[inspect.Parameter] = []
    for parameter in inspect.signature(function).parameters.values():
        hint = hints[parameter.name]
        if is_dataclass(hint):
            spread += _group_parameters(hint)
        else:
            spread.append(
                parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hint),
            )
    return spread


def _group_parameters(group: Any) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    parameters = []
    for option in fields(group):
        default = option.default_factory() if option.default_factory is not MISSING else option.default
        parameters.append(
            inspect.Parameter(
                option.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if default is MISSING else default,
                annotation=hints[option.name],
            )
        )
    return parameters


def _gather(group: Any, given: dict[str, Any]) -> Any:
    return group(**{option.name: given.pop(option.name) for option in fields(group)})
