"""`hatchet profile`."""

import base64
import json
from typing import Any

import pytest

from hatchet_cli.claims import read_claims, tidy_token
from hatchet_cli.failure import UsageError
from hatchet_cli.profiles import ProfileFile
from tests.cli.conftest import Cli
from tests.cli.fake_rest import TENANT, FakeRest


def token(**claims: Any) -> str:
    """A token as a client sees it; the signature is nobody's."""
    body = {"sub": TENANT, "server_url": "http://127.0.0.1:1", "grpc_broadcast_address": "127.0.0.1:2"} | claims
    parts = (json.dumps(part).encode() for part in ({"alg": "HS256"}, body))
    return ".".join([*(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts), "c2ln"])


def test_add_reads_the_token(cli: Cli) -> None:
    cli.ok("profile", "add", "--name", "staging", "--token", f'export HATCHET_CLIENT_TOKEN="{token()}"')
    profile = ProfileFile().load().named("staging")
    assert profile.token == token()
    assert (profile.tenant_id, profile.rest, profile.grpc) == (TENANT, "http://127.0.0.1:1", "127.0.0.1:2")
    assert profile.tls_strategy == "none"


def test_add_takes_the_token_from_stdin(cli: Cli) -> None:
    cli.ok("profile", "add", "--name", "staging", "--token", "-", stdin=token() + "\n")
    assert ProfileFile().load().named("staging").token == token()


def test_a_https_server_gets_tls(cli: Cli) -> None:
    cli.ok("profile", "add", "-n", "cloud", "-t", token(server_url="https://hatchet.example"))
    cli.ok("profile", "add", "-n", "strict", "-t", token(), "--tls-strategy", "mtls")
    profiles = ProfileFile().load()
    assert profiles.named("cloud").tls_strategy == "tls"
    assert profiles.named("strict").tls_strategy == "mtls"


def test_the_tenant_gives_the_name(cli: Cli, rest: FakeRest) -> None:
    rest.routes[f"GET /api/v1/tenants/{TENANT}"] = {"name": "Acme"}
    assert cli.document("profile", "add", "--token", token(server_url=rest.url))["name"] == "Acme"
    assert "--name" not in ProfileFile().load().by_name


def test_without_an_answer_a_name_is_asked_for(cli: Cli) -> None:
    assert "--name" in cli.failure("profile", "add", "--token", token()).stderr


@pytest.mark.parametrize("text", ["", "ey.x", "ey.!!.x", "a.e30.c", "a.W10.c"])
def test_what_is_no_token_is_refused(cli: Cli, text: str) -> None:
    assert cli.failure("profile", "add", "-n", "x", "-t", text).exit_code == 2


def test_an_unknown_tls_strategy_is_refused(cli: Cli) -> None:
    assert cli.failure("profile", "add", "-n", "x", "-t", token(), "--tls-strategy", "ssl").exit_code == 2


def test_the_first_is_the_default_and_another_can_be(cli: Cli) -> None:
    cli.ok("profile", "add", "-n", "one", "-t", token())
    cli.ok("profile", "add", "-n", "two", "-t", token())
    assert cli.document("profile", "list")["default"] == "one"
    cli.ok("profile", "set-default", "two")
    assert cli.document("profile", "list")["default"] == "two"
    cli.ok("profile", "add", "-n", "three", "-t", token(), "--default")
    assert cli.document("profile", "list")["default"] == "three"
    cli.ok("profile", "remove", "three")
    assert [row["name"] for row in cli.document("profile", "list")["rows"]] == ["one", "two"]
    assert cli.failure("profile", "remove", "three").exit_code == 2


def test_tokens_are_shown_only_when_asked_for(cli: Cli) -> None:
    cli.ok("profile", "add", "-n", "one", "-t", token())
    for words in (("list",), ("list", "--json"), ("show",), ("show", "one", "--json")):
        assert token() not in cli.ok("profile", *words).stdout
    assert token() in cli.ok("profile", "show", "--show-token").stdout


def test_show_env_is_for_the_shell(cli: Cli) -> None:
    cli.ok("profile", "add", "-n", "one", "-t", token())
    lines = cli.ok("profile", "show", "--env").stdout.splitlines()
    assert f"export HATCHET_CLIENT_TOKEN={token()}" in lines
    assert "export HATCHET_CLIENT_HOST_PORT=127.0.0.1:2" in lines
    assert "export HATCHET_CLIENT_SERVER_URL=http://127.0.0.1:1" in lines
    assert "export HATCHET_CLIENT_TLS_STRATEGY=none" in lines
    assert cli.document("profile", "show", "--env")["HATCHET_CLIENT_TOKEN"] == token()


def test_a_pasted_token_is_tidied() -> None:
    assert tidy_token(' HATCHET_CLIENT_TOKEN="ey.a.b"\n') == "ey.a.b"


def test_claims_without_an_expiry_never_expire() -> None:
    assert read_claims(token()).expires_at is None
    assert read_claims(token(exp=12)).expires_at == 12
    with pytest.raises(UsageError):
        read_claims(token(exp="soon"))
