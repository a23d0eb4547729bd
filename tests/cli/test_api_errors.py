"""Errors say what went wrong and what to do next, without a traceback."""

import json

import pytest

from hatchet_cli.profiles import Profile, ProfileFile, Profiles
from tests.cli.conftest import Cli
from tests.cli.fake_rest import TENANT, FakeRest

WORKERS = f"GET /api/v1/tenants/{TENANT}/worker"


def test_no_server_is_known(cli: Cli) -> None:
    result = cli.failure("worker", "list")
    assert "hatchet server start" in result.stderr
    assert "hatchet profile add" in result.stderr


def test_nothing_listens(cli: Cli) -> None:
    profiles = Profiles()
    profiles.put(Profile("gone", "ey", TENANT, "127.0.0.1:1", "http://127.0.0.1:1"))
    ProfileFile().save(profiles)
    result = cli.failure("worker", "list")
    assert "http://127.0.0.1:1" in result.stderr
    assert "'gone'" in result.stderr
    assert "hatchet server start" in result.stderr


def test_an_unknown_profile(cli: Cli, rest: FakeRest) -> None:
    result = cli.failure("worker", "list", "-p", "staging")
    assert result.exit_code == 2
    assert "fake" in result.stderr


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (403, {"message": "Please provide valid credentials"}, "hatchet token create"),
        (400, {"errors": [{"description": "limit is too large"}]}, "limit is too large"),
        (404, {"message": "worker not found"}, "worker not found"),
        (500, {"message": "oops"}, "oops"),
        (500, {"errors": [{"description": "oops"}, {"description": "again"}]}, "oops; again"),
    ],
)
def test_refusals(cli: Cli, rest: FakeRest, status: int, body: dict[str, object], said: str) -> None:
    rest.routes[WORKERS] = lambda *_: (status, body)
    result = cli.failure("worker", "list")
    assert result.exit_code == 1
    assert said in result.stderr


def test_with_json_the_error_is_the_document(cli: Cli, rest: FakeRest) -> None:
    rest.routes[WORKERS] = lambda *_: (403, {"message": "no"})
    result = cli.failure("worker", "list", "--json")
    assert set(json.loads(result.stdout)) == {"error", "hint"}
    assert result.stderr == ""


def test_the_environment_comes_before_the_default_profile(
    cli: Cli, rest: FakeRest, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.cli.test_profile_command import token

    rest.routes[f"GET /api/v1/tenants/{TENANT}/worker"] = {"rows": []}
    monkeypatch.setenv("HATCHET_CLIENT_TOKEN", token(sub=TENANT, server_url="http://127.0.0.1:1"))
    assert "127.0.0.1:1" in cli.failure("worker", "list").stderr
    monkeypatch.setenv("HATCHET_CLIENT_SERVER_URL", rest.url)
    cli.ok("worker", "list")
