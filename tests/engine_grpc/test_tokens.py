"""Tokens by themselves: what they say, what makes them bad, and that a good one is checked once."""

import os
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest

from hatchet_engine.runtime.ids import Uuid7
from hatchet_engine.server.keyfile import load_or_create_key, write_secret
from hatchet_engine.server.tokens import ALGORITHM, Tokens
from hatchet_engine.transports.credentials import InvalidToken, bearer_token

TENANT = "707d0855-80ab-4e1f-a156-f1c4546cbf52"
KEY = b"k" * 32
URL = "http://127.0.0.1:8888"


class Rows:
    """The rows of the ledger."""

    def __init__(self) -> None:
        self.created: dict[str, tuple[str, str, int | None]] = {}
        self.revoked: set[str] = set()

    def create_token(self, token_id: str, tenant_id: str, name: str, expires_at: int | None = None) -> None:
        self.created[token_id] = (tenant_id, name, expires_at)

    def revoke_token(self, token_id: str) -> bool:
        new = token_id in self.created and token_id not in self.revoked
        self.revoked.add(token_id)
        return new


class Clock:
    def __init__(self) -> None:
        self.at = 1_800_000_000_000_000

    def __call__(self) -> int:
        return self.at

    def advance(self, by: timedelta) -> None:
        self.at += round(by.total_seconds() * 1_000_000)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(clock: Clock) -> Tokens:
    made = Tokens(KEY, Rows(), clock, Uuid7())
    made.publish(URL, "127.0.0.1:7077")
    return made


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def test_a_token_says_what_sdks_read(tokens: Tokens, clock: Clock) -> None:
    token_id, token = tokens.issue(TENANT, "mine")
    assert token.startswith("ey")
    assert len(token.split(".")) == 3
    assert claims_of(token) == {
        "sub": TENANT,
        "iss": URL,
        "aud": URL,
        "iat": clock.at // 1_000_000,
        "exp": clock.at // 1_000_000 + 90 * 86_400,
        "token_id": token_id,
        "server_url": URL,
        "grpc_broadcast_address": "127.0.0.1:7077",
    }
    verified = tokens.verify(token)
    assert (verified.tenant_id, verified.token_id) == (TENANT, token_id)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"exp": 1}, "expired"),
        ({"exp": "soon"}, "numbers"),
        ({"exp": None}, "exp"),
        ({"iat": 1_900_000_000}, "in the future"),
        ({"iat": None}, "iat"),
        ({"iss": "http://elsewhere"}, "ssuer"),
        ({"aud": "http://elsewhere"}, "udience"),
        ({"aud": None}, "aud"),
        ({"server_url": "http://elsewhere"}, "made for http://elsewhere"),
        ({"server_url": None}, "server_url"),
        ({"sub": "11111111-1111-4111-8111-111111111111"}, "another tenant"),
        ({"sub": 7}, "ubject"),
        ({"sub": None}, "sub"),
        ({"token_id": "22222222-2222-4222-8222-222222222222"}, "revoked or unknown"),
        ({"token_id": ["x"]}, "revoked or unknown"),
        ({"token_id": None}, "token_id"),
    ],
)
def test_a_token_with_another_claim_is_refused(tokens: Tokens, change: dict[str, Any], reason: str) -> None:
    claims = claims_of(tokens.issue(TENANT, "mine")[1]) | change
    forged = jwt.encode({key: value for key, value in claims.items() if value is not None}, KEY, algorithm=ALGORITHM)
    with pytest.raises(InvalidToken, match=reason):
        tokens.verify(forged)


@pytest.mark.parametrize(
    "token",
    ["", ".", "..", "a.b.c", "ey.ey.ey", "\u2603", "eyJhbGciOiJIUzI1NiJ9..", "W" * 100_000, "W1tb" * 20_000 + ".e30.x"],
)
def test_nonsense_is_refused(tokens: Tokens, token: str) -> None:
    with pytest.raises(InvalidToken):
        tokens.verify(token)


def test_other_signatures_and_algorithms_are_refused(tokens: Tokens) -> None:
    claims = claims_of(tokens.issue(TENANT, "mine")[1])
    for forged in (
        jwt.encode(claims, b"x" * 32, algorithm="HS256"),
        jwt.encode(claims, KEY * 2, algorithm="HS512"),
        jwt.encode(claims, "", algorithm="none"),
    ):
        with pytest.raises(InvalidToken):
            tokens.verify(forged)


def test_a_good_token_is_decoded_once(tokens: Tokens, monkeypatch: pytest.MonkeyPatch) -> None:
    _, token = tokens.issue(TENANT, "mine")
    tokens.verify(token)
    monkeypatch.setattr(jwt, "decode", None)
    assert tokens.verify(token).tenant_id == TENANT


def test_a_cached_token_still_expires(tokens: Tokens, clock: Clock) -> None:
    _, token = tokens.issue(TENANT, "mine", timedelta(hours=1))
    tokens.verify(token)
    clock.advance(timedelta(hours=1, seconds=1))
    with pytest.raises(InvalidToken, match="expired"):
        tokens.verify(token)


def test_a_cached_token_is_refused_once_revoked(tokens: Tokens) -> None:
    token_id, token = tokens.issue(TENANT, "mine")
    _, other = tokens.issue(TENANT, "other")
    tokens.verify(token)
    tokens.verify(other)
    assert tokens.revoke(token_id)
    with pytest.raises(InvalidToken, match="revoked"):
        tokens.verify(token)
    assert not tokens.revoke(token_id)
    assert tokens.verify(other)


def test_another_address_makes_old_tokens_bad(tokens: Tokens) -> None:
    _, token = tokens.issue(TENANT, "mine")
    tokens.verify(token)
    tokens.publish("http://127.0.0.1:9999", "127.0.0.1:7077")
    with pytest.raises(InvalidToken):
        tokens.verify(token)


def test_the_cache_is_bounded(tokens: Tokens, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hatchet_engine.server.tokens._CACHED_TOKENS", 3)
    for _ in range(10):
        tokens.verify(tokens.issue(TENANT, "mine")[1])
    assert len(tokens._verified) <= 3


@pytest.mark.parametrize("header", ["", "bearer", "bearer ", "token x", "x"])
def test_what_is_no_bearer_credential(header: str) -> None:
    with pytest.raises(InvalidToken):
        bearer_token(header)


def test_the_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "signing.key"
    key = load_or_create_key(path)
    assert len(key) == 32
    assert load_or_create_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["signing.key"]


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "signing.key"
    load_or_create_key(path)
    path.chmod(0o644)
    with pytest.raises(PermissionError, match="chmod 600"):
        load_or_create_key(path)


@pytest.mark.parametrize("content", [b"no hex", b"abcd", b""])
def test_a_damaged_key_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "signing.key"
    write_secret(path, content)
    with pytest.raises(ValueError, match="signing key"):
        load_or_create_key(path)
