"""Tenants and tokens."""

from collections.abc import Iterator

import pytest

from hatchet_engine.store.access import TenantRow, TokenRow, TokenState
from hatchet_engine.store.errors import StoreRefused
from hatchet_engine.store.ledger import Ledger
from hatchet_engine.store.store import Store


class Clock:
    def __init__(self) -> None:
        self.now = 1_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(url: str, clock: Clock) -> Iterator[Ledger]:
    store = Store.open(url, clock)
    store.ledger.create_tenant("tenant", "Tenant")
    yield store.ledger
    store.close()


def test_a_tenant_is_created_once(ledger: Ledger, clock: Clock) -> None:
    clock.now = 2_000
    assert ledger.create_tenant("tenant", "another name") == TenantRow("tenant", "Tenant", 1_000)
    assert ledger.create_tenant("second", "Second") == TenantRow("second", "Second", 2_000)
    assert [tenant.id for tenant in ledger.tenants()] == ["tenant", "second"]


def test_a_token_is_active_until_it_expires(ledger: Ledger, clock: Clock) -> None:
    token = ledger.create_token("token", "tenant", "ci", expires_at=1_500)
    assert token == TokenRow("token", "tenant", "ci", 1_000, 1_500, None)
    assert ledger.token_state("token") is TokenState.ACTIVE
    clock.now = 1_499
    assert ledger.token_state("token") is TokenState.ACTIVE
    clock.now = 1_500
    assert ledger.token_state("token") is TokenState.EXPIRED


def test_a_token_without_an_end_stays_active(ledger: Ledger, clock: Clock) -> None:
    ledger.create_token("token", "tenant", "ci")
    clock.now = 2**60
    assert ledger.token_state("token") is TokenState.ACTIVE


def test_a_revoked_token_stays_revoked(ledger: Ledger, clock: Clock) -> None:
    ledger.create_token("token", "tenant", "ci", expires_at=5_000)
    clock.now = 2_000
    assert ledger.revoke_token("token") is True
    clock.now = 3_000
    assert ledger.revoke_token("token") is False
    assert ledger.token_state("token") is TokenState.REVOKED
    assert ledger.list_tokens("tenant") == [TokenRow("token", "tenant", "ci", 1_000, 5_000, 2_000)]


def test_an_unknown_token_opens_nothing(ledger: Ledger) -> None:
    assert ledger.token_state("token") is TokenState.UNKNOWN
    assert ledger.revoke_token("token") is False


def test_tokens_are_listed_by_tenant(ledger: Ledger) -> None:
    ledger.create_tenant("second", "Second")
    for name in ("a", "b"):
        ledger.create_token(name, "tenant", name)
    ledger.create_token("c", "second", "c")
    assert [token.id for token in ledger.list_tokens("tenant")] == ["a", "b"]
    assert [token.id for token in ledger.list_tokens("second")] == ["c"]


@pytest.mark.parametrize("token_id, tenant_id", [("new", "nobody"), ("taken", "tenant")])
def test_a_token_needs_a_tenant_and_an_id_of_its_own(ledger: Ledger, token_id: str, tenant_id: str) -> None:
    ledger.create_token("taken", "tenant", "ci")
    with pytest.raises(StoreRefused):
        ledger.create_token(token_id, tenant_id, "ci")
    assert [token.id for token in ledger.list_tokens("tenant")] == ["taken"]
