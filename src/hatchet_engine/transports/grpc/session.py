"""The session service (contracts/hatchet_wire/session/session.proto)."""

from hatchet_engine.runtime.engine import Engine
from hatchet_engine.transports.grpc.rpc import Context, Rpc
from hatchet_engine.transports.grpc.session_client import ClientSession, OpenClients
from hatchet_engine.transports.grpc.session_worker import WorkerSession
from hatchet_engine.transports.grpc.streams import Backpressure, OpenStreams


class SessionService:
    def __init__(self, engine: Engine, streams: OpenStreams, limits: Backpressure) -> None:
        self._engine = engine
        self._streams = streams
        self._limits = limits
        self._clients = OpenClients()

    def rpcs(self) -> dict[str, Rpc]:
        """Method name -> function."""
        return {"Worker": self._worker, "Client": self._client}

    async def _worker(self, tenant_id: str, context: Context) -> None:
        await WorkerSession(self._engine, tenant_id, context, self._limits).run(self._streams)

    async def _client(self, tenant_id: str, context: Context) -> None:
        await ClientSession(self._engine, tenant_id, context, self._limits, self._clients).run(self._streams)
