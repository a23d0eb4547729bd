"""A small engine in memory, on a real socket, that can be made to fail at any point of a conversation.

It keeps runs and attempts like a real engine: a trigger that arrives twice makes one run, an event about another
attempt changes nothing, events are acknowledged in order. It runs on a thread and loop of its own.
"""

import asyncio
import base64
import itertools
import json
import threading
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import grpc
from grpc import aio

from hatchet_sdk.config import ClientConfig, ClientTLSConfig
from hatchet_wire.published import dispatcher_pb2_grpc, events_pb2_grpc, workflows_pb2_grpc
from hatchet_wire.published.v1 import workflows_pb2_grpc as admin_pb2_grpc
from hatchet_wire.session import session_pb2 as pb
from hatchet_wire.session import session_pb2_grpc
from tests.sdk_worker import fake_published


def token() -> str:
    def part(data: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")

    claims = {"sub": "tenant-1", "server_url": "http://127.0.0.1:1", "grpc_broadcast_address": "127.0.0.1:1"}
    return ".".join((part({"alg": "HS256", "typ": "JWT"}), part(claims), "signature"))


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


class FakeEngine:
    """Args:
    session: whether it knows the session protocol.
    cut_at: the numbers of the points (between any two frames) at which the stream breaks.
    """

    def __init__(self, *, session: bool = True, cut_at: set[int] | None = None, heartbeat_ms: int = 4000) -> None:
        self.session = session
        self.cut_at = cut_at or set()
        self.heartbeat_ms = heartbeat_ms
        self.refuse: Callable[[pb.TriggerRequest], pb.Rejected | None] = lambda _: None
        self.points = itertools.count(1)
        self.passed = 0
        self.runs: dict[str, Run] = {}
        self.waiting: list[Run] = []
        self.clients: list[ClientPeer] = []
        self.workers: list[WorkerPeer] = []
        self.hellos: list[pb.WorkerHello] = []
        self.client_frames: list[pb.ClientFrame] = []
        self.worker_frames: list[pb.WorkerFrame] = []
        self.events: dict[int, pb.StepEvent] = {}
        self.acked = 0
        self.chunks: list[pb.StreamChunk] = []
        self.logs: list[pb.LogLine] = []
        self.auto_finish: str | None = None
        """Output with which runs end as soon as they are triggered."""
        self.answering = True
        """Whether triggers are accepted and events acknowledged."""
        self.registered: list[Any] = []
        self.unknown_workers: set[str] = set()
        self.refuse_workers: grpc.StatusCode | None = None
        self.override_client: Callable[[Any, Any], Coroutine[Any, Any, None]] | None = None
        self.published = fake_published.Published(self)
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fake-engine", daemon=True)
        self._thread.start()
        self._server: aio.Server | None = None

    # ---- for tests (any thread)

    def start(self) -> "FakeEngine":
        self.do(self._start())
        return self

    def stop(self) -> None:
        """Break every connection at once."""
        self.do(self._stop())

    def close(self) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def do(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    def call(self, function: Callable[..., Any], *args: Any) -> Any:
        async def run() -> Any:
            return function(*args)

        return self.do(run())

    def config(self, **settings: Any) -> ClientConfig:
        return ClientConfig(
            token=token(),
            host_port=f"127.0.0.1:{self.port}",
            tls_config=ClientTLSConfig(strategy="none"),
            **settings,
        )

    def finish(self, run_id: str, output: str = "", error: str | None = None) -> None:
        self.call(
            self._finish, self.runs[run_id], pb.RunResult.FAILED if error else pb.RunResult.COMPLETED, output, error
        )

    def add_run(self, workflow: str, input: str = "", *, run_id: str | None = None) -> str:
        run = Run(run_id or str(uuid.uuid4()), workflow, input)
        self.call(self._add, [run])
        return run.id

    def add_runs(self, workflow: str, count: int, input: str = "") -> list[str]:
        runs = [Run(str(uuid.uuid4()), workflow, input) for _ in range(count)]
        self.call(self._add, runs)
        return [run.id for run in runs]

    def cancel(self, run_id: str, reason: str = "cancelled") -> None:
        self.call(self._cancel, self.runs[run_id], reason)

    def send_to_worker(self, frame: pb.EngineToWorkerFrame) -> None:
        self.call(self.workers[-1].out.put_nowait, frame)

    # ---- server

    async def _start(self) -> None:
        server = aio.server(options=[("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", 4 * 1024 * 1024)])
        session_pb2_grpc.add_SessionServicer_to_server(SessionService(self), server)
        dispatcher_pb2_grpc.add_DispatcherServicer_to_server(self.published.dispatcher, server)
        events_pb2_grpc.add_EventsServiceServicer_to_server(self.published.events, server)
        workflows_pb2_grpc.add_WorkflowServiceServicer_to_server(self.published.workflows, server)
        admin_pb2_grpc.add_AdminServiceServicer_to_server(self.published.admin, server)
        self.port = server.add_insecure_port(f"127.0.0.1:{self.port}")
        await server.start()
        self._server = server

    async def _stop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            await server.stop(None)

    def point(self) -> None:
        """A place between two frames."""
        self.passed = next(self.points)
        if self.passed in self.cut_at:
            raise Cut

    # ---- client side

    def on_client_frame(self, peer: ClientPeer, frame: pb.ClientFrame) -> None:
        self.client_frames.append(frame)
        peer.frames.append(frame)
        reply = pb.EngineToClientFrame()
        for request in frame.triggers if self.answering else ():
            rejected = self.refuse(request)
            if rejected is not None:
                rejected.request = request.request
                reply.rejected.append(rejected)
                continue
            new = [
                Run(item.run_id, item.workflow, item.input) for item in request.items if item.run_id not in self.runs
            ]
            if request.subscribe:
                peer.subscribed.update(item.run_id for item in request.items)
            reply.accepted.append(request.request)
            self._add(new)
            reply.results.extend(self._known_results(peer, [item.run_id for item in request.items]))
        peer.subscribed.update(frame.subscribe)
        peer.subscribed.difference_update(frame.unsubscribe)
        reply.results.extend(self._known_results(peer, frame.subscribe))
        if reply.ByteSize():
            peer.out.put_nowait(reply)

    def _known_results(self, peer: ClientPeer, run_ids: Any) -> list[pb.RunResult]:
        ended = [
            self.runs[run_id]
            for run_id in run_ids
            if run_id in peer.subscribed and run_id in self.runs and self.runs[run_id].status
        ]
        peer.subscribed.difference_update(run.id for run in ended)
        return [run.result() for run in ended]

    # ---- runs

    def _add(self, runs: list[Run]) -> None:
        for run in runs:
            self.runs[run.id] = run
            if self.auto_finish is not None:
                run.status, run.output = pb.RunResult.COMPLETED, self.auto_finish
            else:
                self.waiting.append(run)
        self.assign()

    def assign(self) -> None:
        batches: dict[WorkerPeer, list[Run]] = {}
        still_waiting = []
        for run in self.waiting:
            peer = next((p for p in self.workers if run.workflow in p.hello.actions and not p.paused), None)
            if peer is None:
                still_waiting.append(run)
            else:
                run.assigned_to = peer
                batches.setdefault(peer, []).append(run)
        self.waiting = still_waiting
        for peer, runs in batches.items():
            peer.out.put_nowait(self.assignment_frame(peer, runs))

    def assignment_frame(self, peer: WorkerPeer, runs: list[Run]) -> pb.EngineToWorkerFrame:
        frame = pb.EngineToWorkerFrame()
        for run in runs:
            step = peer.steps.get(run.workflow)
            if step is None:
                step = peer.steps[run.workflow] = len(peer.steps) + 1
                frame.steps.append(self.step_info(step, run.workflow))
            frame.assignments.add(
                step=step, task_id=run.id, run_id=run.id, retry_count=run.retry_count, priority=1, input=run.input
            )
        return frame

    execution_timeout_us = 60_000_000
    retries = 0

    def step_info(self, index: int, action: str) -> pb.StepInfo:
        return pb.StepInfo(
            index=index,
            action=action,
            step_id=f"step-{action}",
            task_name=action.split(":")[1],
            workflow_id="workflow-id",
            workflow_version_id="version-id",
            workflow_name=action.split(":", maxsplit=1)[0],
            execution_timeout_us=self.execution_timeout_us,
            retries=self.retries,
        )

    def _cancel(self, run: Run, reason: str) -> None:
        peer = run.assigned_to
        run.status, run.error = pb.RunResult.CANCELLED, ""
        if peer is not None:
            attempt = pb.Attempt(task_id=run.id, retry_count=run.retry_count)
            peer.out.put_nowait(pb.EngineToWorkerFrame(cancels=[pb.Cancel(attempt=attempt, reason=reason)]))

    def _finish(self, run: Run, status: int, output: str, error: str | None) -> None:
        run.status, run.output, run.error = status, output, error
        for peer in self.clients:
            if run.id in peer.subscribed:
                peer.subscribed.discard(run.id)
                peer.out.put_nowait(pb.EngineToClientFrame(results=[run.result()]))
        self.published.finished(run)

    # ---- worker side

    def on_worker_hello(self, frame: pb.WorkerFrame) -> WorkerPeer:
        peer = WorkerPeer(frame.hello)
        self.hellos.append(frame.hello)
        peer.worker_id = frame.hello.worker_id or f"worker-{len(self.hellos)}"
        self.workers.append(peer)
        running = {(attempt.task_id, attempt.retry_count) for attempt in frame.hello.running}
        lost = []
        for run in self.runs.values():
            if run.assigned_to is not None and run.assigned_to.worker_id == peer.worker_id and not run.status:
                run.assigned_to = peer
                if (run.id, run.retry_count) not in running:
                    run.retry_count += 1
                    lost.append(run)
        welcome = pb.WorkerWelcome(
            worker_id=peer.worker_id,
            tenant_id="tenant-1",
            engine_version="v0.101.27",
            heartbeat_interval_ms=self.heartbeat_ms,
        )
        cancels = [
            pb.Cancel(attempt=pb.Attempt(task_id=task_id, retry_count=retry), reason="superseded")
            for task_id, retry in running
            if task_id in self.runs and self.runs[task_id].retry_count != retry
        ]
        peer.out.put_nowait(pb.EngineToWorkerFrame(welcome=welcome, cancels=cancels, acked_sequence=self.acked))
        self.waiting.extend(lost)
        self.assign()
        return peer

    def on_worker_frame(self, peer: WorkerPeer, frame: pb.WorkerFrame) -> None:
        self.worker_frames.append(frame)
        peer.frames.append(frame)
        self.chunks.extend(frame.chunks)
        self.logs.extend(frame.logs)
        for event in frame.events:
            self.events.setdefault(event.sequence, event)
        if frame.HasField("paused"):
            peer.paused = frame.paused
        if frame.goodbye:
            peer.goodbye = True
            self.workers.remove(peer)
        if self.answering and frame.events:
            self.acknowledge(peer)

    def acknowledge(self, peer: WorkerPeer) -> None:
        """Apply what came without gaps, and say so."""
        while self.acked + 1 in self.events:
            self.acked += 1
            self._apply(self.events[self.acked])
        peer.out.put_nowait(pb.EngineToWorkerFrame(acked_sequence=self.acked))

    def _apply(self, event: pb.StepEvent) -> None:
        run = self.runs.get(event.task_id)
        if run is None or event.retry_count != run.retry_count or run.status:
            return
        if event.kind == pb.StepEvent.STARTED:
            run.started += 1
        elif event.kind == pb.StepEvent.COMPLETED:
            run.completions.append(event.payload)
            self._finish(run, pb.RunResult.COMPLETED, event.payload, None)
        elif event.kind == pb.StepEvent.FAILED:
            run.completions.append(event.payload)
            self._finish(run, pb.RunResult.FAILED, "", event.payload)


class SessionService(session_pb2_grpc.SessionServicer):
    def __init__(self, engine: FakeEngine) -> None:
        self.engine = engine

    async def Client(self, request_iterator: Any, context: Any) -> AsyncIterator[pb.EngineToClientFrame]:
        engine = self.engine
        if not engine.session:
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, "no session here")
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
        peer = engine.on_worker_hello(hello)

        async def read() -> None:
            engine.point()
            async for frame in request_iterator:
                engine.point()
                engine.on_worker_frame(peer, frame)
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
