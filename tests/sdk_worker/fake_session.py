"""The streams of the fake engine's session protocol."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import grpc

from hatchet_wire.session import session_pb2 as pb
from hatchet_wire.session import session_pb2_grpc

if TYPE_CHECKING:
    from tests.sdk_worker.fake_engine import FakeEngine


@dataclass
class Run:
    """One standalone run; its id is its task's id."""

    id: str
    workflow: str
    input: str = ""
    retry_count: int = 0
    status: int = pb.RunResult.UNSPECIFIED
    output: str = ""
    error: str | None = None
    started: int = 0
    """How often a STARTED of the current attempt was seen."""
    assigned_to: "WorkerPeer | None" = None
    completions: list[str] = field(default_factory=list)

    def result(self) -> pb.RunResult:
        task = pb.TaskResult(task_id=self.id, task_name=self.workflow, output=self.output)
        if self.error is not None:
            task.error = self.error
        return pb.RunResult(run_id=self.id, status=self.status, tasks=[task])


class Peer:
    """One open stream."""

    def __init__(self) -> None:
        self.out: asyncio.Queue[Any] = asyncio.Queue()
        self.frames: list[Any] = []


class ClientPeer(Peer):
    def __init__(self) -> None:
        super().__init__()
        self.subscribed: set[str] = set()


class WorkerPeer(Peer):
    def __init__(self, hello: pb.WorkerHello) -> None:
        super().__init__()
        self.hello = hello
        self.worker_id = hello.worker_id
        self.steps: dict[str, int] = {}
        self.paused = False
        self.goodbye = False


class Cut(Exception):
    """The connection breaks here."""


class WorkerSide:
    """What the engine does with the frames of workers."""

    def __init__(self, engine: "FakeEngine") -> None:
        self.engine = engine

    def hello(self, frame: pb.WorkerFrame) -> WorkerPeer:
        engine = self.engine
        peer = WorkerPeer(frame.hello)
        engine.hellos.append(frame.hello)
        peer.worker_id = frame.hello.worker_id or f"worker-{len(engine.hellos)}"
        engine.workers.append(peer)
        running = {(attempt.task_id, attempt.retry_count) for attempt in frame.hello.running}
        lost = []
        for run in engine.runs.values():
            if run.assigned_to is not None and run.assigned_to.worker_id == peer.worker_id and not run.status:
                run.assigned_to = peer
                if (run.id, run.retry_count) not in running:
                    run.retry_count += 1
                    lost.append(run)
        welcome = pb.WorkerWelcome(
            worker_id=peer.worker_id,
            tenant_id="tenant-1",
            engine_version="v0.101.27",
            heartbeat_interval_ms=engine.heartbeat_ms,
        )
        cancels = [
            pb.Cancel(attempt=pb.Attempt(task_id=task_id, retry_count=retry), reason="superseded")
            for task_id, retry in running
            if task_id in engine.runs and engine.runs[task_id].retry_count != retry
        ]
        peer.out.put_nowait(pb.EngineToWorkerFrame(welcome=welcome, cancels=cancels, acked_sequence=engine.acked))
        engine.waiting.extend(lost)
        engine.assign()
        return peer

    def frame(self, peer: WorkerPeer, frame: pb.WorkerFrame) -> None:
        engine = self.engine
        engine.worker_frames.append(frame)
        peer.frames.append(frame)
        engine.chunks.extend(frame.chunks)
        engine.logs.extend(frame.logs)
        for event in frame.events:
            engine.events.setdefault(event.sequence, event)
        if frame.HasField("paused"):
            peer.paused = frame.paused
        if frame.goodbye:
            peer.goodbye = True
            engine.workers.remove(peer)
        if engine.answering and frame.events:
            self.acknowledge(peer)

    def acknowledge(self, peer: WorkerPeer) -> None:
        """Apply what came without gaps, and say so."""
        engine = self.engine
        while engine.acked + 1 in engine.events:
            engine.acked += 1
            self._apply(engine.events[engine.acked])
        peer.out.put_nowait(pb.EngineToWorkerFrame(acked_sequence=engine.acked))

    def _apply(self, event: pb.StepEvent) -> None:
        engine = self.engine
        run = engine.runs.get(event.task_id)
        if run is None or event.retry_count != run.retry_count or run.status:
            return
        if event.kind == pb.StepEvent.STARTED:
            run.started += 1
        elif event.kind == pb.StepEvent.COMPLETED:
            run.completions.append(event.payload)
            engine._finish(run, pb.RunResult.COMPLETED, event.payload, None)
        elif event.kind == pb.StepEvent.FAILED:
            run.completions.append(event.payload)
            engine._finish(run, pb.RunResult.FAILED, "", event.payload)


class SessionService(session_pb2_grpc.SessionServicer):
    def __init__(self, engine: "FakeEngine") -> None:
        self.engine = engine

    async def Client(self, request_iterator: Any, context: Any) -> AsyncIterator[pb.EngineToClientFrame]:
        engine = self.engine
        if not engine.session:
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, "no session here")
        engine.note_token(context)
        if engine.override_client is not None:
            await engine.override_client(request_iterator, context)
        peer = ClientPeer()

        async def read() -> None:
            async for frame in request_iterator:
                engine.point()
                if frame.HasField("hello"):
                    engine.clients.append(peer)
                    peer.out.put_nowait(
                        pb.EngineToClientFrame(
                            welcome=pb.ClientWelcome(tenant_id="tenant-1", engine_version="v0.101.27")
                        )
                    )
                else:
                    engine.on_client_frame(peer, frame)
                engine.point()

        try:
            async for frame in self._outgoing(peer, read(), context):
                yield frame
        finally:
            if peer in engine.clients:
                engine.clients.remove(peer)

    async def Worker(self, request_iterator: Any, context: Any) -> AsyncIterator[pb.EngineToWorkerFrame]:
        engine = self.engine
        if not engine.session:
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, "no session here")
        hello = await context.read()
        if engine.refuse_workers is not None:
            engine.hellos.append(hello.hello)
            await context.abort(engine.refuse_workers, "not you")
        if hello.hello.worker_id in engine.unknown_workers:
            await context.abort(grpc.StatusCode.NOT_FOUND, "worker not found")
        peer = engine.worker_side.hello(hello)

        async def read() -> None:
            engine.point()
            async for frame in request_iterator:
                engine.point()
                engine.worker_side.frame(peer, frame)
                engine.point()

        try:
            async for frame in self._outgoing(peer, read(), context):
                yield frame
        finally:
            if peer in engine.workers:
                engine.workers.remove(peer)

    async def _outgoing(self, peer: Peer, reading: Any, context: Any) -> AsyncIterator[Any]:
        reader = asyncio.get_running_loop().create_task(reading)
        reader.add_done_callback(lambda _: peer.out.put_nowait(None))
        try:
            while True:
                frame = await peer.out.get()
                if frame is None:
                    break
                self.engine.point()
                yield frame
                self.engine.point()
            await reader
        except Cut:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the connection broke")
        finally:
            reader.cancel()
