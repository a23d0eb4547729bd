"""The worker side of the session protocol: one stream for assignments, step events, heartbeats and the rest."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from google.protobuf.message import Message
from grpc import StatusCode, aio

from hatchet_sdk.logger import logger
from hatchet_sdk.transport.frames import MESSAGE_OVERHEAD, bundles, field
from hatchet_sdk.transport.session import Session
from hatchet_sdk.transport.session_client import REFUSES_US
from hatchet_sdk.worker.action import Action
from hatchet_sdk.worker.attempt import Attempt, Key
from hatchet_sdk.worker.links import Introduction, Labels, Receiver
from hatchet_sdk.worker.log_text import log_text
from hatchet_sdk.worker.step_events import StepEvents
from hatchet_wire.session import session_pb2 as pb

if TYPE_CHECKING:
    from hatchet_sdk.transport.channel import Channel

HEARTBEAT_S = 4.0
FIRST_CONNECT_WITHIN_S = 30.0
"""A worker that has never reached the engine is refused after that time."""
MOST_QUEUED = 100_000
"""Log lines and chunks that are kept for an engine that can't be reached; the oldest are dropped."""
LEAVE_WITHIN_S = 5.0
LARGEST_PAYLOAD = 4 * 1024 * 1024 - MESSAGE_OVERHEAD

# Fields of WorkerFrame.
_STATUS, _LOGS, _CHUNKS, _REFRESHES, _RELEASED = 3, 4, 5, 6, 7


class SessionLink:
    """Everything here runs on the transport's loop.

    Args:
        labels: the worker's labels; read again for each hello.
        largest: bytes of the largest message that may be sent.
        unsupported: called once if the engine does not know the session protocol.
    """

    def __init__(
        self,
        channel: "Channel",
        receiver: Receiver,
        introduction: Introduction,
        labels: Labels,
        largest: int,
        unsupported: Callable[[], None],
    ) -> None:
        self._receiver = receiver
        self._introduction = introduction
        self._labels = labels
        self._unsupported = unsupported
        self._session: Session[pb.EngineToWorkerFrame] = Session(channel.worker_session, self)
        self._events = StepEvents(min(largest, LARGEST_PAYLOAD))
        self._sides: deque[bytes] = deque()
        self._unwritten: list[bytes] = []
        self._dropped = 0
        self._worker_id = ""
        self._ever_connected = False
        self._failures = 0
        self._failing_since = 0.0
        self._steps: dict[int, StepFacts] = {}
        self._heartbeat_s = HEARTBEAT_S
        self._acknowledged = asyncio.Event()
        self._paused = False
        self._next_beat: asyncio.TimerHandle | None = None

    # ---- what the runner says

    def started(self, attempts: Sequence[Attempt]) -> None:
        self._events.started(attempts)
        self._session.wake()

    def ended(self, attempts: Sequence[Attempt]) -> None:
        self._events.ended(attempts)
        self._session.wake()

    def log(self, key: Key, at_us: int, level: str, message: str, metadata: str) -> None:
        line = pb.LogLine(
            task_id=key[0],
            retry_count=key[1],
            at_us=at_us,
            level=level,
            message=log_text(message),
            metadata=metadata,
        )
        self._say(_LOGS, line)

    def chunk(self, key: Key, index: int, data: bytes) -> None:
        if len(data) > LARGEST_PAYLOAD:
            logger.error("chunk %d of task run %s is too large (%d bytes) and is not sent", index, key[0], len(data))
            data = b""
        self._say(_CHUNKS, pb.StreamChunk(task_id=key[0], retry_count=key[1], index=index, data=data))

    def refresh(self, key: Key, increment: timedelta) -> None:
        micros = increment // timedelta(microseconds=1)
        self._say(_REFRESHES, pb.TimeoutRefresh(attempt=_attempt(key), increment_us=micros))

    def release(self, key: Key) -> None:
        self._say(_RELEASED, _attempt(key))

    def upsert_labels(self, labels: Labels) -> None:
        self._say_frame(pb.WorkerFrame(labels=_label_map(labels)))

    def _say(self, number: int, message: Message) -> None:
        self._queue(field(number, message.SerializeToString()))

    def _say_frame(self, frame: pb.WorkerFrame) -> None:
        self._queue(frame.SerializeToString())

    def _queue(self, piece: bytes) -> None:
        if len(self._sides) >= MOST_QUEUED:
            self._sides.popleft()
            self._dropped += 1
            if self._dropped == 1:
                logger.warning("the engine takes no log lines and chunks; the oldest are dropped")
        self._sides.append(piece)
        self._session.wake()

    # ---- life

    async def run(self) -> None:
        self._beat_later()
        try:
            await self._session.run()
        finally:
            if self._next_beat is not None:
                self._next_beat.cancel()

    def _beat_later(self) -> None:
        if self._next_beat is not None:
            self._next_beat.cancel()
        self._next_beat = asyncio.get_running_loop().call_later(self._heartbeat_s, self._beat)

    def _beat(self) -> None:
        self._beat_later()
        if not self._session.connected:
            return
        vitals = self._receiver.vitals()
        status = pb.WorkerStatus(
            slots_used=vitals.slots_used,
            loop_lag_us=int(vitals.loop_lag_s * 1_000_000),
            blocked_frame=vitals.blocked_frame,
        )
        self._say(_STATUS, status)
        self._receiver.heartbeat_answered()

    async def suspend(self) -> None:
        await self._session.suspend()

    def resume(self) -> None:
        self._session.resume()

    async def pause(self) -> None:
        self._paused = True
        self._say_frame(pb.WorkerFrame(paused=True))

    async def flush(self, within_s: float) -> bool:
        deadline = asyncio.get_running_loop().time() + within_s
        while self._sides or self._unwritten or not self._events.all_acknowledged:
            self._acknowledged.clear()
            try:
                async with asyncio.timeout_at(deadline):
                    await self._acknowledged.wait()
            except TimeoutError:
                return False
        return True

    async def goodbye(self) -> None:
        self._say_frame(pb.WorkerFrame(goodbye=True))
        await self._session.finish(LEAVE_WITHIN_S)

    # ---- what is said on the stream (session.Speaker)

    def wants_stream(self) -> bool:
        return True

    def hello(self) -> bytes:
        me = self._introduction
        owed = dict.fromkeys([*self._receiver.running(), *self._events.owed()])
        hello = pb.WorkerHello(
            worker_id=self._worker_id,
            name=me.name,
            actions=me.actions,
            slots=me.slots,
            labels=_label_map(self._labels),
            sdk_version=me.sdk_version,
            language_version=me.language_version,
            os=me.os,
            host=me.host,
            running=[_attempt(key) for key in owed],
        )
        return pb.WorkerFrame(hello=hello).SerializeToString()

    def welcome(self, frame: pb.EngineToWorkerFrame) -> None:
        welcome = frame.welcome
        self._worker_id = welcome.worker_id
        self._ever_connected = True
        self._failures = 0
        if welcome.heartbeat_interval_ms:
            self._heartbeat_s = welcome.heartbeat_interval_ms / 1000
            self._beat_later()
        self._steps.clear()
        self._events.acknowledged(frame.acked_sequence)
        self._events.rewind()
        if self._paused:
            self._say_frame(pb.WorkerFrame(paused=True))
        self._receiver.welcomed(welcome.worker_id)
        self.receive(frame)

    def frames(self) -> Iterator[bytes]:
        """Log lines and chunks first: a task's last chunk must not come after its end."""
        while True:
            sides = [*self._unwritten, *bundles(self._sides)]
            self._unwritten.clear()
            self._sides.clear()
            events = self._events.take()
            if not sides and not events:
                self._acknowledged.set()
                return
            for index, frame in enumerate(sides):
                written = False
                try:
                    yield frame
                    written = True
                finally:
                    if not written:
                        self._unwritten = sides[index:]
            yield from bundles(events)

    def receive(self, frame: pb.EngineToWorkerFrame) -> None:
        for step in frame.steps:
            self._steps[step.index] = StepFacts(step)
        if frame.acked_sequence:
            self._events.acknowledged(frame.acked_sequence)
            self._acknowledged.set()
        if frame.assignments:
            steps = self._steps
            self._receiver.assigned([steps[each.step].action(each) for each in frame.assignments])
        for cancel in frame.cancels:
            self._receiver.cancelled((cancel.attempt.task_id, cancel.attempt.retry_count), cancel.reason)
        for refreshed in frame.refreshed:
            if not refreshed.deadline_us:
                logger.warning("the timeout of %s was not moved: it is not running", refreshed.attempt.task_id)
        for error in frame.errors:
            logger.error("the engine reports: %s", error.message)

    def lost(self, error: aio.AioRpcError) -> bool:
        now = asyncio.get_running_loop().time()
        self._failures += 1
        if self._failures == 1:
            self._failing_since = now
        code = error.code()
        if code is StatusCode.UNIMPLEMENTED and not self._ever_connected:
            self._unsupported()
            return False
        if code is StatusCode.NOT_FOUND and self._worker_id:
            logger.warning("the engine does not know this worker any more; registering again")
            self._worker_id = ""
        elif (
            code in REFUSES_US
            or code is StatusCode.INVALID_ARGUMENT
            or (not self._ever_connected and now - self._failing_since >= FIRST_CONNECT_WITHIN_S)
        ):
            self._receiver.refused(error)
            return False
        if self._failures == 1:
            logger.warning("the stream to the engine ended (%s: %s); reconnecting", code.name, error.details())
        self._receiver.disconnected()
        return True


class StepFacts:
    """What all assignments of one step have in common."""

    __slots__ = (
        "_action_id",
        "_execution_timeout",
        "_retries",
        "_step_id",
        "_task_name",
        "_version_id",
        "_workflow_id",
        "_workflow_name",
    )

    def __init__(self, info: pb.StepInfo) -> None:
        self._action_id = info.action
        self._task_name = info.task_name
        self._workflow_name = info.workflow_name
        self._workflow_id = info.workflow_id
        self._version_id = info.workflow_version_id
        self._step_id = info.step_id
        self._retries = info.retries
        micros = info.execution_timeout_us
        self._execution_timeout = timedelta(microseconds=micros) if micros else None

    def action(self, assignment: pb.Assignment) -> Action:
        return Action(
            assignment.task_id,
            assignment.run_id,
            assignment.retry_count,
            self._action_id,
            self._task_name,
            self._workflow_name,
            self._workflow_id,
            self._version_id,
            self._step_id,
            assignment.priority,
            assignment.input,
            assignment.additional_metadata,
            assignment.parent_run_id or None,
            assignment.child_index if assignment.HasField("child_index") else None,
            assignment.child_key if assignment.HasField("child_key") else None,
            dict(assignment.parents) if assignment.parents else {},
            assignment.triggers,
            dict(assignment.task_errors) if assignment.task_errors else {},
            assignment.invocation_count,
            assignment.triggering_event_id or None,
            assignment.triggering_event_key or None,
            self._execution_timeout,
            self._retries,
        )


def _attempt(key: Key) -> pb.Attempt:
    return pb.Attempt(task_id=key[0], retry_count=key[1])


def _label_map(labels: Labels) -> dict[str, pb.Label]:
    return {
        key: pb.Label(number=value) if isinstance(value, int) else pb.Label(text=value) for key, value in labels.items()
    }
