"""Every command and option has a help text, is in docs/cli.md, and answers in JSON where it answers at all."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from hatchet_cli.main import GROUPS
from hatchet_cli.reference import commands, options, reference
from tests.cli.conftest import Cli

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"
COMMANDS = {name: found for name, found in commands() if not hasattr(found, "commands")}
WITHOUT_JSON = {"hatchet worker dev"}
"""What its worker prints passes through."""


def test_the_page_is_what_the_code_says() -> None:
    assert PAGE.read_text() == reference(), "run: python -m hatchet_cli.reference > docs/cli.md"


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_every_command_has_a_help_text_and_is_on_the_page(name: str, cli: Cli) -> None:
    found = dict(commands())[name]
    assert found.help
    shown = cli.ok(*name.split()[1:], "--help")
    assert "Usage" in shown.stdout
    if name != "hatchet":
        assert f"# {name}\n" in PAGE.read_text()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_a_help_text_and_is_on_the_page(name: str) -> None:
    _, _, section = PAGE.read_text().partition(f"# {name}\n")
    section = section.partition("\n#")[0]
    for option in options(COMMANDS[name]):
        assert option.help, option.name
        assert option.help in section
        assert all(f"`{word}`" in section for word in option.opts if word.startswith("-")), option.name


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_shows_an_example(name: str) -> None:
    assert name in (COMMANDS[name].epilog or "")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_that_answers_does_it_in_json(name: str) -> None:
    words = {word for option in options(COMMANDS[name]) for word in option.opts}
    assert ("--json" in words) is (name not in WITHOUT_JSON)


def test_options_that_mean_the_same_have_the_same_letter() -> None:
    letters: dict[str, set[str]] = {}
    for found in COMMANDS.values():
        for option in options(found):
            short = [word for word in option.opts if len(word) == 2]
            for word in option.opts:
                if word.startswith("--") and short:
                    letters.setdefault(word, set()).update(short)
    assert {word: found for word, found in letters.items() if len(found) > 1} == {}


@pytest.mark.parametrize(("name", "alias"), [(name, alias) for _, name, others in GROUPS for alias in others])
def test_aliases_are_the_same_group(cli: Cli, name: str, alias: str) -> None:
    groups = dict(commands())["hatchet"].commands
    assert groups[alias].commands.keys() == groups[name].commands.keys()
    assert alias in groups[name].help
    assert "Usage" in cli.ok(alias, "--help").stdout


@pytest.mark.parametrize("option", ["--version", "-v"])
def test_version(cli: Cli, option: str) -> None:
    assert cli.ok(option).stdout == f"hatchet {version('hatchet-py')}\n"


@pytest.mark.parametrize("words", [("nonsense",), ("runs", "nonsense"), ("runs", "list", "--nonsense")])
def test_a_wrong_call_is_a_usage_error(cli: Cli, words: tuple[str, ...]) -> None:
    assert cli.failure(*words).exit_code == 2


@pytest.mark.parametrize("words", [(), ("runs",), ("worker",)])
def test_without_a_command_the_help_is_shown(cli: Cli, words: tuple[str, ...]) -> None:
    assert "Usage" in cli(*words).output


def loaded_by(*words: str) -> set[str]:
    """The top-level modules that a command loads."""
    script = (
        f"import sys; sys.argv = ['hatchet', *{words!r}]\n"
        "from hatchet_cli.main import main\n"
        "try:\n    main()\nexcept SystemExit: pass\n"
        "sys.stderr.write('MODULES ' + ' '.join(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stderr.partition("MODULES ")[2].split()}


def test_help_is_quick_because_it_loads_little() -> None:
    heavy = {
        "hatchet_engine",
        "hatchet_sdk",
        "httpx",
        "yaml",
        "sqlalchemy",
        "grpc",
        "pydantic",
        "watchfiles",
        "asyncio",
    }
    assert loaded_by("--help") & heavy == set()
    assert (
        loaded_by("profile", "list", "--json") & (heavy - {"yaml", "pydantic"}) == set()
    )  # Typer itself looks at pydantic


def test_a_command_without_json_prints_no_json_error(cli: Cli) -> None:
    result: Any = cli.failure("worker", "list")
    assert result.stdout == ""
