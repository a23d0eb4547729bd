"""Tenants and the tokens that open them."""

import sqlite3
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.dialects import sqlite

from hatchet_engine.store import schema
from hatchet_engine.store.statements import Statement


@dataclass(frozen=True, slots=True)
class TenantRow:
    """Times in microseconds since the epoch."""

    id: str
    name: str
    created_at: int


@dataclass(frozen=True, slots=True)
class TokenRow:
    """What is known of an API token; the token itself is not stored. Times in microseconds since the epoch."""

    id: str
    tenant_id: str
    name: str
    created_at: int
    expires_at: int | None
    revoked_at: int | None


class TokenState(StrEnum):
    ACTIVE = "active"
    REVOKED = "revoked"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


class AccessStatements:
    """The statements of tenants and tokens. Each function runs inside its caller's transaction."""

    def __init__(self) -> None:
        tenants, tokens = schema.tenants, schema.api_tokens
        self._tenants = Statement(select(*tenants.c).order_by(tenants.c.created_at, tenants.c.id))
        self._tenant = Statement(select(*tenants.c).where(tenants.c.id == bindparam("tenant_id")))
        self._add_tenant = Statement(
            sqlite.insert(tenants)
            .values({column: bindparam(column.name) for column in tenants.c})
            .on_conflict_do_nothing(index_elements=tenants.primary_key)
        )
        self._tokens = Statement(
            select(*tokens.c)
            .where(tokens.c.tenant_id == bindparam("tenant_id"))
            .order_by(tokens.c.created_at, tokens.c.id)
        )
        self._token = Statement(select(*tokens.c).where(tokens.c.id == bindparam("token_id")))
        self._add_token = Statement(insert(tokens).values({column: bindparam(column.name) for column in tokens.c}))
        self._revoke = Statement(
            update(tokens)
            .where(tokens.c.id == bindparam("token_id"), tokens.c.revoked_at.is_(None))
            .values(revoked_at=bindparam("at"))
        )

    def tenants(self, connection: sqlite3.Connection) -> list[TenantRow]:
        return [TenantRow(*row) for row in self._tenants.run(connection)]

    def add_tenant(self, connection: sqlite3.Connection, tenant: TenantRow) -> TenantRow:
        """Store it unless its id is there; what is stored."""
        self._add_tenant.run(connection, id=tenant.id, name=tenant.name, created_at=tenant.created_at)
        return TenantRow(*self._tenant.run(connection, tenant_id=tenant.id).fetchone())

    def tokens(self, connection: sqlite3.Connection, tenant_id: str) -> list[TokenRow]:
        return [TokenRow(*row) for row in self._tokens.run(connection, tenant_id=tenant_id)]

    def token(self, connection: sqlite3.Connection, token_id: str) -> TokenRow | None:
        row = self._token.run(connection, token_id=token_id).fetchone()
        return TokenRow(*row) if row is not None else None

    def add_token(self, connection: sqlite3.Connection, token: TokenRow) -> None:
        self._add_token.run(
            connection,
            id=token.id,
            tenant_id=token.tenant_id,
            name=token.name,
            created_at=token.created_at,
            expires_at=token.expires_at,
            revoked_at=token.revoked_at,
        )

    def revoke(self, connection: sqlite3.Connection, token_id: str, at: int) -> bool:
        """Whether it was not revoked before."""
        return self._revoke.run(connection, token_id=token_id, at=at).rowcount > 0
