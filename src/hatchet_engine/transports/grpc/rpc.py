"""From a service's descriptor and a table of functions to gRPC handlers.

The functions know their caller and raise CoreError; statuses are made here, once. What a table leaves out answers
UNIMPLEMENTED: an RPC cannot be forgotten, nor pretend to have worked.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from grpc import aio

from hatchet_engine.core.errors import CoreError, ErrorCode
from hatchet_engine.transports.grpc.auth import CALLER
from hatchet_engine.transports.payloads import clean_text

Context: TypeAlias = "aio.ServicerContext[Any, Any]"
Rpc = Callable[..., Awaitable[Any]]
"""Unary: `(tenant_id, request) -> reply`. Streaming replies: `(tenant_id, request, context)`, or without request."""

STATUS = {code: grpc.StatusCode[code.value] for code in ErrorCode}
STATUS_NUMBER: dict[ErrorCode, int] = {code: grpc.StatusCode[code.value].value[0] for code in ErrorCode}

_DETAIL_BYTES = 4_000
"""A status travels in a header, which clients limit to 8 KiB; there a byte that is not ASCII takes three."""

_log = logging.getLogger(__name__)


class StreamEnded(Exception):
    """A stream was ended by the engine. A peer that does not read may not learn it for long: clean up before."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def detail(message: str) -> str:
    """`message` as the text of a status that every client can receive."""
    message = clean_text(message)
    if len(message) * 12 <= _DETAIL_BYTES:
        return message
    most = _DETAIL_BYTES if message.isascii() else _DETAIL_BYTES // 3
    encoded = message.encode()
    return message if len(encoded) <= most else encoded[:most].decode("utf-8", "ignore") + " …"


def service_handler(service: ServiceDescriptor, rpcs: Mapping[str, Rpc], not_yet: Mapping[str, str]) -> Any:
    """The handlers of one service.

    Args:
        service: its descriptor; every method of it gets a handler.
        rpcs: method name -> function.
        not_yet: method name -> the feature it needs, for the text of UNIMPLEMENTED.
    """
    unknown = (rpcs.keys() | not_yet.keys()) - {method.name for method in service.methods}
    if unknown:
        raise LookupError(f"{service.full_name} has no method {', '.join(sorted(unknown))}")
    handlers = {}
    for method in service.methods:
        rpc = rpcs.get(method.name) or _unimplemented(method, not_yet.get(method.name, "this call"))
        handlers[method.name] = _handler(method, rpc)
    return grpc.method_handlers_generic_handler(service.full_name, handlers)


def _unimplemented(method: MethodDescriptor, feature: str) -> Rpc:
    async def answer(*_: object) -> None:
        raise _NotImplementedYet(f"{method.name}: {feature} is not available in this version of the engine")

    return answer


class _NotImplementedYet(CoreError):
    code = ErrorCode.UNIMPLEMENTED


def _handler(method: MethodDescriptor, rpc: Rpc) -> "grpc.RpcMethodHandler[Any, Any]":
    request: type[Message] = GetMessageClass(method.input_type)
    reply: type[Message] = GetMessageClass(method.output_type)
    if not method.server_streaming and not method.client_streaming:
        make, behaviour = grpc.unary_unary_rpc_method_handler, _unary(method, rpc)
    elif not method.client_streaming:
        make, behaviour = grpc.unary_stream_rpc_method_handler, _server_streaming(method, rpc)
    else:
        make, behaviour = grpc.stream_stream_rpc_method_handler, _streaming(method, rpc)
    return make(behaviour, request_deserializer=request.FromString, response_serializer=reply.SerializeToString)


def _unary(method: MethodDescriptor, rpc: Rpc) -> Rpc:
    async def call(request: Message, context: Context) -> Any:
        try:
            return await rpc(CALLER.get().tenant_id, request)
        except Exception as error:
            await refuse(context, method.full_name, error)

    return call


def _server_streaming(method: MethodDescriptor, rpc: Rpc) -> Rpc:
    async def call(request: Message, context: Context) -> None:
        try:
            await rpc(CALLER.get().tenant_id, request, context)
        except Exception as error:
            await refuse(context, method.full_name, error)

    return call


def _streaming(method: MethodDescriptor, rpc: Rpc) -> Rpc:
    async def call(_requests: object, context: Context) -> None:
        try:
            await rpc(CALLER.get().tenant_id, context)
        except Exception as error:
            await refuse(context, method.full_name, error)

    return call


async def refuse(context: Context, method: str, error: Exception) -> None:
    """End the call with the status that belongs to `error`. An error that nobody foresaw is logged, not shown."""
    if isinstance(error, aio.BaseError):
        raise error  # gRPC's own: there is nobody left to tell
    if isinstance(error, StreamEnded):
        # Its frames hold what waited for the peer, and a peer that does not read keeps us here.
        error.__traceback__ = None
        await context.abort(error.code, detail(error.message))
    if isinstance(error, CoreError):
        await context.abort(STATUS[error.code], detail(error.message))
    _log.error("%s failed", method, exc_info=error)
    await context.abort(grpc.StatusCode.INTERNAL, f"internal error in {method}; the engine's log has the reason")
