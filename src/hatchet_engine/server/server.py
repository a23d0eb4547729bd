"""One engine with its store and its transports, in one object that can be started and stopped."""

import asyncio
import logging
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import grpc

from hatchet_engine.runtime.engine import Engine
from hatchet_engine.server.keyfile import load_or_create_key, write_secret
from hatchet_engine.server.settings import ServerSettings
from hatchet_engine.server.tokens import Tokens
from hatchet_engine.store.store import Store
from hatchet_engine.transports.credentials import InvalidToken
from hatchet_engine.transports.grpc.server import GrpcOptions, GrpcServer
from hatchet_engine.transports.grpc.streams import Backpressure
from hatchet_engine.transports.rest.app import create_app
from hatchet_engine.transports.rest.server import RestServer
from hatchet_engine.transports.version import ENGINE_VERSION

T = TypeVar("T")

DEFAULT_TENANT_ID = "707d0855-80ab-4e1f-a156-f1c4546cbf52"
DEFAULT_TENANT_NAME = "Default"
DEFAULT_TOKEN_NAME = "default"

_log = logging.getLogger(__name__)


class Server:
    """Create and start it on the loop that shall be the engine loop."""

    def __init__(self, settings: ServerSettings) -> None:
        self.settings = settings
        self._parts = AsyncExitStack()
        self._grace_s = settings.shutdown_grace_s
        self._engine: Engine | None = None
        self._tokens: Tokens | None = None
        self._rpc: GrpcServer | None = None
        self.grpc_address = ""
        """`host:port` that clients use."""
        self.rest_url = ""
        """URL that clients use, without path."""
        self.tenant_id = ""
        self.token = ""
        """A good token of the default tenant."""

    @property
    def engine(self) -> Engine:
        """The running engine."""
        if self._engine is None:
            raise RuntimeError("the server was not started")
        return self._engine

    @property
    def tokens(self) -> Tokens:
        """Issues and revokes tokens of the running engine."""
        if self._tokens is None:
            raise RuntimeError("the server was not started")
        return self._tokens

    @property
    def open_streams(self) -> int:
        """Streams of workers and clients."""
        return self._rpc.open_streams if self._rpc is not None else 0

    async def start(self) -> None:
        """Open the store, recover, listen. The first start makes the default tenant, a signing key and a token.

        Raises:
            OSError: a port is taken, or a file cannot be read or written.
            StoreError: the database cannot be opened.
        """
        try:
            await self._start()
        except BaseException:
            await self._parts.aclose()
            raise

    async def stop(self, grace_s: float | None = None) -> None:
        """Stop accepting, let running calls end for at most `grace_s` seconds, commit what was taken, close."""
        if grace_s is not None:
            self._grace_s = grace_s
        await self._parts.aclose()

    async def create_tenant(self, tenant_id: str, name: str) -> None:
        """Make a tenant, if there is none with this id."""
        await self._on_ledger_thread(self.engine.store.ledger.create_tenant, tenant_id, name)

    async def issue_token(self, tenant_id: str, name: str, ttl: timedelta) -> tuple[str, str]:
        """A new token of a tenant: its id and itself."""
        return await self._on_ledger_thread(self.tokens.issue, tenant_id, name, ttl)

    async def revoke_token(self, token_id: str) -> bool:
        """Refuse a token from now on; False if there is none that was good."""
        return await self._on_ledger_thread(self.tokens.revoke, token_id)

    async def _on_ledger_thread(self, write: Callable[..., T], *args: Any) -> T:
        # Between two commits: the ledger's connection belongs to one thread.
        result: T = await self.engine.on_ledger_thread(write, *args)
        return result

    async def _start(self) -> None:
        settings = self.settings
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = load_or_create_key(settings.data_dir / "signing.key")
        store = await asyncio.to_thread(Store.open, settings.store_url)
        self._parts.push_async_callback(asyncio.to_thread, store.close)
        self._engine = engine = Engine(store)
        self._tokens = tokens = Tokens(key, store.ledger, engine.now, engine.new_id)
        self._rpc = rpc = self._bind_grpc(engine, tokens)
        rest_port = settings.rest_port or await asyncio.to_thread(_free_port, settings.bind)
        # Tokens must be good from the first request on: a client does not come back after UNAUTHENTICATED.
        self._publish(rpc.port, rest_port)
        await asyncio.to_thread(self._prepare_access, store)
        await engine.start()
        self._parts.push_async_callback(engine.stop)
        rest = RestServer(create_app(engine, tokens, ENGINE_VERSION), settings.bind, rest_port)
        await asyncio.to_thread(rest.start)
        self._parts.push_async_callback(asyncio.to_thread, rest.stop)
        await rpc.start()
        self._parts.push_async_callback(self._stop_grpc, rpc)
        _log.info("engine is ready: gRPC %s, REST %s, data in %s", self.grpc_address, self.rest_url, settings.data_dir)

    def _prepare_access(self, store: Store) -> None:
        """Make the default tenant if there is none, learn all tokens, and have one for the owner of the data folder."""
        ledger = store.ledger
        tenants = ledger.tenants() or [ledger.create_tenant(DEFAULT_TENANT_ID, DEFAULT_TENANT_NAME)]
        for tenant in tenants:
            for row in ledger.list_tokens(tenant.id):
                if row.revoked_at is None:
                    self.tokens.know(row.id, tenant.id)
        ids = [tenant.id for tenant in tenants]
        self.tenant_id = DEFAULT_TENANT_ID if DEFAULT_TENANT_ID in ids else ids[0]
        self.token = self._default_token()

    def _bind_grpc(self, engine: Engine, tokens: Tokens) -> GrpcServer:
        settings = self.settings
        options = GrpcOptions(
            host=settings.bind,
            port=settings.grpc_port,
            credentials=_credentials(settings),
            backpressure=Backpressure(settings.stream_backlog_bytes, settings.stream_patience_s),
        )
        rpc = GrpcServer(engine, tokens, options)
        rpc.bind()
        return rpc

    async def _stop_grpc(self, rpc: GrpcServer) -> None:
        await rpc.stop(self._grace_s)

    def _publish(self, grpc_port: int, rest_port: int) -> None:
        settings = self.settings
        self.grpc_address = settings.grpc_broadcast_address or f"{settings.public_host}:{grpc_port}"
        self.rest_url = settings.server_url or f"http://{settings.public_host}:{rest_port}"
        self.tokens.publish(self.rest_url, self.grpc_address)

    def _default_token(self) -> str:
        """The token of the last start if it is still good for a while, else a new one."""
        path = self.settings.data_dir / "token"
        ttl = timedelta(days=self.settings.token_ttl_days)
        token = _read(path)
        if token and self._lasts(token, ttl / 3):
            return token
        _, token = self.tokens.issue(self.tenant_id, DEFAULT_TOKEN_NAME, ttl)
        write_secret(path, token.encode())
        return token

    def _lasts(self, token: str, at_least: timedelta) -> bool:
        try:
            left = self.tokens.expires_at(token) - self.engine.now()
        except InvalidToken as refused:
            _log.info("the saved token is replaced: %s", refused)
            return False
        return left > at_least.total_seconds() * 1_000_000 and self.tokens.leads_here(token)


def _read(path: Path) -> str:
    return path.read_text().strip() if path.exists() else ""


def _free_port(host: str) -> int:
    """A port that nobody listens on. Tokens name it, so it must be known before anything is served."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as probe:
        port: int = probe.getsockname()[1]
        return port


def _credentials(settings: ServerSettings) -> grpc.ServerCredentials | None:
    if settings.tls_cert_file is None or settings.tls_key_file is None:
        return None
    pair = (settings.tls_key_file.read_bytes(), settings.tls_cert_file.read_bytes())
    ca = settings.tls_root_ca_file.read_bytes() if settings.tls_root_ca_file is not None else None
    return grpc.ssl_server_credentials([pair], root_certificates=ca, require_client_auth=ca is not None)
