"""The client stream of the session service: pipelined triggers in, verdicts and results out."""

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import grpc
from grpc import aio

from hatchet_engine.core.commands import TriggerItem, TriggerRuns
from hatchet_engine.core.errors import CoreError, ErrorCode, InvalidArgument, Unavailable
from hatchet_engine.core.machine import TaskState
from hatchet_engine.runtime.engine import Engine
from hatchet_engine.runtime.records import RunOutcome
from hatchet_engine.transports.grpc.closing import SHUTTING_DOWN
from hatchet_engine.transports.grpc.rpc import STATUS_NUMBER, Context, detail
from hatchet_engine.transports.grpc.streams import Backpressure, OpenStreams, Stream
from hatchet_engine.transports.grpc.triggers import from_session
from hatchet_engine.transports.grpc.window import Window
from hatchet_engine.transports.payloads import is_uuid, utf8_length
from hatchet_engine.transports.version import ENGINE_VERSION
from hatchet_wire.session.session_pb2 import (
    Accepted,
    ClientFrame,
    ClientWelcome,
    EngineToClientFrame,
    Rejected,
    RunResult,
    TriggerRequest,
)

FRAME_BYTES = 3 * 1024 * 1024 - 64 * 1024
"""A frame is kept below 3 MiB; one item alone may be larger."""
_ITEM_OVERHEAD = 200

_STATUS = {
    TaskState.COMPLETED: RunResult.COMPLETED,
    TaskState.FAILED: RunResult.FAILED,
    TaskState.CANCELLED: RunResult.CANCELLED,
}

_log = logging.getLogger(__name__)


class ClientOutbox:
    """What the next frames to one client will carry."""

    def __init__(self) -> None:
        self.waiting_bytes = 0
        self.welcome: ClientWelcome | None = None
        self.accepted: list[int] = []
        self.accepted_as: list[Accepted] = []
        self.rejected: list[Rejected] = []
        self._results: deque[tuple[RunOutcome, int]] = deque()

    def add_results(self, outcomes: Iterable[RunOutcome]) -> None:
        for outcome in outcomes:
            size = _ITEM_OVERHEAD
            for task in outcome.tasks:
                size += _ITEM_OVERHEAD + utf8_length(task.output) + (utf8_length(task.error) if task.error else 0)
            self._results.append((outcome, size))
            self.waiting_bytes += size

    def take(self) -> EngineToClientFrame | None:
        if not (self._results or self.accepted or self.accepted_as or self.rejected or self.welcome):
            return None
        frame = EngineToClientFrame(
            welcome=self.welcome, accepted=self.accepted, accepted_as=self.accepted_as, rejected=self.rejected
        )
        self.welcome = None
        if self.accepted:
            self.accepted = []
        if self.accepted_as or self.rejected:
            self.accepted_as, self.rejected = [], []
        self._fill(frame)
        return frame

    def _fill(self, frame: EngineToClientFrame) -> None:
        results, add, used = self._results, frame.results.add, 0
        while results and (used == 0 or used + results[0][1] <= FRAME_BYTES):
            outcome, size = results.popleft()
            used += size
            result = add(run_id=outcome.run_id, status=_STATUS[outcome.state])
            for task in outcome.tasks:
                result.tasks.add(task_id=task.task_id, task_name=task.name, output=task.output, error=task.error)
        self.waiting_bytes -= used


@dataclass(slots=True)
class _Group:
    """One TriggerRequest: accepted or rejected as a whole."""

    request: int
    items: Sequence[TriggerItem]
    subscribe: bool
    resent: bool


class OpenClients:
    """The newest stream of each client process: what an older one still carries was sent again on it."""

    def __init__(self) -> None:
        self._newest: dict[tuple[str, str], ClientSession] = {}

    def enter(self, tenant_id: str, client_id: str, session: "ClientSession") -> None:
        """End the client's older stream, if it has one. Clients that don't name themselves have no second stream."""
        if client_id:
            older = self._newest.get((tenant_id, client_id))
            self._newest[tenant_id, client_id] = session
            if older is not None:
                older.supersede()

    def leave(self, tenant_id: str, client_id: str, session: "ClientSession") -> None:
        if self._newest.get((tenant_id, client_id)) is session:
            del self._newest[tenant_id, client_id]


class ClientSession:
    """One client process."""

    def __init__(
        self, engine: Engine, tenant_id: str, context: Context, limits: Backpressure, clients: OpenClients
    ) -> None:
        self._engine = engine
        self._clients = clients
        self._client_id = ""
        self._tenant_id = tenant_id
        self._context = context
        self._outbox = ClientOutbox()
        self._window = Window(limits.frames_in_flight)
        self._limits = limits

    async def run(self, streams: OpenStreams) -> None:
        """Serve the stream until it ends."""
        self._stream = Stream(self._context, self._outbox, self._limits, streams)
        self._watch = self._engine.hub.watch_results(self._tenant_id, self._deliver)
        try:
            await self._stream.run(self._read())
        finally:
            self._clients.leave(self._tenant_id, self._client_id, self)
            self._watch.close()

    def supersede(self) -> None:
        """The same client has opened another stream: nothing that comes on this one counts any more."""
        self._stream.end(grpc.StatusCode.ABORTED, "the client has opened another stream")

    def _deliver(self, outcomes: list[RunOutcome]) -> None:
        self._outbox.add_results(outcomes)
        self._stream.wake()

    async def _read(self) -> None:
        first = await self._context.read()
        if first is aio.EOF or not first.HasField("hello"):
            raise InvalidArgument("Invalid request: the first frame must carry hello")
        self._client_id = first.hello.client_id
        self._clients.enter(self._tenant_id, self._client_id, self)
        self._outbox.welcome = ClientWelcome(tenant_id=self._tenant_id, engine_version=ENGINE_VERSION)
        self._stream.wake()
        self._on_frame(first)
        while (frame := await self._context.read()) is not aio.EOF:
            if frame.HasField("hello"):
                raise InvalidArgument("Invalid request: only the first frame may carry hello")
            self._on_frame(frame)
            await self._window.room()
        self._stream.finish()

    def _on_frame(self, frame: ClientFrame) -> None:
        if not self._stream.is_open:
            return
        if frame.subscribe:
            self._watch.add([run_id for run_id in frame.subscribe if is_uuid(run_id)])
        if frame.unsubscribe:
            self._watch.discard(list(frame.unsubscribe))
        if frame.triggers:
            groups = [group for request in frame.triggers if (group := self._decode(request)) is not None]
            if groups:
                self._submit(groups)

    def _decode(self, request: TriggerRequest) -> _Group | None:
        try:
            items = [from_session(trigger) for trigger in request.items]
        except CoreError as error:
            self._reject(request.request, error)
            return None
        return _Group(request.request, items, request.subscribe, request.resent)

    def _submit(self, groups: Sequence[_Group]) -> None:
        """One command for all requests of a frame."""
        items = groups[0].items if len(groups) == 1 else [item for group in groups for item in group.items]
        command = TriggerRuns(items, resent=any(group.resent for group in groups))
        future = self._engine.submit(self._tenant_id, command)
        self._window.add(future)
        future.add_done_callback(partial(self._decided, groups))

    def _decided(self, groups: Sequence[_Group], future: "asyncio.Future[list[str]]") -> None:
        error = Unavailable(SHUTTING_DOWN) if future.cancelled() else future.exception()
        if error is None:
            self._accept(groups, future.result())
        elif len(groups) > 1 and isinstance(error, CoreError) and error.code is not ErrorCode.UNAVAILABLE:
            # Nothing was created, on account of one of them: each gets its own verdict.
            for group in groups:
                group.resent = True  # it may be stored already
                self._submit([group])
        else:
            for group in groups:
                self._reject(group.request, error)

    def _accept(self, groups: Sequence[_Group], run_ids: Sequence[str]) -> None:
        if not self._stream.is_open:
            return
        start, watched = 0, list[str]()
        for group in groups:
            ids = run_ids[start : start + len(group.items)]
            start += len(group.items)
            if all(item.run_id == run_id for item, run_id in zip(group.items, ids, strict=True)):
                self._outbox.accepted.append(group.request)
            else:
                self._outbox.accepted_as.append(Accepted(request=group.request, run_ids=ids))
            if group.subscribe:
                watched += ids
        if watched:
            self._watch.add(watched)
        self._stream.wake()

    def _reject(self, request: int, error: BaseException) -> None:
        if isinstance(error, CoreError):
            code, message = STATUS_NUMBER[error.code], detail(error.message)
        else:
            _log.error("a trigger failed", exc_info=error)
            code, message = grpc.StatusCode.INTERNAL.value[0], "internal error; the engine's log has the reason"
        self._outbox.rejected.append(Rejected(request=request, code=code, message=message))
        self._stream.wake()
