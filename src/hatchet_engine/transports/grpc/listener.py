"""The action stream of a worker of the published protocol."""

import asyncio
import logging

import grpc

from hatchet_engine.core.changes import CancelAttempt
from hatchet_engine.core.commands import AttemptRef, Command, ConnectWorker, DisconnectWorker, Heartbeat, SendFailed
from hatchet_engine.core.errors import CoreError
from hatchet_engine.runtime.engine import Engine
from hatchet_engine.runtime.records import Delivery
from hatchet_engine.transports.grpc.published_actions import RecentSteps, cancel_action, start_action
from hatchet_engine.transports.grpc.rpc import STATUS, Context
from hatchet_engine.transports.grpc.streams import Backpressure, Messages, OpenStreams, Stream
from hatchet_engine.transports.payloads import utf8_length
from hatchet_wire.published.dispatcher_pb2 import START_STEP_RUN, AssignedAction

LEGACY_HEARTBEAT_S = 4.0
_ACTION_OVERHEAD = 600

_log = logging.getLogger(__name__)


class Listener:
    """One open ListenV2 or Listen stream, and its sink in the hub."""

    def __init__(self, engine: Engine, tenant_id: str, worker_id: str, context: Context, limits: Backpressure) -> None:
        self._engine = engine
        self._tenant_id = tenant_id
        self._worker_id = worker_id
        self._context = context
        self._limits = limits
        self._actions: Messages[AssignedAction] = Messages()
        self._steps = RecentSteps()

    async def run(self, streams: OpenStreams, heartbeats: bool) -> None:
        """Serve the stream until the worker closes it.

        Args:
            heartbeats: the open stream itself counts as a sign of life (Listen).

        Raises:
            NotFound: the tenant has no such worker.
        """
        self._stream = Stream(self._context, self._actions, self._limits, streams)
        session = self._engine.hub.attach_worker(self._tenant_id, self._worker_id, self)
        try:
            await self._engine.execute(self._tenant_id, ConnectWorker(self._worker_id, session))
            await self._stream.run(self._beat() if heartbeats else None)
        finally:
            self._engine.hub.detach_worker(self._tenant_id, self._worker_id, session)
            self._return_undelivered()
            self._submit(DisconnectWorker(self._worker_id, session))

    # what the hub calls

    def deliver(self, assignments: list[Delivery], cancels: list[CancelAttempt]) -> None:
        for delivery in assignments:
            self._steps.remember(delivery.assigned.task_id, delivery.assigned.step)
            size = _ACTION_OVERHEAD + utf8_length(delivery.input) + utf8_length(delivery.additional_metadata)
            self._actions.put(start_action(self._tenant_id, delivery), size)
        for cancel in cancels:
            action = cancel_action(self._tenant_id, cancel, self._steps.of(cancel.task_id))
            self._actions.put(action, _ACTION_OVERHEAD)
        self._stream.wake()

    def reset(self) -> None:
        self._stream.end(grpc.StatusCode.UNAVAILABLE, "the engine has reloaded its state; listen again")

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(LEGACY_HEARTBEAT_S)
            try:
                await self._engine.execute(self._tenant_id, Heartbeat(self._worker_id))
            except CoreError as error:
                self._stream.end(STATUS[error.code], error.message)

    def _return_undelivered(self) -> None:
        attempts = []
        while (action := self._actions.take()) is not None:
            if action.action_type == START_STEP_RUN:
                attempts.append(AttemptRef(action.task_run_external_id, action.retry_count))
        if attempts:
            self._submit(SendFailed(self._worker_id, attempts))

    def _submit(self, command: Command) -> None:
        self._engine.submit(self._tenant_id, command).add_done_callback(_log_failure)


def _log_failure(future: "asyncio.Future[object]") -> None:
    error = None if future.cancelled() else future.exception()
    if error is not None:
        _log.debug("not needed any more: %s", error)
