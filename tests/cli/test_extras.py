"""The command line on a machine where not everything is installed."""

import subprocess
import sys

import pytest

WITHOUT = """
import sys
sys.modules[{missing!r}] = None
sys.argv = ["hatchet", *{words!r}]
from hatchet_cli.main import main
main()
"""


def without(missing: str, *words: str) -> subprocess.CompletedProcess[str]:
    script = WITHOUT.format(missing=missing, words=words)
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("words", [("server", "start", "--ephemeral"), ("doctor",)])
def test_commands_of_the_server_say_which_extra_they_need(words: tuple[str, ...]) -> None:
    refused = without("sqlalchemy", *words)
    assert refused.returncode == 1
    assert "'sqlalchemy'" in refused.stderr
    assert "hatchet-py[server,cli]" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_other_commands_need_no_engine() -> None:
    assert without("sqlalchemy", "profile", "list").returncode == 0


def test_without_typer_the_extra_is_named() -> None:
    refused = without("typer", "--help")
    assert refused.returncode == 1
    assert "hatchet-py[server,cli]" in refused.stderr
    assert "Traceback" not in refused.stderr
