"""API tokens: JWTs that this installation signs, knows by id, and can revoke (docs/wire.md A.1)."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Protocol

import jwt

from hatchet_engine.transports.credentials import InvalidToken, TokenClaims

ALGORITHM = "HS256"
CLOCK_SKEW_S = 30
DEFAULT_TTL = timedelta(days=90)
_CACHED_TOKENS = 10_000
_REQUIRED = ["sub", "exp", "iat", "iss", "aud", "server_url", "token_id"]


class TokenRegistry(Protocol):
    """Where token rows live: the ledger. One thread at a time."""

    def create_token(self, token_id: str, tenant_id: str, name: str, expires_at: int | None = None) -> object: ...

    def revoke_token(self, token_id: str) -> bool: ...


class Tokens:
    """Issues and verifies. Verification is safe on any thread and touches no database.

    One engine has a database at a time and all tokens pass through here, so the rows are in memory.
    """

    def __init__(self, key: bytes, registry: TokenRegistry, now: Callable[[], int], new_id: Callable[[], str]) -> None:
        self._key = key
        self._registry = registry
        self._now = now
        self._new_id = new_id
        self._server_url = ""
        self._grpc_address = ""
        self._lock = threading.Lock()
        self._active: dict[str, str] = {}
        """Token id -> tenant id."""
        self._verified: dict[str, tuple[TokenClaims, int]] = {}
        """Token -> claims and expiry in microseconds."""

    def know(self, token_id: str, tenant_id: str) -> None:
        """A token that was issued earlier and is not revoked."""
        self._active[token_id] = tenant_id

    def publish(self, server_url: str, grpc_address: str) -> None:
        """Set the addresses that go into tokens. Tokens made for another `server_url` are refused from now on."""
        self._server_url = server_url
        self._grpc_address = grpc_address
        with self._lock:
            self._verified.clear()

    def issue(self, tenant_id: str, name: str, ttl: timedelta = DEFAULT_TTL) -> tuple[str, str]:
        """A new token of a tenant; blocks until it is stored. Beside a running engine: on the ledger's thread.

        Args:
            tenant_id: whose objects the token opens.
            name: shown in lists.
            ttl: how long it is valid.

        Returns:
            The token's id and the token. The token itself is kept nowhere.
        """
        token_id, now = self._new_id(), self._now()
        expires_at = now + round(ttl.total_seconds() * 1_000_000)
        self._registry.create_token(token_id, tenant_id, name, expires_at)
        self.know(token_id, tenant_id)
        claims = {
            "sub": tenant_id,
            "iss": self._server_url,
            "aud": self._server_url,
            "iat": now // 1_000_000,
            "exp": expires_at // 1_000_000,
            "token_id": token_id,
            "server_url": self._server_url,
            "grpc_broadcast_address": self._grpc_address,
        }
        return token_id, jwt.encode(claims, self._key, algorithm=ALGORITHM)

    def revoke(self, token_id: str) -> bool:
        """Refuse this token from now on; blocks until that is stored. Beside a running engine: on the ledger's thread.

        Returns:
            False if there is no such token, or it was revoked before.
        """
        known = self._registry.revoke_token(token_id)
        with self._lock:
            self._active.pop(token_id, None)
            self._verified = {
                token: (claims, expires_at)
                for token, (claims, expires_at) in self._verified.items()
                if claims.token_id != token_id
            }
        return known

    def verify(self, token: str) -> TokenClaims:
        """The claims of a token that this installation issued and that is still good.

        Raises:
            InvalidToken: with the reason.
        """
        cached = self._verified.get(token)
        if cached is not None and self._now() < cached[1]:
            return cached[0]
        claims, expires_at = self._check(token)
        with self._lock:
            if claims.token_id in self._active:
                if len(self._verified) >= _CACHED_TOKENS:
                    self._verified.clear()
                self._verified[token] = (claims, expires_at)
        return claims

    def expires_at(self, token: str) -> int:
        """When a good token expires, in microseconds since the epoch.

        Raises:
            InvalidToken: with the reason.
        """
        return self._check(token)[1]

    def leads_here(self, token: str) -> bool:
        """Whether a good token names the gRPC address that we have now."""
        return self._decode(token)["grpc_broadcast_address"] == self._grpc_address  # type: ignore[no-any-return]

    def _check(self, token: str) -> tuple[TokenClaims, int]:
        payload = self._decode(token)
        now_s = self._now() / 1_000_000
        expires, issued = payload["exp"], payload["iat"]
        if not isinstance(expires, int | float) or not isinstance(issued, int | float):
            raise InvalidToken("exp and iat must be numbers")
        if expires <= now_s:
            raise InvalidToken("expired")
        if issued > now_s + CLOCK_SKEW_S:
            raise InvalidToken("issued in the future")
        if payload["server_url"] != self._server_url:
            raise InvalidToken(f"made for {payload['server_url']}, this is {self._server_url}")
        token_id, tenant_id = payload["token_id"], payload["sub"]
        if not isinstance(token_id, str) or self._active.get(token_id) is None:
            raise InvalidToken("revoked or unknown")
        if self._active[token_id] != tenant_id:
            raise InvalidToken("belongs to another tenant")
        return TokenClaims(tenant_id, token_id), int(expires * 1_000_000)

    def _decode(self, token: str) -> dict[str, Any]:
        # Times are checked against the engine's own clock, not PyJWT's.
        options: Any = {"require": _REQUIRED, "verify_exp": False, "verify_iat": False, "verify_nbf": False}
        try:
            payload: dict[str, Any] = jwt.decode(
                token,
                self._key,
                algorithms=[ALGORITHM],
                audience=self._server_url,
                issuer=self._server_url,
                options=options,
            )
        except (jwt.InvalidTokenError, ValueError, RecursionError) as error:
            raise InvalidToken(str(error)) from error
        return payload
