"""Subscriptions of the published protocol: results of many runs, live events of one."""

import asyncio

from grpc import aio

from hatchet_engine.core.errors import NotFound
from hatchet_engine.runtime.engine import Engine
from hatchet_engine.runtime.records import RunEvent, RunOutcome
from hatchet_engine.store import queries
from hatchet_engine.transports.grpc.published_results import run_events, run_finished
from hatchet_engine.transports.grpc.rpc import Context
from hatchet_engine.transports.grpc.streams import Backpressure, Messages, OpenStreams, Stream
from hatchet_engine.transports.payloads import is_uuid
from hatchet_wire.published.dispatcher_pb2 import WorkflowEvent, WorkflowRunEvent

UNKNOWN_RUN_WAIT_S = 10.0
"""A subscription may arrive before its run does."""
_UNKNOWN_RUN_POLL_S = 0.1


class ResultSubscription:
    """Run ids come in over hours; each is answered once when its run is finished. The stream never ends by itself."""

    def __init__(self, engine: Engine, tenant_id: str, context: Context, limits: Backpressure) -> None:
        self._engine = engine
        self._tenant_id = tenant_id
        self._context = context
        self._limits = limits
        self._messages: Messages[WorkflowRunEvent] = Messages()

    async def run(self, streams: OpenStreams) -> None:
        """Serve until the client goes. One that has sent its last id still gets what it asked for."""
        self._stream = Stream(self._context, self._messages, self._limits, streams)
        self._watch = self._engine.hub.watch_results(self._tenant_id, self._deliver)
        try:
            await self._stream.run(self._read())
        finally:
            self._watch.close()

    async def _read(self) -> None:
        while (request := await self._context.read()) is not aio.EOF:
            run_id = request.workflow_run_id.lower()
            if is_uuid(run_id):
                self._watch.add([run_id])

    def _deliver(self, outcomes: list[RunOutcome]) -> None:
        at = self._engine.now()
        for outcome in outcomes:
            self._messages.put(*run_finished(outcome, at))
        self._stream.wake()


class RunSubscription:
    """What happens in one run from now on, until its end."""

    def __init__(self, engine: Engine, tenant_id: str, run_id: str, context: Context, limits: Backpressure) -> None:
        self._engine = engine
        self._tenant_id = tenant_id
        self._run_id = run_id
        self._context = context
        self._limits = limits
        self._messages: Messages[WorkflowEvent] = Messages()

    async def run(self, streams: OpenStreams) -> None:
        """Serve until the run is finished or the client goes.

        Raises:
            NotFound: there is still no such run after `UNKNOWN_RUN_WAIT_S`.
        """
        self._stream = Stream(self._context, self._messages, self._limits, streams)
        watch = self._engine.hub.watch_run(self._tenant_id, self._run_id, self._deliver)
        try:
            if await self._is_unfinished():
                await self._stream.run()
        finally:
            watch.close()

    async def _is_unfinished(self) -> bool:
        """Wait for the run to exist; whether anything will still happen in it."""
        deadline = asyncio.get_running_loop().time() + UNKNOWN_RUN_WAIT_S
        while not self._engine.is_live(self._tenant_id, self._run_id):
            if self._messages.waiting_bytes:
                return True
            reader = self._engine.store.reader
            if await self._engine.read(queries.run_details, reader, self._tenant_id, self._run_id) is not None:
                return self._engine.is_live(self._tenant_id, self._run_id) or self._messages.waiting_bytes > 0
            if asyncio.get_running_loop().time() > deadline:
                raise NotFound(f"workflow run {self._run_id} not found")
            await asyncio.sleep(_UNKNOWN_RUN_POLL_S)
        return True

    def _deliver(self, events: list[RunEvent]) -> None:
        for event in events:
            for message, size in run_events(self._run_id, event):
                self._messages.put(message, size)
        if events and events[-1].hangup:
            self._stream.finish()
        self._stream.wake()
