"""The client side of the session protocol: pipelined triggers, subscriptions, pushed results."""

import asyncio
import random
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from grpc import StatusCode, aio

from hatchet_sdk.logger import logger
from hatchet_sdk.transport.errors import rpc_error, trigger_error
from hatchet_sdk.transport.frames import MESSAGE_OVERHEAD, bundles, field
from hatchet_sdk.transport.outcomes import Outcomes, OutcomeWait
from hatchet_sdk.transport.records import RunOutcome, RunStatusText, TaskOutcome
from hatchet_sdk.transport.session import FIRST_DELAY_S, LONGEST_DELAY_S, Session
from hatchet_sdk.transport.triggers import TriggerChunk
from hatchet_wire.session.session_pb2 import (
    ClientFrame,
    ClientHello,
    EngineToClientFrame,
    RunResult,
    TriggerRequest,
)

if TYPE_CHECKING:
    from hatchet_sdk.transport.channel import Channel


REFUSES_US = frozenset({StatusCode.UNAUTHENTICATED, StatusCode.PERMISSION_DENIED})
LARGEST_REQUEST = 4 * 1024 * 1024 - MESSAGE_OVERHEAD
"""Bytes that an engine takes in one message, whatever the client is configured to send."""
_TRIGGERS, _SUBSCRIBE, _UNSUBSCRIBE = 2, 3, 4  # fields of ClientFrame

_STATUS: dict[int, RunStatusText] = {
    RunResult.COMPLETED: "COMPLETED",
    RunResult.FAILED: "FAILED",
    RunResult.CANCELLED: "CANCELLED",
}


class SessionClient:
    """Speaks on the client stream. Everything here runs on the transport's loop.

    Args:
        patience_s: how long a trigger waits for an engine that can't be reached or is not ready.
        unsupported: called once if the engine does not know the session protocol.
    """

    def __init__(
        self, channel: "Channel", sdk_version: str, patience_s: float, unsupported: Callable[["SessionClient"], None]
    ) -> None:
        self._sdk_version = sdk_version
        self._client_id = str(uuid.uuid4())
        self._patience_s = patience_s
        self._unsupported = unsupported
        self.session: Session[EngineToClientFrame] = Session(channel.client_session, self)
        self.engine_version: str | None = None
        self.outcomes = Outcomes()
        self._unsent: deque[TriggerChunk] = deque()
        self._unanswered: dict[int, TriggerChunk] = {}
        self._put_off: list[TriggerChunk] = []
        """Refused by an engine that was not ready; to be sent again in a moment."""
        self._requests = 0
        self._subscribe: deque[str] = deque()
        self._unsubscribe: deque[str] = deque()
        self._lost = False

    # ---- what the connection asks for

    def trigger(self, chunks: Sequence[TriggerChunk]) -> None:
        for chunk in chunks:
            if len(chunk.body) <= LARGEST_REQUEST:
                self._unsent.append(chunk)
            else:
                chunk.call.refused(
                    rpc_error(
                        StatusCode.RESOURCE_EXHAUSTED,
                        f"a trigger of {len(chunk.body)} bytes is too large; at most {LARGEST_REQUEST} can be sent",
                    )
                )
        self.session.wake()

    def watch(self, wait: OutcomeWait) -> None:
        to_ask = self.outcomes.add(wait)
        if to_ask:
            self._subscribe.extend(to_ask)
            self.session.wake()

    def unwatch(self, wait: OutcomeWait) -> None:
        idle = self.outcomes.discard(wait)
        if idle:
            self._unsubscribe.extend(idle)
            self.session.wake()

    def close(self) -> None:
        self._fail(rpc_error(StatusCode.CANCELLED, "the connection was closed"))
        self.session.close()

    def hand_over(self) -> tuple[list[TriggerChunk], Outcomes]:
        """What is still to be done, for the client that takes over."""
        return self._take_triggers(), self.outcomes

    def _take_triggers(self) -> list[TriggerChunk]:
        chunks = [*self._unanswered.values(), *self._put_off, *self._unsent]
        self._unanswered.clear()
        self._put_off.clear()
        self._unsent.clear()
        return chunks

    # ---- what is said on the stream (session.Speaker)

    def wants_stream(self) -> bool:
        wanted = bool(self._unsent or self._unanswered or self._put_off or self.outcomes.waiting)
        if not wanted:
            self._lost = False
        return wanted

    def hello(self) -> bytes:
        return ClientFrame(
            hello=ClientHello(sdk_version=self._sdk_version, client_id=self._client_id)
        ).SerializeToString()

    def welcome(self, frame: EngineToClientFrame) -> None:
        self.engine_version = frame.welcome.engine_version or None
        self._lost = False
        for chunk in self._unsent:
            if not chunk.sent:
                chunk.failing_since = None
        self._unsent.extendleft(reversed(self._unanswered.values()))
        self._unanswered.clear()
        self._requests = 0
        self._unsubscribe.clear()
        self._subscribe = deque(self.outcomes.outstanding())
        self.receive(frame)

    def frames(self) -> Iterator[bytes]:
        while self._unsent or self._subscribe or self._unsubscribe:
            yield from bundles(self._pieces())

    def _pieces(self) -> Iterator[bytes]:
        for number, run_ids in ((_UNSUBSCRIBE, self._unsubscribe), (_SUBSCRIBE, self._subscribe)):
            while run_ids:
                yield field(number, run_ids.popleft().encode())
        while self._unsent:
            chunk = self._unsent.popleft()
            self._requests += 1
            self._unanswered[self._requests] = chunk
            head = TriggerRequest(request=self._requests, subscribe=chunk.call.subscribe, resent=chunk.sent)
            chunk.sent = True
            yield field(_TRIGGERS, head.SerializeToString() + chunk.body)

    def receive(self, frame: EngineToClientFrame) -> None:
        for request in frame.accepted:
            self._accepted(request, ())
        for accepted in frame.accepted_as:
            self._accepted(accepted.request, accepted.run_ids)
        for rejected in frame.rejected:
            chunk = self._unanswered.pop(rejected.request, None)
            if chunk is not None:
                self._rejected(chunk, rpc_error(rejected.code, rejected.message, rejected.detail))
        for result in frame.results:
            self.outcomes.arrived(_outcome(result))

    def _accepted(self, request: int, run_ids: Sequence[str]) -> None:
        chunk = self._unanswered.pop(request, None)
        if chunk is None:
            return
        if chunk.call.subscribe:
            self.outcomes.expect(run_ids or chunk.run_ids)
        chunk.call.accepted(chunk, run_ids)

    def _rejected(self, chunk: TriggerChunk, error: aio.AioRpcError) -> None:
        """An engine that starts, stops or reloads its state says UNAVAILABLE: it gets the trigger again."""
        now = time.monotonic()
        if error.code() is not StatusCode.UNAVAILABLE or self._out_of_patience(chunk, now):
            chunk.call.refused(trigger_error(error))
            return
        if not self._put_off:
            failing_for = now - (chunk.failing_since or now)
            delay = min(max(failing_for, FIRST_DELAY_S), LONGEST_DELAY_S)  # as long again as it has lasted
            asyncio.get_running_loop().call_later(delay * random.uniform(0.5, 1), self._send_put_off)
        self._put_off.append(chunk)

    def _send_put_off(self) -> None:
        self._unsent.extendleft(reversed(self._put_off))
        self._put_off.clear()
        self.session.wake()

    def _out_of_patience(self, chunk: TriggerChunk, now: float) -> bool:
        if chunk.failing_since is None:
            chunk.failing_since = now
        return now - chunk.failing_since >= self._patience_s

    def lost(self, error: aio.AioRpcError) -> bool:
        code = error.code()
        if code is StatusCode.UNIMPLEMENTED:
            self._unsupported(self)
            return False
        if code in REFUSES_US:
            self._fail(error)
            return True
        if not self.wants_stream():
            logger.debug("the idle connection to the engine ended (%s)", code.name)
            return True
        if not self._lost:
            self._lost = True
            logger.warning("the connection to the engine was lost (%s: %s); reconnecting", code.name, error.details())
        self._fail_overdue(error)
        return True

    def _fail_overdue(self, error: BaseException) -> None:
        """Refuse the triggers that have waited long enough, each counted from its own first failure."""
        now = time.monotonic()
        self._unanswered = {n: each for n, each in self._unanswered.items() if self._may_wait(each, now, error)}
        self._put_off = [each for each in self._put_off if self._may_wait(each, now, error)]
        self._unsent = deque(each for each in self._unsent if self._may_wait(each, now, error))

    def _may_wait(self, chunk: TriggerChunk, now: float, error: BaseException) -> bool:
        overdue = self._out_of_patience(chunk, now)
        if overdue:
            chunk.call.refused(error)
        return not overdue

    def _fail(self, error: BaseException) -> None:
        for chunk in self._take_triggers():
            chunk.call.refused(error)
        self.outcomes.fail(error)


def _outcome(result: RunResult) -> RunOutcome:
    return RunOutcome(
        result.run_id,
        _STATUS.get(result.status, "FAILED"),
        [
            TaskOutcome(task.task_id, task.task_name, task.output, task.error if task.HasField("error") else None)
            for task in result.tasks
        ],
    )
