"""Nobody gets past here without a token: the check sits before the look-up of the method."""

import logging
from collections.abc import Awaitable, Callable, Iterable
from contextvars import ContextVar
from typing import Any, TypeAlias

import grpc
from grpc import aio

from hatchet_engine.transports.credentials import InvalidToken, TokenClaims, TokenVerifier, bearer_token

CALLER: ContextVar[TokenClaims] = ContextVar("caller")
"""Who makes the current call. Without a value there was no check, and reading it fails."""

INVALID_TOKEN = "invalid auth token"

_log = logging.getLogger(__name__)

# The types of grpc have parameters in their stubs only.
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
Continuation: TypeAlias = Callable[[grpc.HandlerCallDetails], Awaitable["Handler | None"]]


async def _refuse(_requests: object, context: "aio.ServicerContext[Any, Any]") -> None:
    await context.abort(grpc.StatusCode.UNAUTHENTICATED, INVALID_TOKEN)


class TokenInterceptor(aio.ServerInterceptor):
    """Refuses every call, of any service and of none, that brings no valid token."""

    def __init__(self, tokens: TokenVerifier) -> None:
        self._tokens = tokens
        # A handler for streams answers every kind of call, and before the first request has arrived.
        self._refusal: Handler = grpc.stream_stream_rpc_method_handler(_refuse)

    async def intercept_service(
        self, continuation: Continuation, handler_call_details: grpc.HandlerCallDetails
    ) -> "Handler | None":
        try:
            claims = self._tokens.verify(_credential(handler_call_details.invocation_metadata))
        except InvalidToken as refused:
            _log.info("refused %s: %s", handler_call_details.method, refused)
            return self._refusal
        CALLER.set(claims)
        return await continuation(handler_call_details)


def _credential(metadata: Iterable[tuple[str, str | bytes]] | None) -> str:
    for key, value in metadata or ():
        if key == "authorization" and isinstance(value, str):
            return bearer_token(value)
    raise InvalidToken("no authorization in the metadata")
