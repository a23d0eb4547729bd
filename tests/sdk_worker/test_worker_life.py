"""Starting, leaving, health, and a worker whose tasks misbehave."""

import asyncio
import http.client
import json
import socket
import threading
from collections.abc import AsyncGenerator

import grpc
import pytest

from hatchet_sdk.config import HealthcheckConfig
from hatchet_sdk.context.context import Context
from hatchet_sdk.exceptions import LoopAlreadyRunningError
from hatchet_sdk.hatchet import Hatchet
from hatchet_sdk.runnables.types import EmptyModel
from hatchet_sdk.worker.worker import Worker, WorkerStatus
from hatchet_wire.session import session_pb2 as pb
from tests.sdk_worker.conftest import MakeHatchet, StartWorker
from tests.sdk_worker.fake_engine import FakeEngine
from tests.support.waiting import eventually


async def nothing(input: EmptyModel, ctx: Context) -> None: ...


class TestStart:
    async def test_on_a_running_loop_it_is_refused(self, hatchet: Hatchet) -> None:
        worker = hatchet.worker("w", workflows=[hatchet.task(name="t")(nothing)])
        with pytest.raises(LoopAlreadyRunningError):
            worker.start()

    def test_without_tasks_it_is_refused(self, hatchet: Hatchet) -> None:
        with pytest.raises(ValueError, match="no tasks"):
            hatchet.worker("w").start()

    def test_what_is_no_workflow_is_refused(self, hatchet: Hatchet) -> None:
        worker = Worker("w", hatchet.config, {})
        with pytest.raises(TypeError, match="not str"):
            worker.register_workflow("a workflow")  # type: ignore[arg-type]

    def test_a_registration_that_the_engine_rejects_ends_with_status_1(
        self, engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker, caplog: pytest.LogCaptureFixture
    ) -> None:
        engine.published.failures["PutWorkflow"] = [grpc.StatusCode.INVALID_ARGUMENT]
        running = start_worker(hatchet.task(name="t")(nothing))
        running.thread.join(5)
        assert isinstance(running.error, SystemExit) and running.error.code == 1
        assert "workflow 't' could not be registered: INVALID_ARGUMENT" in caplog.text

    def test_names_get_the_namespace_once(
        self, engine: FakeEngine, make_hatchet: MakeHatchet, start_worker: StartWorker
    ) -> None:
        hatchet = make_hatchet(namespace="Prod")
        start_worker(hatchet.task(name="t")(nothing))
        assert (engine.hellos[0].name, list(engine.hellos[0].actions)) == ("prod_w", ["prod_t:t"])
        assert hatchet.worker("w").name == hatchet.worker("prod_w").name == "prod_w"

    def test_preset_labels_are_under_those_of_the_worker(
        self, engine: FakeEngine, make_hatchet: MakeHatchet, start_worker: StartWorker
    ) -> None:
        hatchet = make_hatchet(worker_preset_labels={"a": "preset", "b": "preset"})
        start_worker(hatchet.task(name="t")(nothing), labels={"b": "own"})
        assert {key: label.text for key, label in engine.hellos[0].labels.items()} == {"a": "preset", "b": "own"}

    def test_status_follows_the_connection(
        self, engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker
    ) -> None:
        task = hatchet.task(name="t")(nothing)
        assert hatchet.worker("w", workflows=[task]).status is WorkerStatus.INITIALIZED
        worker = start_worker(task).worker
        eventually(lambda: worker.status is WorkerStatus.HEALTHY)
        engine.stop()
        eventually(lambda: worker.status is WorkerStatus.UNHEALTHY)
        engine.start()
        eventually(lambda: worker.status is WorkerStatus.HEALTHY)


class TestLeaving:
    def test_what_runs_is_finished_and_acknowledged_first(
        self, engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker
    ) -> None:
        let_go = threading.Event()

        @hatchet.task(name="t")
        async def t(input: EmptyModel, ctx: Context) -> dict[str, int]:
            await asyncio.to_thread(let_go.wait)
            return {"done": 1}

        running = start_worker(t)
        run_id = engine.add_run("t:t")
        eventually(lambda: engine.runs[run_id].started)
        peer = engine.workers[0]
        assert running.worker._life is not None
        running.worker._life.drain("test")
        eventually(lambda: peer.paused)
        late = engine.add_run("t:t")
        assert running.thread.is_alive() and not peer.goodbye
        let_go.set()
        running.thread.join(10)
        assert engine.runs[run_id].output == '{"done":1}'
        assert peer.goodbye and engine.workers == []
        assert engine.runs[late].assigned_to is None
        assert running.error is None

    def test_the_pause_is_repeated_after_a_reconnect(
        self, engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker
    ) -> None:
        let_go = threading.Event()

        @hatchet.task(name="t")
        async def t(input: EmptyModel, ctx: Context) -> None:
            await asyncio.to_thread(let_go.wait)

        running = start_worker(t)
        run_id = engine.add_run("t:t")
        eventually(lambda: engine.runs[run_id].started)
        assert running.worker._life is not None
        running.worker._life.drain("test")
        eventually(lambda: engine.workers[0].paused)
        engine.stop()
        engine.start()
        eventually(lambda: len(engine.hellos) == 2 and engine.workers[0].paused)
        let_go.set()
        running.thread.join(10)
        assert engine.runs[run_id].status == pb.RunResult.COMPLETED

    async def test_exit_gracefully(self, engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker) -> None:
        running = start_worker(hatchet.task(name="t")(nothing))
        await running.worker.exit_gracefully()
        running.thread.join(5)
        assert not running.thread.is_alive() and running.error is None

    def test_after_a_number_of_task_starts(
        self, engine: FakeEngine, make_hatchet: MakeHatchet, start_worker: StartWorker
    ) -> None:
        hatchet = make_hatchet(terminate_worker_after_num_tasks=3)
        running = start_worker(hatchet.task(name="t")(nothing))
        run_ids = [engine.add_run("t:t") for _ in range(3)]
        running.thread.join(10)
        assert not running.thread.is_alive()
        assert all(engine.runs[each].status for each in run_ids)

    def test_a_body_that_was_cancelled_but_never_ends_is_not_waited_for(
        self, engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        never = threading.Event()

        @hatchet.task(name="s")
        def s(input: EmptyModel, ctx: Context) -> None:
            never.wait()

        monkeypatch.setattr("hatchet_sdk.worker.station.CANCELLED_WITHIN_S", 0.1)
        running = start_worker(s)
        run_id = engine.add_run("s:s")
        eventually(lambda: engine.runs[run_id].started)
        engine.cancel(run_id)
        running.leave()
        never.set()


class TestLifespan:
    def test_it_surrounds_the_work(self, engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker) -> None:
        order: list[str] = []

        async def lifespan() -> AsyncGenerator[dict[str, int], None]:
            order.append("set-up")
            yield {"pool": 7}
            order.append("clean-up")

        @hatchet.task(name="a")
        async def a(input: EmptyModel, ctx: Context) -> dict[str, int]:
            order.append("body")
            return dict(ctx.lifespan)

        @hatchet.task(name="s")
        def s(input: EmptyModel, ctx: Context) -> dict[str, int]:
            return dict(ctx.lifespan)

        running = start_worker(a, s, lifespan=lifespan)
        run_ids = [engine.add_run("a:a"), engine.add_run("s:s")]
        eventually(lambda: all(engine.runs[each].status for each in run_ids))
        running.leave()
        assert order == ["set-up", "body", "clean-up"]
        assert {engine.runs[each].output for each in run_ids} == {'{"pool":7}'}

    def test_a_set_up_that_fails_ends_the_worker_without_an_error(
        self, engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def lifespan() -> AsyncGenerator[None, None]:
            raise RuntimeError("no database")
            yield

        worker = Worker("w", hatchet.config, {}, workflows=[hatchet.task(name="t")(nothing)], lifespan=lifespan)
        thread = threading.Thread(target=worker.start)
        thread.start()
        thread.join(10)
        assert not thread.is_alive() and engine.hellos == []
        assert "no database" in caplog.text

    def test_a_clean_up_that_fails_is_logged(
        self, engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def lifespan() -> AsyncGenerator[None, None]:
            yield
            raise RuntimeError("cannot close")

        running = start_worker(hatchet.task(name="t")(nothing), lifespan=lifespan)
        peer = engine.workers[0]
        running.leave()
        assert "lifespan cleanup failed" in caplog.text and "cannot close" in caplog.text
        assert peer.goodbye and running.error is None


class TestMisbehaviour:
    def test_a_blocked_event_loop_is_survived_and_named(
        self, engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker, caplog: pytest.LogCaptureFixture
    ) -> None:
        let_go = threading.Event()

        @hatchet.task(name="blocks")
        async def blocks(input: EmptyModel, ctx: Context) -> None:
            let_go.wait(20)  # a blocking call in an async body

        @hatchet.task(name="s")
        def s(input: EmptyModel, ctx: Context) -> None: ...

        engine.heartbeat_ms = 50
        running = start_worker(blocks, s)
        blocked = engine.add_run("blocks:blocks")

        def reported() -> list[str]:
            frames = list(engine.worker_frames)
            return [frame.status.blocked_frame for frame in frames if frame.status.blocked_frame]

        eventually(reported, within_s=10)
        assert "let_go.wait(20)  # a blocking call in an async body" in reported()[-1]
        count = len(reported())
        eventually(lambda: len(reported()) > count + 3)  # heartbeats go on
        other = engine.add_run("s:s")
        eventually(lambda: engine.runs[other].status)  # and so do sync tasks
        assert max(frame.status.loop_lag_us for frame in engine.worker_frames) > 1_000_000
        let_go.set()
        eventually(lambda: engine.runs[blocked].status)
        eventually(lambda: not running.station._parts.watchdog.blocked_frame)
        assert caplog.text.count("the event loop has been blocked") == 1
        assert caplog.text.count("the event loop runs again") == 1

    def test_an_exhausted_thread_pool_is_survived_and_reported(
        self, engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker, caplog: pytest.LogCaptureFixture
    ) -> None:
        let_go, begun = threading.Event(), []

        @hatchet.task(name="s")
        def s(input: EmptyModel, ctx: Context) -> None:
            begun.append(ctx.task_run_id)
            let_go.wait()

        start_worker(s, slots=2)
        run_ids = engine.add_runs("s:s", 5)  # more than the worker asked for
        eventually(lambda: "thread pool is exhausted: 3 task runs wait" in caplog.text, within_s=10)
        assert len(begun) == 2
        let_go.set()
        eventually(lambda: all(engine.runs[each].status for each in run_ids))
        assert caplog.text.count("thread pool is exhausted") == 1


def get(port: int, path: str, method: str = "GET") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request(method, path)
    response = connection.getresponse()
    return response.status, response.read().decode()


class TestHealth:
    @pytest.fixture
    def port(self) -> int:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            return int(free.getsockname()[1])

    def test_it_follows_the_worker(
        self, engine: FakeEngine, make_hatchet: MakeHatchet, start_worker: StartWorker, port: int
    ) -> None:
        healthcheck = HealthcheckConfig(enabled=True, port=port, bind_address="127.0.0.1")
        hatchet = make_hatchet(healthcheck=healthcheck)
        running = start_worker(hatchet.task(name="t")(nothing))
        eventually(lambda: get(port, "/health") == (200, '{"status":"HEALTHY"}'))
        status, text = get(port, "/metrics")
        metrics = dict(line.split() for line in text.splitlines() if not line.startswith("#"))
        assert status == 200 and float(metrics["hatchet_worker_listener_health"]) == 1.0
        assert float(metrics["hatchet_worker_event_loop_lag_seconds"]) < 1
        assert float(metrics["process_resident_memory_bytes"]) > 1_000_000
        assert get(port, "/other")[0] == 404 and get(port, "/health", "POST")[0] == 405
        engine.stop()
        eventually(lambda: get(port, "/health") == (503, '{"status":"UNHEALTHY"}'))
        engine.start()
        eventually(lambda: json.loads(get(port, "/health")[1]) == {"status": "HEALTHY"})
        running.leave()
        with pytest.raises(OSError, match="refused"):
            get(port, "/health")

    def test_a_port_in_use_stops_the_start(
        self, engine: FakeEngine, make_hatchet: MakeHatchet, start_worker: StartWorker
    ) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            healthcheck = HealthcheckConfig(enabled=True, port=taken.getsockname()[1], bind_address="127.0.0.1")
            hatchet = make_hatchet(healthcheck=healthcheck)
            running = start_worker(hatchet.task(name="t")(nothing))
            running.thread.join(5)
        assert isinstance(running.error, OSError)
