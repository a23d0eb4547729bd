"""Who may call. Everything needs a token of the right tenant, except the routes of `PUBLIC`."""

import logging
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from hatchet_engine.transports.credentials import InvalidToken, TokenClaims, TokenVerifier, bearer_token
from hatchet_engine.transports.rest.errors import FORBIDDEN, Refused, message_response

logger = logging.getLogger("hatchet.rest")

OPENAPI_PATH = "/api/openapi.json"

PUBLIC = frozenset(
    {
        ("GET", "/api/live"),
        ("GET", "/api/ready"),
        ("GET", "/api/v1/meta"),
        ("GET", "/api/v1/version"),
        ("GET", "/api/v1/cloud/metadata"),
        ("GET", OPENAPI_PATH),
    }
)
"""The only requests that need no credentials: method and exact path."""


class RequireToken:
    """Middleware in front of the router: without good credentials not even the body of a request is read."""

    def __init__(self, app: ASGIApp, tokens: TokenVerifier) -> None:
        self._app = app
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (scope["method"], scope["path"]) not in PUBLIC:
            try:
                token = bearer_token(Headers(scope=scope).get("authorization", ""))
                claims = self._tokens.verify(token)
            except InvalidToken as refusal:
                logger.info("refused %s %s: %s", scope["method"], scope["path"], refusal)
                await message_response(403, FORBIDDEN)(scope, receive, send)
                return
            scope.setdefault("state", {})["claims"] = claims
        await self._app(scope, receive, send)


def claims_of(request: Request) -> TokenClaims:
    """Who calls.

    Raises:
        Refused: nobody that is known; so a route that forgot to be private stays private.
    """
    claims = getattr(request.state, "claims", None)
    if not isinstance(claims, TokenClaims):
        raise Refused(403, FORBIDDEN)
    return claims


Caller = Annotated[TokenClaims, Depends(claims_of)]
