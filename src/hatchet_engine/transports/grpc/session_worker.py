"""The worker stream of the session service: one stream carries everything between a worker process and the engine."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import grpc
from grpc import aio

from hatchet_engine.core.changes import CancelAttempt
from hatchet_engine.core.commands import (
    AttemptRef,
    Command,
    ConnectWorker,
    DisconnectWorker,
    Heartbeat,
    PauseWorker,
    RefreshTimeout,
    RegisterWorker,
    ReleaseSlot,
    RemoveWorker,
    SendFailed,
    StepEvents,
    UpsertWorkerLabels,
)
from hatchet_engine.core.durations import DAY
from hatchet_engine.core.errors import CoreError, ErrorCode, InvalidArgument, NotFound
from hatchet_engine.core.model import Worker
from hatchet_engine.runtime.engine import Engine
from hatchet_engine.runtime.records import Delivery, LogRecord
from hatchet_engine.transports.grpc import labels, step_events
from hatchet_engine.transports.grpc.rpc import STATUS, STATUS_NUMBER, Context, detail
from hatchet_engine.transports.grpc.session_assignments import WorkerOutbox
from hatchet_engine.transports.grpc.streams import Backpressure, OpenStreams, Stream
from hatchet_engine.transports.grpc.window import Window
from hatchet_engine.transports.payloads import (
    MAX_LOG_CHARS,
    check_log_level,
    check_object,
    check_text,
    clean_text,
    parse_uuid,
)
from hatchet_engine.transports.version import ENGINE_VERSION
from hatchet_wire.session.session_pb2 import (
    Attempt,
    LogLine,
    SessionError,
    TimeoutRefresh,
    WorkerFrame,
    WorkerHello,
    WorkerWelcome,
)

HEARTBEAT_INTERVAL_MS = 4_000
_LONGEST_REFRESH = 365 * DAY
_ACK_WITHIN_S = 0.05
_FATAL = frozenset({ErrorCode.UNAVAILABLE, ErrorCode.NOT_FOUND, ErrorCode.FAILED_PRECONDITION})
"""After these the worker and the engine no longer agree on what the worker is: it connects again."""

_log = logging.getLogger(__name__)


class WorkerSession:
    """One worker process, and its sink in the hub."""

    def __init__(self, engine: Engine, tenant_id: str, context: Context, limits: Backpressure) -> None:
        self._engine = engine
        self._tenant_id = tenant_id
        self._context = context
        self._limits = limits
        self._outbox = WorkerOutbox()
        self._window = Window(limits.frames_in_flight)
        self._worker_id = ""
        self._session = 0
        self._connected: asyncio.Future[Worker] | None = None
        self._ack_timer: asyncio.TimerHandle | None = None

    async def run(self, streams: OpenStreams) -> None:
        """Serve the stream until it ends; then the worker counts as disconnected."""
        self._stream = Stream(self._context, self._outbox, self._limits, streams)
        try:
            await self._stream.run(self._read())
        finally:
            if self._ack_timer is not None:
                self._ack_timer.cancel()
            if self._session:
                self._disconnect()

    # what the hub calls

    def deliver(self, assignments: list[Delivery], cancels: list[CancelAttempt]) -> None:
        if self._connected is None or not self._connected.done():
            # Assigned before the engine compared notes with this stream: it has put them back into the queue.
            assignments = []
        self._outbox.add(assignments, cancels)
        self._stream.wake()

    def reset(self) -> None:
        self._stream.end(grpc.StatusCode.UNAVAILABLE, "the engine has reloaded its state; connect again")

    # what the worker says

    async def _read(self) -> None:
        first = await self._context.read()
        if first is aio.EOF or not first.HasField("hello"):
            raise InvalidArgument("Invalid request: the first frame must carry hello")
        await self._connect(first.hello)
        self._on_frame(first)
        while (frame := await self._context.read()) is not aio.EOF:
            if frame.HasField("hello"):
                raise InvalidArgument("Invalid request: only the first frame may carry hello")
            self._on_frame(frame)
            if frame.goodbye:
                await self._engine.execute(self._tenant_id, RemoveWorker(self._worker_id))
                break
            await self._window.room()
        self._outbox.ack_is_due = True
        self._stream.finish()

    async def _connect(self, hello: WorkerHello) -> None:
        if hello.worker_id:
            self._worker_id = parse_uuid(hello.worker_id, "worker_id")
        else:
            self._worker_id = self._engine.new_id()
            await self._engine.execute(self._tenant_id, _registration(self._worker_id, hello))
        running = [AttemptRef(attempt.task_id, attempt.retry_count) for attempt in hello.running]
        # The welcome must be the first frame, also if the connection brings assignments at once.
        self._outbox.welcome = WorkerWelcome(
            worker_id=self._worker_id,
            tenant_id=self._tenant_id,
            engine_version=ENGINE_VERSION,
            heartbeat_interval_ms=HEARTBEAT_INTERVAL_MS,
        )
        self._session = self._engine.hub.attach_worker(self._tenant_id, self._worker_id, self)
        connect = ConnectWorker(self._worker_id, self._session, running, session_protocol=True)
        self._connected = self._engine.submit(self._tenant_id, connect)
        await self._connected
        self._stream.wake()
        if hello.worker_id and hello.labels:
            self._send(UpsertWorkerLabels(self._worker_id, labels.from_session(hello.labels)))

    def _disconnect(self) -> None:
        self._engine.hub.detach_worker(self._tenant_id, self._worker_id, self._session)
        # What no frame has carried goes back to the queue now; what one has carried, the worker will tell.
        undelivered = self._outbox.undelivered()
        if undelivered:
            self._submit(SendFailed(self._worker_id, undelivered), _log_refusal)
        self._submit(DisconnectWorker(self._worker_id, self._session), _log_refusal)

    def _on_frame(self, frame: WorkerFrame) -> None:
        # Logs and chunks of an attempt come before its end, which closes the run for those who watch it.
        if frame.logs:
            self._on_logs(frame.logs)
        if frame.chunks:
            hub, tenant_id, is_live = self._engine.hub, self._tenant_id, self._engine.is_live
            for chunk in frame.chunks:
                if is_live(tenant_id, chunk.task_id):
                    hub.publish_chunk(tenant_id, chunk.task_id, chunk.retry_count, chunk.index, chunk.data)
        if frame.refreshes:
            self._on_refreshes(frame.refreshes)
        if frame.released_slots:
            self._on_released(frame.released_slots)
        if frame.events:
            self._on_events(frame)
        if frame.labels:
            self._guarded(lambda: self._send(UpsertWorkerLabels(self._worker_id, labels.from_session(frame.labels))))
        if frame.HasField("paused"):
            self._send(PauseWorker(self._worker_id, frame.paused))
        if frame.HasField("status"):
            self._send(Heartbeat(self._worker_id, clean_text(frame.status.blocked_frame)[:MAX_LOG_CHARS] or None))

    def _on_events(self, frame: WorkerFrame) -> None:
        """One command for all events of the frame."""
        events, last = [], 0
        for message in frame.events:
            last = max(last, message.sequence)
            try:
                events.append(step_events.from_session(message))
            except InvalidArgument as error:
                self._complain(error)
        self._submit(StepEvents(self._worker_id, events), self._on_fatal, partial(self._acknowledge, last))

    def _acknowledge(self, sequence: int, _current: Sequence[bool]) -> None:
        """The worker needs it only to forget its copies: it can wait a moment for a frame that goes out anyway."""
        self._outbox.acked_sequence = max(self._outbox.acked_sequence, sequence)
        if self._ack_timer is None:
            self._ack_timer = asyncio.get_running_loop().call_later(_ACK_WITHIN_S, self._acknowledge_now)

    def _acknowledge_now(self) -> None:
        self._ack_timer = None
        if self._outbox.owes_ack:
            self._outbox.ack_is_due = True
            self._stream.wake()

    def _on_logs(self, lines: Iterable[LogLine]) -> None:
        records, now = [], self._engine.now()
        for line in lines:
            try:
                records.append(_log_record(line, now))
            except InvalidArgument as error:
                self._complain(error)
        if records:
            stored = asyncio.ensure_future(self._engine.append_logs(self._tenant_id, records))
            self._watch(stored, self._on_fatal)

    def _on_refreshes(self, refreshes: Iterable[TimeoutRefresh]) -> None:
        for refresh in refreshes:
            attempt = AttemptRef(refresh.attempt.task_id, refresh.attempt.retry_count)
            if not 0 < refresh.increment_us <= _LONGEST_REFRESH:
                self._complain(InvalidArgument("Invalid request: a timeout is extended by 1 µs to 365 days"))
                continue
            command = RefreshTimeout(attempt.task_id, refresh.increment_us, attempt.retry_count)
            self._submit(command, partial(self._not_refreshed, attempt), partial(self._refreshed, attempt))

    def _refreshed(self, attempt: AttemptRef, deadline: int) -> None:
        self._outbox.refreshed.append((attempt, deadline))
        self._stream.wake()

    def _not_refreshed(self, attempt: AttemptRef, error: CoreError) -> None:
        if isinstance(error, NotFound):
            self._refreshed(attempt, 0)
        else:
            self._on_fatal(error)

    def _on_released(self, attempts: Iterable[Attempt]) -> None:
        for attempt in attempts:
            # One that is over has no slot to release.
            self._submit(ReleaseSlot(attempt.task_id, attempt.retry_count), _log_refusal)

    # how commands are sent

    def _send(self, command: Command) -> None:
        self._submit(command, self._on_fatal)

    def _submit(
        self, command: Command, refused: Callable[[CoreError], None], done: Callable[[Any], None] | None = None
    ) -> None:
        self._watch(self._engine.submit(self._tenant_id, command), refused, done)

    def _watch(
        self,
        future: "asyncio.Future[Any]",
        refused: Callable[[CoreError], None],
        done: Callable[[Any], None] | None = None,
    ) -> None:
        self._window.add(future)
        future.add_done_callback(partial(self._settled, refused, done))

    def _settled(
        self,
        refused: Callable[[CoreError], None],
        done: Callable[[Any], None] | None,
        future: "asyncio.Future[Any]",
    ) -> None:
        if future.cancelled():
            return
        error = future.exception()
        if error is None:
            if done is not None:
                done(future.result())
        elif isinstance(error, CoreError):
            refused(error)
        else:
            _log.error("a message of worker %s failed", self._worker_id, exc_info=error)
            self._stream.end(grpc.StatusCode.INTERNAL, "internal error; the engine's log has the reason")

    def _on_fatal(self, error: CoreError) -> None:
        if error.code in _FATAL:
            self._stream.end(STATUS[error.code], error.message)
        else:
            self._complain(error)

    def _guarded(self, step: Callable[[], None]) -> None:
        try:
            step()
        except InvalidArgument as error:
            self._complain(error)

    def _complain(self, error: CoreError) -> None:
        """Tell the worker that one item was refused; the stream goes on."""
        self._outbox.errors.append(SessionError(code=STATUS_NUMBER[error.code], message=detail(error.message)))
        self._stream.wake()


def _log_refusal(error: CoreError) -> None:
    _log.debug("not needed any more: %s", error.message)


def _registration(worker_id: str, hello: WorkerHello) -> RegisterWorker:
    shown = {
        "sdk_version": hello.sdk_version,
        "language": "PYTHON",
        "language_version": hello.language_version,
        "os": hello.os,
        "host": hello.host,
    }
    return RegisterWorker(
        worker_id=worker_id,
        name=check_text(hello.name, "name"),
        actions=[check_text(action, "action") for action in hello.actions],
        slots={check_text(kind, "slot type"): units for kind, units in hello.slots.items()},
        labels=labels.from_session(hello.labels),
        runtime={key: check_text(value, key) for key, value in shown.items() if value},
    )


def _log_record(line: LogLine, now: int) -> LogRecord:
    level = check_log_level(line.level)
    check_object(line.metadata, "metadata")
    task_id = parse_uuid(line.task_id, "task_id")
    message = clean_text(line.message)[:MAX_LOG_CHARS]
    at = line.at_us if 0 < line.at_us <= now else now
    return LogRecord(task_id, line.retry_count, at, level, message, line.metadata)
