"""Clients and workers of the session protocol, as tests need them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import grpc
from grpc import aio

from hatchet_wire.session.session_pb2 import (
    Assignment,
    Cancel,
    ClientFrame,
    ClientHello,
    EngineToWorkerFrame,
    Refreshed,
    Rejected,
    RunResult,
    SessionError,
    StepEvent,
    StepInfo,
    Trigger,
    TriggerRequest,
    WorkerFrame,
    WorkerHello,
    WorkerWelcome,
)
from tests.engine_grpc.wire import Wire
from tests.support.waiting import aio_eventually


async def frames_of(call: Any) -> AsyncIterator[Any]:
    """The frames of a stream until its end, whatever that is: `call.code()` tells."""
    with suppress(aio.AioRpcError, asyncio.CancelledError):
        while (frame := await call.read()) is not aio.EOF:
            yield frame


class WorkerPeer:
    """A worker's stream; what the engine says is collected."""

    def __init__(self, wire: Wire, *actions: str, slots: int = 100) -> None:
        self._call = wire.session.Worker(timeout=None)
        self._actions = actions
        self._slots = slots
        self._reading: asyncio.Task[None] | None = None
        self.sequence = 0
        self.welcome: WorkerWelcome | None = None
        self.frames: list[EngineToWorkerFrame] = []
        self.steps: dict[int, StepInfo] = {}
        self.assignments: list[Assignment] = []
        self.cancels: list[Cancel] = []
        self.refreshed: list[Refreshed] = []
        self.errors: list[SessionError] = []
        self.acked = 0

    @property
    def id(self) -> str:
        assert self.welcome is not None
        return self.welcome.worker_id

    async def connect(self, **hello: Any) -> "WorkerPeer":
        """Say hello and wait for the welcome."""
        await self.send(
            hello=WorkerHello(**{"name": "w", "actions": self._actions, "slots": {"default": self._slots}} | hello)
        )
        self._reading = asyncio.create_task(self._read())
        await aio_eventually(lambda: self.welcome is not None or self._call.done())
        return self

    async def send(self, **frame: Any) -> None:
        await self._call.write(WorkerFrame(**frame))

    async def report(self, kind: "StepEvent.Kind.ValueType", assignment: Assignment, payload: str = "") -> int:
        """Send one step event; returns its sequence."""
        self.sequence += 1
        event = StepEvent(
            sequence=self.sequence,
            task_id=assignment.task_id,
            retry_count=assignment.retry_count,
            kind=kind,
            payload=payload,
        )
        await self.send(events=[event])
        return self.sequence

    async def complete(self, assignment: Assignment, output: str = "") -> None:
        """Report COMPLETED and wait until that is on disk."""
        sequence = await self.report(StepEvent.COMPLETED, assignment, output)
        await aio_eventually(lambda: self.acked >= sequence)

    async def assigned(self, count: int = 1, within_s: float = 10) -> list[Assignment]:
        """Wait for so many assignments."""
        await aio_eventually(lambda: len(self.assignments) >= count, within_s)
        return self.assignments

    async def _read(self) -> None:
        async for frame in frames_of(self._call):
            self.frames.append(frame)
            if frame.HasField("welcome"):
                self.welcome = frame.welcome
            self.steps.update((step.index, step) for step in frame.steps)
            self.assignments.extend(frame.assignments)
            self.cancels.extend(frame.cancels)
            self.refreshed.extend(frame.refreshed)
            self.errors.extend(frame.errors)
            self.acked = max(self.acked, frame.acked_sequence)

    async def ended(self) -> grpc.StatusCode:
        """Wait for the end of the stream; its status."""
        code: grpc.StatusCode = await self._call.code()
        return code

    async def details(self) -> str:
        text: str = await self._call.details()
        return text

    async def half_close(self) -> None:
        await self._call.done_writing()

    def vanish(self) -> None:
        """Break the stream."""
        self._call.cancel()


class ClientPeer:
    """A client's stream; what the engine says is collected."""

    def __init__(self, wire: Wire) -> None:
        self._call = wire.session.Client(timeout=None)
        self._reading: asyncio.Task[None] | None = None
        self.welcomed = False
        self.accepted: list[int] = []
        self.accepted_as: dict[int, list[str]] = {}
        self.rejected: dict[int, Rejected] = {}
        self.results: dict[str, RunResult] = {}
        self.sizes: list[int] = []

    async def connect(self, client_id: str = "") -> "ClientPeer":
        await self.send(hello=ClientHello(sdk_version="test", client_id=client_id))
        self._reading = asyncio.create_task(self._read())
        await aio_eventually(lambda: self.welcomed or self._call.done())
        return self

    async def send(self, **frame: Any) -> None:
        await self._call.write(ClientFrame(**frame))

    async def trigger(self, request: int, *items: Trigger, subscribe: bool = True, resent: bool = False) -> None:
        await self.send(
            triggers=[TriggerRequest(request=request, items=items, subscribe=subscribe, resent=resent)],
        )

    async def verdict(self, request: int) -> str:
        """Wait until the request is decided: "accepted", or the code and text of the refusal."""
        await aio_eventually(
            lambda: request in self.accepted or request in self.accepted_as or request in self.rejected
        )
        if request in self.rejected:
            return f"{self.rejected[request].code} {self.rejected[request].message}"
        return "accepted"

    async def result(self, run_id: str) -> RunResult:
        await aio_eventually(lambda: run_id in self.results)
        return self.results[run_id]

    async def _read(self) -> None:
        async for frame in frames_of(self._call):
            self.sizes.append(frame.ByteSize())
            self.welcomed |= frame.HasField("welcome")
            self.accepted.extend(frame.accepted)
            self.accepted_as.update((item.request, list(item.run_ids)) for item in frame.accepted_as)
            self.rejected.update((item.request, item) for item in frame.rejected)
            self.results.update((result.run_id, result) for result in frame.results)

    async def ended(self) -> grpc.StatusCode:
        code: grpc.StatusCode = await self._call.code()
        return code

    async def half_close(self) -> None:
        await self._call.done_writing()

    def vanish(self) -> None:
        self._call.cancel()
