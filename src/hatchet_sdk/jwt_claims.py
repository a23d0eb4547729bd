"""What the SDK reads from its API token. It does not verify the token; only the engine can."""

import base64
import binascii

from pydantic import BaseModel, ValidationError


class TokenClaims(BaseModel):
    """The claims that say where the engine is and which tenant the token belongs to."""

    sub: str
    server_url: str
    grpc_broadcast_address: str


def read_claims(token: str) -> TokenClaims:
    """The claims of a JWT.

    Raises:
        ValueError: it is not a JWT, or one of the claims is missing.
    """
    parts = token.split(".")
    if len(parts) != 3:
        raise ValueError(
            f"the API token (starting with {token[:5]!r}) is not a JWT: it has {len(parts)} dot-separated parts, not 3"
        )
    try:
        payload = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        return TokenClaims.model_validate_json(payload)
    except (binascii.Error, ValidationError) as error:
        missing = ", ".join(TokenClaims.model_fields)
        raise ValueError(f"the API token cannot be read; its payload must have the claims {missing}") from error
