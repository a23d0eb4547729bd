"""What a transport needs to know about API tokens. `server/tokens.py` issues and verifies them."""

from dataclasses import dataclass
from typing import Protocol


class InvalidToken(Exception):
    """A credential that is missing, malformed, forged, expired, revoked, or made for another engine."""


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """Who calls: a token belongs to exactly one tenant."""

    tenant_id: str
    token_id: str


class TokenVerifier(Protocol):
    def verify(self, token: str) -> TokenClaims:
        """The claims of a good token. Callable from any thread.

        Raises:
            InvalidToken: with the reason, for the log; callers are only told that the token is invalid.
        """
        ...


def bearer_token(header: str) -> str:
    """The token of an `authorization` value; the scheme is compared without regard to case.

    Raises:
        InvalidToken: it is not `bearer <token>`.
    """
    scheme, _, token = header.strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise InvalidToken("the authorization is not of the form: bearer <token>")
    return token
