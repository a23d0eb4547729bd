"""The gRPC channel and its stubs. Made and used on the transport's loop only."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf.message import Message
from grpc import aio

from hatchet_sdk.transport.frames import MESSAGE_OVERHEAD
from hatchet_wire.published.dispatcher_pb2_grpc import DispatcherStub
from hatchet_wire.published.events_pb2_grpc import EventsServiceStub
from hatchet_wire.published.v1.workflows_pb2_grpc import AdminServiceStub
from hatchet_wire.published.workflows_pb2_grpc import WorkflowServiceStub
from hatchet_wire.session.session_pb2 import EngineToClientFrame, EngineToWorkerFrame

if TYPE_CHECKING:
    from hatchet_sdk.config import ClientConfig, ClientTLSConfig
    from hatchet_wire.published.dispatcher_pb2_grpc import DispatcherAsyncStub
    from hatchet_wire.published.events_pb2_grpc import EventsServiceAsyncStub
    from hatchet_wire.published.v1.workflows_pb2_grpc import AdminServiceAsyncStub
    from hatchet_wire.published.workflows_pb2_grpc import WorkflowServiceAsyncStub

KEEPALIVE_EVERY_MS = 10_000
KEEPALIVE_TIMEOUT_MS = 60_000
SLOWEST_RECONNECT_MS = 500
"""An engine that is back is found within this time, however long it was away."""
CONNECT_WITHIN_MS = 5_000
"""For one attempt, TLS included; shorter, and slow networks would never get through."""

ByteStream = aio.StreamStreamCall[Any, Any]


def channel_options(config: "ClientConfig") -> list[tuple[str, str | int]]:
    options: list[tuple[str, str | int]] = [
        ("grpc.max_send_message_length", config.grpc_max_send_message_length),
        ("grpc.max_receive_message_length", config.grpc_max_recv_message_length + MESSAGE_OVERHEAD),
        ("grpc.keepalive_time_ms", KEEPALIVE_EVERY_MS),
        ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_MS),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.min_reconnect_backoff_ms", CONNECT_WITHIN_MS),  # what gRPC gives an attempt, not a pause
        ("grpc.max_reconnect_backoff_ms", SLOWEST_RECONNECT_MS),
        ("grpc.use_local_subchannel_pool", 1),
    ]
    if config.tls_config.strategy != "none" and config.tls_config.server_name:
        options.append(("grpc.ssl_target_name_override", config.tls_config.server_name))
    return options


def _credentials(tls: "ClientTLSConfig") -> grpc.ChannelCredentials:
    def read(path: str | None) -> bytes | None:
        return Path(path).read_bytes() if path else None

    if tls.strategy == "tls":
        return grpc.ssl_channel_credentials(root_certificates=read(tls.root_ca_file))
    missing = [name for name in ("root_ca_file", "cert_file", "key_file") if not getattr(tls, name)]
    if tls.strategy != "mtls":
        raise ValueError(f"unknown TLS strategy {tls.strategy!r}; use tls, mtls or none")
    if missing:
        raise ValueError(f"the TLS strategy mtls needs {', '.join(missing)}; set HATCHET_CLIENT_TLS_…_FILE")
    return grpc.ssl_channel_credentials(read(tls.root_ca_file), read(tls.key_file), read(tls.cert_file))


def open_channel(config: "ClientConfig") -> aio.Channel:
    """A channel as the configuration says; compresses unary calls."""
    options = channel_options(config)
    if config.tls_config.strategy == "none":
        return aio.insecure_channel(config.host_port, options=options, compression=grpc.Compression.Gzip)
    credentials = _credentials(config.tls_config)
    return aio.secure_channel(config.host_port, credentials, options=options, compression=grpc.Compression.Gzip)


class Channel:
    """The channel of one connection. `close` drops it; the next call opens it again."""

    def __init__(self, config: "ClientConfig") -> None:
        self._config = config
        self._stubs: Stubs | None = None
        self.metadata = aio.Metadata(("authorization", f"bearer {config.token}"))

    @property
    def _open(self) -> "Stubs":
        if self._stubs is None:
            self._stubs = Stubs(open_channel(self._config))
        return self._stubs

    @property
    def dispatcher(self) -> "DispatcherAsyncStub":
        return self._open.dispatcher

    @property
    def events(self) -> "EventsServiceAsyncStub":
        return self._open.events

    @property
    def workflows(self) -> "WorkflowServiceAsyncStub":
        return self._open.workflows

    @property
    def admin(self) -> "AdminServiceAsyncStub":
        return self._open.admin

    def client_session(self) -> ByteStream:
        return self._session("Client", EngineToClientFrame.FromString)

    def worker_session(self) -> ByteStream:
        return self._session("Worker", EngineToWorkerFrame.FromString)

    def _session(self, method: str, parse: Callable[[bytes], Message]) -> ByteStream:
        open_stream: aio.StreamStreamMultiCallable[Any, Any] = self._open.channel.stream_stream(
            f"/hatchet.session.v1.Session/{method}", request_serializer=None, response_deserializer=parse
        )
        # Frames are small and frequent: compressing them costs more than it saves.
        return open_stream(metadata=self.metadata, compression=grpc.Compression.NoCompression)

    async def close(self) -> None:
        stubs, self._stubs = self._stubs, None
        if stubs is not None:
            await stubs.channel.close(None)


class Stubs:
    """An open channel with its stubs."""

    def __init__(self, channel: aio.Channel) -> None:
        self.channel = channel
        self.dispatcher = DispatcherStub(channel)
        self.events = EventsServiceStub(channel)
        self.workflows = WorkflowServiceStub(channel)
        self.admin = AdminServiceStub(channel)
