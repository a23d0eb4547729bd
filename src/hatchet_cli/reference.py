"""Writes the reference of the command line: `python -m hatchet_cli.reference > docs/cli.md`."""

import sys
from collections.abc import Iterator
from typing import Any

import typer.main

from hatchet_cli.main import GROUPS, app

INTRODUCTION = """# The `hatchet` command

Written by `python -m hatchet_cli.reference > docs/cli.md`; a test keeps it equal to the code.

* Exit codes: 0 done, 1 failed, 2 called in a wrong way.
* `--json` prints one JSON document on stdout and nothing else; a failure is the document `{"error": ..., "hint": ...}`.
* Profiles (addresses and tokens of servers) are in `~/.hatchet/profiles.yaml`; `HATCHET_HOME` names another directory.
* Without `--profile` a command uses `HATCHET_CLIENT_TOKEN` if it is set, else the server that runs on `./.hatchet`,
  else the default profile, else the only one.
"""


def commands() -> Iterator[tuple[str, Any]]:
    """Every visible command with its full name, e.g. `hatchet runs list`."""
    root = typer.main.get_command(app)
    yield "hatchet", root
    yield from _below("hatchet", root)


def _below(prefix: str, group: Any) -> Iterator[tuple[str, Any]]:
    for name in group.list_commands(None) if hasattr(group, "list_commands") else ():
        found = group.commands[name]
        if not found.hidden:
            yield f"{prefix} {name}", found
            yield from _below(f"{prefix} {name}", found)


def options(found: Any) -> list[Any]:
    """The visible options and arguments of a command, without --help."""
    return [parameter for parameter in found.params if not getattr(parameter, "hidden", False)]


def reference() -> str:
    """The whole page."""
    aliases = ", ".join(f"`{alias}` = `{name}`" for _, name, others in GROUPS for alias in others)
    parts = [INTRODUCTION + f"* Aliases: {aliases}.\n"]
    parts += [_section(name, found) for name, found in commands() if name != "hatchet"]
    return "\n".join(parts)


def _section(name: str, found: Any) -> str:
    level = "##" if name.count(" ") == 1 else "###"
    lines = [f"{level} {name}", "", (found.help or "").strip(), ""]
    if hasattr(found, "commands"):
        return "\n".join(lines)
    words = [name, *(_usage(parameter) for parameter in options(found) if parameter.param_type_name == "argument")]
    lines += ["```", " ".join([*words, "[OPTIONS]"]), "```", ""]
    lines += [_line(parameter) for parameter in options(found)]
    if found.epilog:
        lines += ["", " ".join(found.epilog.split("\n\n  ")) if "\n" not in found.epilog else _example(found.epilog)]
    return "\n".join([*lines, ""])


def _usage(argument: Any) -> str:
    return str(argument.metavar or argument.name.upper())


def _line(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"* `{_usage(parameter)}`: {parameter.help}"
    names = ", ".join(f"`{name}`" for name in parameter.opts)
    default = parameter.default
    shown = f" Default: {default}." if default not in (None, False, "") and not callable(default) else ""
    return f"* {names}: {parameter.help}{shown}"


def _example(epilog: str) -> str:
    lines = [line.strip() for line in epilog.splitlines() if line.strip()]
    return "\n".join([lines[0], "", "```", *lines[1:], "```"])


if __name__ == "__main__":
    sys.stdout.write(reference())
