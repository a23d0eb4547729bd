"""What the tests of the command line share."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from hatchet_cli.main import app
from tests.cli.fake_rest import FakeRest
from tests.cli.programs import Shop


class Cli:
    """Runs commands in this process."""

    def __call__(self, *words: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(app, list(words), input=stdin)

    def ok(self, *words: str, stdin: str | None = None) -> Result:
        """The command must succeed."""
        result = self(*words, stdin=stdin)
        assert result.exit_code == 0, result.output
        return result

    def document(self, *words: str, stdin: str | None = None) -> Any:
        """The one JSON document that a command prints with `--json`."""
        return json.loads(self.ok(*words, "--json", stdin=stdin).stdout)

    def failure(self, *words: str, stdin: str | None = None) -> Result:
        """The command must fail with a message and without a traceback."""
        result = self(*words, stdin=stdin)
        assert result.exit_code in (1, 2), result.output
        assert isinstance(result.exception, SystemExit), result.exception
        assert "Traceback" not in result.output
        return result


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Commands that are called in an empty directory, by a user without profiles."""
    place = tmp_path / "project"
    place.mkdir()
    monkeypatch.chdir(place)
    monkeypatch.setenv("HATCHET_HOME", str(tmp_path / "home"))
    return Cli()


@pytest.fixture
def rest(cli: Cli) -> Iterator[FakeRest]:
    """The server of the default profile."""
    fake = FakeRest()
    fake.become_default()
    yield fake
    fake.close()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Programs that are started in an empty directory."""
    running = Shop(tmp_path)
    yield running
    running.close()
