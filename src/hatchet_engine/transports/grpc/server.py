"""The gRPC server: which services, which limits, which credentials."""

import asyncio
from dataclasses import dataclass, field

import grpc
from grpc import aio

from hatchet_engine.runtime.engine import Engine
from hatchet_engine.transports.credentials import TokenVerifier
from hatchet_engine.transports.grpc import dispatcher, events, workflows
from hatchet_engine.transports.grpc.auth import TokenInterceptor
from hatchet_engine.transports.grpc.closing import Gate
from hatchet_engine.transports.grpc.rpc import service_handler
from hatchet_engine.transports.grpc.session import SessionService
from hatchet_engine.transports.grpc.streams import Backpressure, OpenStreams
from hatchet_engine.transports.payloads import MAX_MESSAGE_BYTES
from hatchet_wire.published import dispatcher_pb2, events_pb2, workflows_pb2
from hatchet_wire.published.v1 import dispatcher_pb2 as v1_dispatcher_pb2
from hatchet_wire.published.v1 import workflows_pb2 as v1_workflows_pb2
from hatchet_wire.session import session_pb2

SERVICES = (
    dispatcher_pb2.DESCRIPTOR.services_by_name["Dispatcher"],
    events_pb2.DESCRIPTOR.services_by_name["EventsService"],
    workflows_pb2.DESCRIPTOR.services_by_name["WorkflowService"],
    v1_workflows_pb2.DESCRIPTOR.services_by_name["AdminService"],
    v1_dispatcher_pb2.DESCRIPTOR.services_by_name["V1Dispatcher"],
    session_pb2.DESCRIPTOR.services_by_name["Session"],
)

_LINGER_S = 0.05

_DURABLE_NOT_YET = {
    "DurableTask": "running durable tasks",
    "RegisterDurableEvent": "running durable tasks",
    "ListenForDurableEvent": "running durable tasks",
}


@dataclass(frozen=True, slots=True)
class GrpcOptions:
    """Where and how to listen."""

    host: str = "127.0.0.1"
    port: int = 0
    """0: a free one."""
    credentials: grpc.ServerCredentials | None = None
    """None: plaintext."""
    max_receive_bytes: int = 2 * MAX_MESSAGE_BYTES
    """More than clients send in one message, so that what is too large gets an answer that says so."""
    backpressure: Backpressure = field(default_factory=Backpressure)


class GrpcServer:
    """Serves the engine's loop. Create, start and stop it there."""

    def __init__(self, engine: Engine, tokens: TokenVerifier, options: GrpcOptions) -> None:
        self._options = options
        self._streams = OpenStreams()
        self._gate = Gate()
        interceptors = [TokenInterceptor(tokens), self._gate]
        self._server = aio.server(interceptors=interceptors, options=_channel_options(options))
        self._server.add_generic_rpc_handlers(_handlers(engine, self._streams, options.backpressure))
        self._port = 0

    @property
    def port(self) -> int:
        """The port that is listened on; 0 before `bind`."""
        return self._port

    @property
    def open_streams(self) -> int:
        return len(self._streams)

    def bind(self) -> None:
        """Take the port. Connections wait until the start.

        Raises:
            OSError: the address is taken or not ours.
        """
        host = f"[{self._options.host}]" if ":" in self._options.host else self._options.host
        address = f"{host}:{self._options.port}"
        try:
            if self._options.credentials is None:
                self._port = self._server.add_insecure_port(address)
            else:
                self._port = self._server.add_secure_port(address, self._options.credentials)
        except RuntimeError as error:
            raise OSError(f"cannot listen on {address}: is the port taken by another program?") from error

    async def start(self) -> None:
        """Serve the bound port."""
        await self._server.start()

    async def stop(self, grace_s: float) -> None:
        """Take no new calls, end the streams with UNAVAILABLE, give running calls `grace_s` seconds."""
        self._gate.close()
        self._streams.close()
        # gRPC cancels the calls that it has received and not yet handed out; let it hand them out.
        await asyncio.sleep(_LINGER_S)
        await self._server.stop(grace_s)


def _channel_options(options: GrpcOptions) -> list[tuple[str, int]]:
    return [
        ("grpc.max_receive_message_length", options.max_receive_bytes),
        ("grpc.max_send_message_length", -1),
        # Clients ping every 10 s, also without calls; they must not be told off for it.
        ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
        ("grpc.http2.max_ping_strikes", 0),
        ("grpc.keepalive_permit_without_calls", 1),
        # A peer that vanished without a word is noticed after 30 s + 20 s.
        ("grpc.keepalive_time_ms", 30_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        # A second engine on the same port must fail instead of sharing the calls.
        ("grpc.so_reuseport", 0),
    ]


def _handlers(engine: Engine, streams: OpenStreams, limits: Backpressure) -> tuple[grpc.GenericRpcHandler, ...]:
    tables = {
        "Dispatcher": (dispatcher.Dispatcher(engine, streams, limits).rpcs(), dispatcher.NOT_YET),
        "EventsService": (events.EventsService(engine).rpcs(), events.NOT_YET),
        "WorkflowService": (workflows.WorkflowService(engine).rpcs(), workflows.V0_NOT_YET),
        "v1.AdminService": (workflows.AdminService(engine).rpcs(), workflows.V1_NOT_YET),
        "v1.V1Dispatcher": ({}, _DURABLE_NOT_YET),
        "hatchet.session.v1.Session": (SessionService(engine, streams, limits).rpcs(), {}),
    }
    return tuple(service_handler(service, *tables[service.full_name]) for service in SERVICES)
