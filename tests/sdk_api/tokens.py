"""Tokens that can be read but open nothing."""

import base64
import json
from typing import Any

TENANT = "707d0855-80ab-4e1f-a156-f1c4546cbf52"
SERVER_URL = "http://127.0.0.1:1"
HOST_PORT = "127.0.0.1:2"
CLAIMS = {"sub": TENANT, "server_url": SERVER_URL, "grpc_broadcast_address": HOST_PORT}


def token(**claims: Any) -> str:
    """A JWT with the claims that the SDK needs, and those given; None leaves one out."""
    payload = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not None}
    return ".".join([_part({"alg": "none", "typ": "JWT"}), _part(payload), "signature"])


def _part(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()
