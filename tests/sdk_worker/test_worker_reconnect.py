"""The worker's stream breaks: nothing that ended is lost, nothing runs twice, nothing is reported twice."""

import asyncio
import threading
import time
from collections.abc import Callable

import grpc
import pytest

from hatchet_sdk.context.context import Context
from hatchet_sdk.hatchet import Hatchet
from hatchet_sdk.runnables.types import EmptyModel
from hatchet_sdk.transport.frames import FRAME_LIMIT
from hatchet_sdk.worker import session_link
from hatchet_wire.session import session_pb2 as pb
from tests.sdk_worker.conftest import StartWorker
from tests.sdk_worker.fake_engine import FakeEngine
from tests.support.waiting import eventually

OUTAGE_S = 3.0
CONNECTED_WITHIN_S = 1.5


@pytest.mark.parametrize("point", range(1, 15))
def test_the_stream_breaks_between_any_two_frames(
    make_engine: Callable[..., FakeEngine], engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker, point: int
) -> None:
    calls: list[str] = []

    @hatchet.task(name="t")
    async def t(input: EmptyModel, ctx: Context) -> dict[str, str]:
        calls.append(f"{ctx.task_run_id}/{ctx.retry_count}")
        await asyncio.sleep(0)
        ctx.log("here")
        return {"id": ctx.task_run_id}

    engine.cut_at = {point, point + 7}
    start_worker(t)
    for _ in range(3):
        run_ids = engine.add_runs("t:t", 2)
        eventually(lambda run_ids=run_ids: all(engine.runs[each].status for each in run_ids), within_s=10)
    assert all(len(run.completions) == 1 for run in engine.runs.values())
    assert len(calls) == len(set(calls))
    assert {run.id for run in engine.runs.values() if run.retry_count == 0} <= {call.split("/")[0] for call in calls}
    eventually(lambda: engine.passed > point)


def test_what_runs_is_named_and_finishes_after_a_restart(
    engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker
) -> None:
    let_go, begun = threading.Event(), []

    @hatchet.task(name="t")
    async def t(input: EmptyModel, ctx: Context) -> dict[str, int]:
        begun.append(ctx.task_run_id)
        await asyncio.to_thread(let_go.wait)
        return {"attempt": ctx.retry_count}

    start_worker(t)
    run_ids = engine.add_runs("t:t", 3)
    eventually(lambda: len(begun) == 3)
    engine.stop()
    engine.start()
    eventually(lambda: len(engine.hellos) == 2)
    assert engine.hellos[1].worker_id == "worker-1"
    assert {attempt.task_id for attempt in engine.hellos[1].running} == set(run_ids)
    let_go.set()
    eventually(lambda: all(engine.runs[each].status for each in run_ids))
    assert {engine.runs[each].output for each in run_ids} == {'{"attempt":0}'}
    assert len(begun) == 3


def test_unacknowledged_events_are_sent_again_in_order(
    engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker
) -> None:
    @hatchet.task(name="t")
    async def t(input: EmptyModel, ctx: Context) -> dict[str, str]:
        return {"id": ctx.task_run_id}

    start_worker(t)
    engine.answering = False
    run_ids = engine.add_runs("t:t", 20)
    eventually(lambda: len(engine.events) == 20)
    engine.stop()
    engine.events.clear()  # they got lost on the way to the disk
    engine.answering = True
    engine.worker_frames.clear()
    engine.start()
    eventually(lambda: all(engine.runs[each].status for each in run_ids))
    again = [event.sequence for frame in engine.worker_frames for event in frame.events]
    assert again[:20] == list(range(1, 21))
    assert {attempt.task_id for attempt in engine.hellos[-1].running} == set(run_ids)
    assert all(len(run.completions) == 1 for run in engine.runs.values())


def test_acknowledged_events_are_forgotten(engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker) -> None:
    @hatchet.task(name="t")
    async def t(input: EmptyModel, ctx: Context) -> None: ...

    start_worker(t)
    engine.add_runs("t:t", 20)
    eventually(lambda: engine.acked == 20)
    engine.stop()
    engine.worker_frames.clear()
    engine.start()
    eventually(lambda: len(engine.hellos) == 2)
    [more] = engine.add_runs("t:t", 1)
    eventually(lambda: engine.runs[more].status)
    assert [event.sequence for frame in engine.worker_frames for event in frame.events] == [21]
    assert list(engine.hellos[1].running) == []


def test_attempts_that_were_given_to_others_meanwhile_are_stopped(
    engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker
) -> None:
    begun: list[tuple[str, int]] = []
    cancelled = threading.Event()

    @hatchet.task(name="t")
    async def t(input: EmptyModel, ctx: Context) -> dict[str, int]:
        begun.append((ctx.task_run_id, ctx.retry_count))
        if ctx.retry_count == 0:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.set()
                raise
        return {"attempt": ctx.retry_count}

    start_worker(t)
    run_id = engine.add_run("t:t")
    eventually(lambda: begun)
    engine.stop()
    run = engine.runs[run_id]
    run.retry_count, run.assigned_to = 1, None
    engine.waiting.append(run)
    engine.start()
    eventually(lambda: run.status)
    assert run.output == '{"attempt":1}'
    assert cancelled.wait(5)


def test_an_engine_that_forgot_the_worker_gets_a_new_one(
    engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker
) -> None:
    @hatchet.task(name="t")
    async def t(input: EmptyModel, ctx: Context) -> dict[str, str]:
        return {"worker": ctx.worker_id}

    running = start_worker(t)
    engine.stop()
    engine.unknown_workers.add("worker-1")
    engine.start()
    eventually(lambda: len(engine.workers) == 1 and engine.workers[0].hello.worker_id == "", within_s=10)
    run_id = engine.add_run("t:t")
    eventually(lambda: engine.runs[run_id].status)
    assert running.worker._life is not None
    assert engine.runs[run_id].output == f'{{"worker":"{engine.workers[0].worker_id}"}}' != '{"worker":"worker-1"}'


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.INVALID_ARGUMENT])
def test_a_worker_that_is_refused_ends_with_status_1(
    engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker, code: grpc.StatusCode
) -> None:
    @hatchet.task(name="t")
    async def t(input: EmptyModel, ctx: Context) -> None: ...

    engine.refuse_workers = code
    running = start_worker(t)
    running.thread.join(10)
    assert isinstance(running.error, SystemExit) and running.error.code == 1


def test_an_engine_that_never_comes_up_is_given_up(
    engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    @hatchet.task(name="t")
    async def t(input: EmptyModel, ctx: Context) -> None: ...

    monkeypatch.setattr(session_link, "FIRST_CONNECT_WITHIN_S", 0.3)
    engine.refuse_workers = grpc.StatusCode.UNAVAILABLE
    running = start_worker(t)
    running.thread.join(10)
    assert isinstance(running.error, SystemExit) and running.error.code == 1
    assert len(engine.hellos) > 2


def test_a_worker_waits_for_an_engine_that_comes_up_late(
    engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker
) -> None:
    @hatchet.task(name="t")
    async def t(input: EmptyModel, ctx: Context) -> None: ...

    engine.refuse_workers = grpc.StatusCode.UNAVAILABLE
    start_worker(t)
    eventually(lambda: len(engine.hellos) > 16, within_s=20)
    engine.refuse_workers = None
    eventually(lambda: engine.workers, within_s=CONNECTED_WITHIN_S)


def test_a_worker_is_back_soon_after_a_longer_outage(
    engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker
) -> None:
    @hatchet.task(name="t")
    async def t(input: EmptyModel, ctx: Context) -> None: ...

    start_worker(t)
    engine.stop()
    until = time.monotonic() + OUTAGE_S
    eventually(lambda: time.monotonic() > until)
    engine.start()
    eventually(lambda: engine.workers, within_s=CONNECTED_WITHIN_S)


def test_outputs_are_split_over_frames(engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker) -> None:
    gate = threading.Event()

    @hatchet.task(name="t")
    def t(input: EmptyModel, ctx: Context) -> dict[str, str]:
        gate.wait()
        return {"x": "a" * 1_000_000}

    start_worker(t)
    engine.answering = False
    run_ids = engine.add_runs("t:t", 10)
    eventually(lambda: len(engine.events) == 10)
    engine.stop()
    gate.set()
    engine.answering = True
    engine.start()
    eventually(lambda: all(engine.runs[each].status for each in run_ids), within_s=20)
    assert max(frame.ByteSize() for frame in engine.worker_frames) <= FRAME_LIMIT
    assert {len(engine.runs[each].output) for each in run_ids} == {1_000_008}


def test_log_lines_wait_for_the_engine(engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker) -> None:
    go_on = threading.Event()

    @hatchet.task(name="t")
    async def t(input: EmptyModel, ctx: Context) -> None:
        await asyncio.to_thread(go_on.wait)
        ctx.log("written while the engine was away")

    running = start_worker(t)
    run_id = engine.add_run("t:t")
    eventually(lambda: engine.runs[run_id].started)
    engine.stop()
    eventually(lambda: not running.station.connected)
    go_on.set()
    engine.start()
    eventually(lambda: engine.runs[run_id].status)
    assert [line.message for line in engine.logs] == ["written while the engine was away"]


def test_heartbeats_carry_what_the_worker_does(
    make_engine: Callable[..., FakeEngine], engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker
) -> None:
    let_go = threading.Event()

    @hatchet.task(name="t", slot_cost=3)
    async def t(input: EmptyModel, ctx: Context) -> None:
        await asyncio.to_thread(let_go.wait)

    engine.heartbeat_ms = 50
    start_worker(t)
    engine.add_runs("t:t", 2)

    def used() -> dict[str, int]:
        statuses = [frame.status for frame in engine.worker_frames if frame.HasField("status")]
        return dict(statuses[-1].slots_used) if statuses else {}

    eventually(lambda: used() == {"default": 6})
    let_go.set()
    eventually(lambda: used() == {})
    assert all(isinstance(frame, pb.WorkerFrame) for frame in engine.worker_frames)
