"""Tokens as the commands show them."""

import time
from datetime import UTC, datetime
from typing import Any

from hatchet_engine.store.access import TokenRow
from hatchet_engine.store.ledger import Ledger


def token_records(ledger: Ledger, tenant_id: str) -> list[dict[str, Any]]:
    """The tenant's tokens, the oldest first."""
    return [_record(row) for row in ledger.list_tokens(tenant_id)]


def made_record(ledger: Ledger, tenant_id: str, token_id: str, token: str) -> dict[str, Any]:
    """A token that was just made, with its text."""
    row = next(row for row in ledger.list_tokens(tenant_id) if row.id == token_id)
    return {**_record(row), "token": token}


def _record(row: TokenRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "state": _state(row),
        "created_at": _moment(row.created_at),
        "expires_at": _moment(row.expires_at),
    }


def _state(row: TokenRow) -> str:
    if row.revoked_at is not None:
        return "revoked"
    if row.expires_at is not None and row.expires_at <= time.time_ns() // 1_000:
        return "expired"
    return "active"


def _moment(micros: int | None) -> str | None:
    if micros is None:
        return None
    return datetime.fromtimestamp(micros / 1_000_000, UTC).isoformat().replace("+00:00", "Z")
