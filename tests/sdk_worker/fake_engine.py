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
from collections.abc import Callable, Coroutine
from typing import Any

import grpc
from grpc import aio

from hatchet_sdk.config import ClientConfig, ClientTLSConfig
from hatchet_wire.published import dispatcher_pb2_grpc, events_pb2_grpc, workflows_pb2_grpc
from hatchet_wire.published.v1 import workflows_pb2_grpc as admin_pb2_grpc
from hatchet_wire.session import session_pb2 as pb
from hatchet_wire.session import session_pb2_grpc
from tests.sdk_worker import fake_published
from tests.sdk_worker.fake_session import ClientPeer, Cut, Run, SessionService, WorkerPeer, WorkerSide


def token() -> str:
    def part(data: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")

    claims = {"sub": "tenant-1", "server_url": "http://127.0.0.1:1", "grpc_broadcast_address": "127.0.0.1:1"}
    return ".".join((part({"alg": "HS256", "typ": "JWT"}), part(claims), "signature"))


class FakeEngine:
    """Args:
    session: whether it knows the session protocol.
    cut_at: the numbers of the points (between any two frames) at which the stream breaks.
    """

    def __init__(
        self,
        *,
        session: bool = True,
        cut_at: set[int] | None = None,
        heartbeat_ms: int = 4000,
        credentials: grpc.ServerCredentials | None = None,
    ) -> None:
        self.credentials = credentials
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
        self.tokens: list[str] = []
        """Of the calls that have been made, where it is noted."""
        self.refuse_workers: grpc.StatusCode | None = None
        self.override_client: Callable[[Any, Any], Coroutine[Any, Any, None]] | None = None
        self.published = fake_published.Published(self)
        self.worker_side = WorkerSide(self)
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
        defaults = {"host_port": f"127.0.0.1:{self.port}", "tls_config": ClientTLSConfig(strategy="none")}
        return ClientConfig(token=token(), **{**defaults, **settings})

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
        address = f"127.0.0.1:{self.port}"
        if self.credentials is None:
            self.port = server.add_insecure_port(address)
        else:
            self.port = server.add_secure_port(address, self.credentials)
        await server.start()
        self._server = server

    async def _stop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            await server.stop(None)

    def note_token(self, context: Any) -> None:
        self.tokens.extend(value for key, value in context.invocation_metadata() if key == "authorization")

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
