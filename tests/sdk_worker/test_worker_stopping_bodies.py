"""Cancellation and timeouts, on the event loop and in threads."""

import asyncio
import logging
import threading
import time
from concurrent.futures import Future
from datetime import timedelta

import pytest

from hatchet_sdk.context.context import Context
from hatchet_sdk.hatchet import Hatchet
from hatchet_sdk.runnables.types import EmptyModel
from hatchet_wire.session import session_pb2 as pb
from tests.sdk_worker.conftest import MakeHatchet, StartWorker
from tests.sdk_worker.fake_engine import FakeEngine
from tests.support.waiting import eventually


class Body:
    """Records what an async body lives through."""

    def __init__(self) -> None:
        self.contexts: list[Context] = []
        self.cancelled_at: float | None = None
        self.flag_at: float | None = None

    async def run(self, input: EmptyModel, ctx: Context) -> dict[str, int]:
        self.contexts.append(ctx)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled_at = time.monotonic()
            raise
        return {}


def kinds_of(engine: FakeEngine, run_id: str) -> list[int]:
    return [event.kind for event in engine.events.values() if event.task_id == run_id]


def test_a_cancelled_async_body_gets_a_second_and_then_a_cancelled_error(
    engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker
) -> None:
    body = Body()
    task = hatchet.task(name="t")(body.run)
    running = start_worker(task)
    run_id = engine.add_run("t:t")
    eventually(lambda: body.contexts)
    assert not body.contexts[0].is_cancelled
    began = time.monotonic()
    engine.cancel(run_id)
    eventually(lambda: body.contexts[0].is_cancelled)
    assert body.cancelled_at is None
    eventually(lambda: body.cancelled_at)
    assert body.cancelled_at is not None and 0.9 < body.cancelled_at - began < 2.5
    eventually(lambda: not running.worker._life.station._parts.runner.live)  # type: ignore[union-attr]
    assert kinds_of(engine, run_id) in ([], [pb.StepEvent.STARTED])


def test_what_a_cancelled_body_returns_is_discarded(
    engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker
) -> None:
    let_go = threading.Event()

    async def on_loop(input: EmptyModel, ctx: Context) -> dict[str, int]:
        while not ctx.is_cancelled:  # noqa: ASYNC110 - this is how bodies look at it
            await asyncio.sleep(0)
        return {"too": 1}

    def in_thread(input: EmptyModel, ctx: Context) -> dict[str, int]:
        let_go.wait()
        raise ValueError("late")

    running = start_worker(hatchet.task(name="a")(on_loop), hatchet.task(name="s")(in_thread))
    runner = running.station._parts.runner
    run_ids = [engine.add_run("a:a"), engine.add_run("s:s")]
    eventually(lambda: len(runner.live) == 2 and all(engine.runs[each].started for each in run_ids))
    for run_id in run_ids:
        engine.cancel(run_id)
    eventually(lambda: all(attempt.cancelled for attempt in list(runner.live.values())))
    let_go.set()
    eventually(lambda: not runner.live)
    assert all(kinds_of(engine, run_id) == [pb.StepEvent.STARTED] for run_id in run_ids)


def test_a_cancelled_sync_body_goes_on_with_a_warning(
    engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker, caplog: pytest.LogCaptureFixture
) -> None:
    stop, contexts = threading.Event(), []

    @hatchet.task(name="s")
    def s(input: EmptyModel, ctx: Context) -> None:
        contexts.append(ctx)
        stop.wait()

    start_worker(s)
    run_id = engine.add_run("s:s")
    eventually(lambda: contexts)
    engine.cancel(run_id)
    eventually(lambda: contexts[0].is_cancelled)
    eventually(lambda: "thread cannot be stopped" in caplog.text)
    stop.set()


def test_a_sync_body_can_be_stopped_by_force(
    engine: FakeEngine, make_hatchet: MakeHatchet, start_worker: StartWorker
) -> None:
    hatchet = make_hatchet(enable_force_kill_sync_threads=True)
    begun, stopped = threading.Event(), threading.Event()

    @hatchet.task(name="s")
    def s(input: EmptyModel, ctx: Context) -> None:
        begun.set()
        try:
            while True:
                threading.Event().wait(0.01)
        except SystemExit:
            stopped.set()
            raise

    @hatchet.task(name="ok")
    def ok(input: EmptyModel, ctx: Context) -> None: ...

    running = start_worker(s, ok, slots=1)
    run_id = engine.add_run("s:s")
    assert begun.wait(5)
    engine.cancel(run_id)
    assert stopped.wait(5)
    eventually(lambda: not running.station._parts.runner.live)
    assert kinds_of(engine, run_id) in ([], [pb.StepEvent.STARTED])
    other = engine.add_run("ok:ok")
    eventually(lambda: engine.runs[other].status)


def test_an_attempt_that_never_began_can_be_cancelled(
    engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker
) -> None:
    let_go, begun = threading.Event(), []

    @hatchet.task(name="s")
    def s(input: EmptyModel, ctx: Context) -> None:
        begun.append(ctx.task_run_id)
        let_go.wait()

    running = start_worker(s, slots=1)
    first = engine.add_run("s:s")
    eventually(lambda: begun)
    second = engine.add_run("s:s")  # more than the worker has slots for
    runner = running.station._parts.runner
    eventually(lambda: len(runner.live) == 2)
    engine.cancel(second)
    eventually(lambda: runner.live[second, 0].cancelled)
    let_go.set()
    eventually(lambda: not runner.live)
    assert begun == [first] and kinds_of(engine, second) == []


@pytest.mark.parametrize("timeout_ms", [200, 350])
def test_an_async_body_is_cancelled_when_its_time_is_over(
    engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker, timeout_ms: int
) -> None:
    body = Body()
    task = hatchet.task(name="t")(body.run)
    engine.execution_timeout_us = timeout_ms * 1000
    start_worker(task)
    began = time.monotonic()
    run_id = engine.add_run("t:t")
    eventually(lambda: engine.runs[run_id].status)
    run = engine.runs[run_id]
    assert (run.status, run.error) == (pb.RunResult.FAILED, f"Task exceeded timeout of {timeout_ms}ms")
    eventually(lambda: body.cancelled_at)
    assert body.cancelled_at is not None
    assert timeout_ms / 1000 < body.cancelled_at - began < timeout_ms / 1000 + 0.9
    assert kinds_of(engine, run_id) == [pb.StepEvent.STARTED, pb.StepEvent.FAILED]
    assert len(run.completions) == 1


def test_a_sync_body_that_is_late_does_not_hold_its_slot(
    engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker
) -> None:
    let_go = threading.Event()

    @hatchet.task(name="s")
    def s(input: EmptyModel, ctx: Context) -> None:
        if ctx.workflow_run_id == hung:
            let_go.wait()

    engine.execution_timeout_us = 100_000
    running = start_worker(s, slots=1)
    hung = "hung-run"
    engine.add_run("s:s", run_id=hung)
    eventually(lambda: engine.runs[hung].status)
    assert engine.runs[hung].error == "Task exceeded timeout of 100ms"
    after = engine.add_run("s:s")
    eventually(lambda: engine.runs[after].status == pb.RunResult.COMPLETED)
    let_go.set()
    eventually(lambda: not running.station._parts.runner.live)
    assert len(engine.runs[hung].completions) == 1


def test_a_refreshed_timeout_moves_the_local_deadline(
    engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker
) -> None:
    @hatchet.task(name="t")
    async def t(input: EmptyModel, ctx: Context) -> dict[str, int]:
        ctx.refresh_timeout(timedelta(seconds=30))
        await asyncio.to_thread(longer_than_the_timeout.wait)
        return {"ok": 1}

    longer_than_the_timeout = threading.Event()
    engine.execution_timeout_us = 100_000
    running = start_worker(t)
    run_id = engine.add_run("t:t")
    eventually(lambda: any(frame.refreshes for frame in engine.worker_frames))
    deadlines = running.station._parts.runner._deadlines
    loop = running.station._loop
    due = [tick.number * 0.05 for tick in list(deadlines._ticks.values()) if tick.attempts]
    assert len(due) == 1 and due[0] > loop.time() + 25
    longer_than_the_timeout.set()
    eventually(lambda: engine.runs[run_id].status == pb.RunResult.COMPLETED)


def test_many_deadlines_share_few_timers(engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker) -> None:
    let_go: Future[None] = Future()

    @hatchet.task(name="t")
    async def t(input: EmptyModel, ctx: Context) -> None:
        await asyncio.wrap_future(let_go)

    running = start_worker(t, slots=500)
    engine.add_runs("t:t", 500)
    runner = running.station._parts.runner
    eventually(lambda: len(runner.live) == 500)
    assert len(runner._deadlines._ticks) < 20
    let_go.set_result(None)
    eventually(lambda: not runner.live, within_s=10)
    assert not any(tick.attempts for tick in list(runner._deadlines._ticks.values()))


def test_failures_are_logged_by_what_comes_next(
    engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker, caplog: pytest.LogCaptureFixture
) -> None:
    @hatchet.task(name="t", retries=1)
    async def t(input: EmptyModel, ctx: Context) -> None:
        raise ValueError(f"attempt {ctx.retry_count}")

    engine.retries = 1
    caplog.set_level(logging.INFO)
    start_worker(t)
    run_id = engine.add_run("t:t")
    eventually(lambda: engine.runs[run_id].status)
    last = engine.add_run("t:t", run_id="last")
    engine.runs[last].retry_count = 1
    engine.runs[last].status = 0
    engine.send_to_worker(engine.call(engine.assignment_frame, engine.workers[0], [engine.runs[last]]))
    eventually(lambda: [record for record in caplog.records if record.exc_info and "failed" in record.message])
    mild = [record for record in caplog.records if "will be retried" in record.message]
    assert mild and {record.levelno for record in mild} == {logging.INFO}
