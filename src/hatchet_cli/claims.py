"""What an API token says about itself. Only the engine checks the signature; a client just reads the addresses."""

import base64
import binascii
import json
from dataclasses import dataclass

from hatchet_cli.failure import UsageError

_ASSIGNMENT = "HATCHET_CLIENT_TOKEN="


@dataclass(frozen=True, slots=True)
class Claims:
    tenant_id: str
    server_url: str
    grpc_address: str
    expires_at: int | None
    """Seconds since the epoch; None: never."""


def tidy_token(text: str) -> str:
    """A token as it is pasted: blanks, quotes and a leading `HATCHET_CLIENT_TOKEN=` are dropped."""
    return text.strip().removeprefix("export ").removeprefix(_ASSIGNMENT).strip("\"' \n")


def read_claims(token: str) -> Claims:
    """The claims of a token.

    Raises:
        UsageError: the text is not a token.
    """
    parts = token.split(".")
    try:
        if len(parts) != 3:
            raise ValueError("three parts separated by dots are expected")
        body = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        expires = body.get("exp")
        return Claims(
            tenant_id=str(body["sub"]),
            server_url=str(body["server_url"]),
            grpc_address=str(body["grpc_broadcast_address"]),
            expires_at=int(expires) if expires is not None else None,
        )
    except (ValueError, KeyError, AttributeError, TypeError, binascii.Error) as error:
        raise UsageError(
            f"This is not an API token ({error!s}).",
            "A token is the text beginning with 'ey' that `hatchet token create` prints.",
        ) from error
