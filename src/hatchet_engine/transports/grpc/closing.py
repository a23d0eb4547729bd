"""Refusing new calls while the server goes down."""

from typing import Any

import grpc
from grpc import aio

from hatchet_engine.transports.grpc.auth import Continuation, Handler

SHUTTING_DOWN = "the engine is shutting down"


async def _refuse(_requests: object, context: "aio.ServicerContext[Any, Any]") -> None:
    await context.abort(grpc.StatusCode.UNAVAILABLE, SHUTTING_DOWN)


class Gate(aio.ServerInterceptor):
    """Open until `close`; then calls get UNAVAILABLE, after which clients connect and try again."""

    def __init__(self) -> None:
        self._is_open = True
        self._refusal: Handler = grpc.stream_stream_rpc_method_handler(_refuse)

    def close(self) -> None:
        self._is_open = False

    async def intercept_service(
        self, continuation: Continuation, handler_call_details: grpc.HandlerCallDetails
    ) -> "Handler | None":
        return await continuation(handler_call_details) if self._is_open else self._refusal
