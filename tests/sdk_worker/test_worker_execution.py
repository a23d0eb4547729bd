"""What a worker does with an assignment, and what it reports."""

import asyncio
import json
import logging
import math
import threading
from datetime import timedelta
from typing import Any

import pytest
from pydantic import BaseModel

from hatchet_sdk.context.context import Context
from hatchet_sdk.exceptions import NonRetryableException, TaskRunError
from hatchet_sdk.hatchet import Hatchet
from hatchet_sdk.runnables.types import EmptyModel
from hatchet_wire.session import session_pb2 as pb
from tests.sdk_worker.conftest import MakeHatchet, StartWorker
from tests.sdk_worker.fake_engine import FakeEngine
from tests.support.waiting import eventually

COMPLETED, FAILED = pb.RunResult.COMPLETED, pb.RunResult.FAILED


class Numbers(BaseModel):
    a: int
    b: int = 2


class Sum(BaseModel):
    total: int


def ended(engine: FakeEngine, run_id: str) -> Any:
    eventually(lambda: engine.runs[run_id].status)
    return engine.runs[run_id]


def error_of(engine: FakeEngine, run_id: str) -> TaskRunError:
    run = ended(engine, run_id)
    assert run.status == FAILED
    return TaskRunError.deserialize(run.error)


def test_async_and_sync_bodies_run_and_complete(
    engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker
) -> None:
    places: dict[str, int] = {}

    @hatchet.task(name="add", input_validator=Numbers)
    async def add(input: Numbers, ctx: Context) -> Sum:
        places["async"] = threading.get_ident()
        return Sum(total=input.a + input.b)

    @hatchet.task(name="multiply", input_validator=Numbers)
    def multiply(input: Numbers, ctx: Context) -> dict[str, int]:
        places["sync"] = threading.get_ident()
        return {"total": input.a * input.b}

    running = start_worker(add, multiply)
    first, second = engine.add_run("add:add", '{"a":3}'), engine.add_run("multiply:multiply", '{"a":3,"b":5}')
    assert json.loads(ended(engine, first).output) == {"total": 5}
    assert json.loads(ended(engine, second).output) == {"total": 15}
    assert places["async"] == running.thread.ident != places["sync"]


def test_the_worker_introduces_itself(engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker) -> None:
    @hatchet.task(name="t")
    async def t(input: EmptyModel, ctx: Context) -> None: ...

    start_worker(t, slots=7, labels={"gpu": "yes", "memory": 8})
    hello = engine.hellos[0]
    assert (hello.name, list(hello.actions), dict(hello.slots)) == ("w", ["t:t"], {"default": 7})
    assert (hello.labels["gpu"].text, hello.labels["memory"].number) == ("yes", 8)
    assert hello.sdk_version and hello.language_version and hello.os and hello.host
    assert [request.name for request in engine.registered] == ["t"]


def test_the_context_knows_what_the_assignment_said(
    engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker
) -> None:
    seen: list[Context] = []

    @hatchet.task(name="t", retries=2)
    async def t(input: EmptyModel, ctx: Context) -> None:
        seen.append(ctx)

    engine.retries = 2
    start_worker(t)
    frame = pb.EngineToWorkerFrame(steps=[engine.step_info(9, "t:t")])
    assignment = frame.assignments.add(
        step=9, task_id="task-1", run_id="run-1", retry_count=1, priority=3, additional_metadata='{"m":1}'
    )
    assignment.parent_run_id, assignment.child_index, assignment.child_key = "parent", 0, "key"
    engine.send_to_worker(frame)
    eventually(lambda: seen)
    ctx = seen[0]
    assert (ctx.task_run_id, ctx.workflow_run_id, ctx.retry_count, ctx.max_attempts) == ("task-1", "run-1", 1, 3)
    assert (ctx.priority, ctx.additional_metadata, ctx.parent_workflow_run_id) == (3, {"m": 1}, "parent")
    assert (ctx.child_index, ctx.child_key, ctx.workflow_name, ctx.task_name) == (0, "key", "t", "t")
    assert (ctx.workflow_id, ctx.workflow_version_id, ctx.worker_id) == ("workflow-id", "version-id", "worker-1")


def test_many_runs_keep_their_outputs_apart(engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker) -> None:
    @hatchet.task(name="echo", input_validator=Numbers)
    async def echo(input: Numbers, ctx: Context) -> Sum:
        if input.a % 3 == 0:
            await asyncio.sleep(0)
        return Sum(total=input.a)

    start_worker(echo)
    run_ids = [engine.add_run("echo:echo", f'{{"a":{n}}}') for n in range(300)]
    eventually(lambda: all(engine.runs[run_id].status for run_id in run_ids), within_s=10)
    assert [json.loads(engine.runs[run_id].output)["total"] for run_id in run_ids] == list(range(300))
    assert all(len(run.completions) == 1 for run in engine.runs.values())
    sequences = [event.sequence for frame in engine.worker_frames for event in frame.events]
    assert sequences == list(range(1, len(sequences) + 1))


def test_a_body_that_ends_at_once_needs_no_started(
    engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker
) -> None:
    let_go = threading.Event()

    @hatchet.task(name="quick")
    async def quick(input: EmptyModel, ctx: Context) -> None: ...

    @hatchet.task(name="slow")
    async def slow(input: EmptyModel, ctx: Context) -> None:
        await asyncio.to_thread(let_go.wait)

    start_worker(quick, slow)
    run_id = engine.add_run("quick:quick")
    ended(engine, run_id)
    assert {event.kind for event in engine.events.values()} == {pb.StepEvent.COMPLETED}
    terminal = next(iter(engine.events.values()))
    assert 0 < terminal.started_at_us <= terminal.at_us

    other = engine.add_run("slow:slow")
    eventually(lambda: engine.runs[other].started)
    let_go.set()
    ended(engine, other)
    kinds = [event.kind for event in engine.events.values() if event.task_id == other]
    assert kinds == [pb.StepEvent.STARTED, pb.StepEvent.COMPLETED]


class Unwell(Exception):
    """Raised by a body."""


def test_exceptions_fail_the_attempt_with_their_text(
    engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker
) -> None:
    @hatchet.task(name="a")
    async def fails(input: EmptyModel, ctx: Context) -> None:
        raise Unwell("line one\nline two")

    @hatchet.task(name="s")
    def refuses(input: EmptyModel, ctx: Context) -> None:
        raise NonRetryableException("never")

    start_worker(fails, refuses)
    first, second = engine.add_run("a:a"), engine.add_run("s:s")
    error = error_of(engine, first)
    assert (error.exc_type, error.exc, error.task_run_external_id) == ("Unwell", "line one\nline two", first)
    assert "raise Unwell" in error.trace
    assert error_of(engine, second).exc_type == "NonRetryableException"
    flags = {event.task_id: event.should_not_retry for event in engine.events.values() if event.kind == 3}
    assert flags == {first: False, second: True}


@pytest.mark.parametrize("leave", [SystemExit(3), asyncio.CancelledError(), GeneratorExit()])
def test_a_body_that_would_end_the_process_only_fails(
    engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker, leave: BaseException
) -> None:
    @hatchet.task(name="a")
    async def on_loop(input: EmptyModel, ctx: Context) -> None:
        raise leave

    @hatchet.task(name="s")
    def in_thread(input: EmptyModel, ctx: Context) -> None:
        raise leave

    @hatchet.task(name="ok")
    async def fine(input: EmptyModel, ctx: Context) -> None: ...

    start_worker(on_loop, in_thread, fine)
    for workflow in ("a:a", "s:s"):
        assert type(leave).__name__ in error_of(engine, engine.add_run(workflow)).exc
    assert ended(engine, engine.add_run("ok:ok")).status == COMPLETED


class Wild(BaseModel):
    model_config = {"arbitrary_types_allowed": True}
    value: Any = None


BAD_OUTPUTS = {
    "text": "just text",
    "list": [1, 2],
    "number": 7,
    "nul": {"x": "a\x00b"},
    "nan": {"x": math.nan},
    "surrogate": {"x": "\ud800"},
    "object": {"x": object()},
    "five MiB": {"x": "a" * (5 * 1024 * 1024)},
    "model with nul": Wild(value="\x00"),
}


@pytest.mark.parametrize("kind", BAD_OUTPUTS)
@pytest.mark.parametrize("is_async", [True, False])
def test_an_output_that_cannot_be_stored_fails_the_attempt(
    engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker, kind: str, is_async: bool
) -> None:
    async def on_loop(input: EmptyModel, ctx: Context) -> Any:
        return BAD_OUTPUTS[kind]

    def in_thread(input: EmptyModel, ctx: Context) -> Any:
        return BAD_OUTPUTS[kind]

    @hatchet.task(name="ok")
    async def fine(input: EmptyModel, ctx: Context) -> dict[str, int]:
        return {"ok": 1}

    task = hatchet.task(name="bad")(on_loop if is_async else in_thread)
    start_worker(task, fine)
    assert error_of(engine, engine.add_run("bad:bad")).exc_type == "IllegalTaskOutputError"
    assert ended(engine, engine.add_run("ok:ok")).status == COMPLETED


@pytest.mark.parametrize("output", [None, {}, EmptyModel()])
def test_no_output(engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker, output: Any) -> None:
    @hatchet.task(name="t")
    async def t(input: EmptyModel, ctx: Context) -> Any:
        return output

    start_worker(t)
    run = ended(engine, engine.add_run("t:t"))
    assert run.status == COMPLETED and json.loads(run.output or "{}") == {}


def test_an_input_that_does_not_fit_fails_the_attempt(
    engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker
) -> None:
    @hatchet.task(name="t", input_validator=Numbers)
    async def t(input: Numbers, ctx: Context) -> None: ...

    start_worker(t)
    assert error_of(engine, engine.add_run("t:t", '{"a":"x"}')).exc_type == "ValidationError"


def test_an_unknown_action_fails_and_does_no_harm(
    engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker
) -> None:
    @hatchet.task(name="t")
    async def t(input: EmptyModel, ctx: Context) -> None: ...

    start_worker(t)
    frame = pb.EngineToWorkerFrame(steps=[engine.step_info(5, "other:task")])
    frame.assignments.add(step=5, task_id="stray", run_id="stray")
    engine.send_to_worker(frame)
    eventually(lambda: [event for event in engine.events.values() if event.task_id == "stray"])
    assert ended(engine, engine.add_run("t:t")).status == COMPLETED


def test_an_assignment_that_comes_twice_runs_once(
    engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker
) -> None:
    let_go, calls = threading.Event(), []

    @hatchet.task(name="t")
    async def t(input: EmptyModel, ctx: Context) -> None:
        calls.append(ctx.task_run_id)
        await asyncio.to_thread(let_go.wait)

    start_worker(t)
    run_id = engine.add_run("t:t")
    eventually(lambda: calls)
    run = engine.runs[run_id]
    engine.send_to_worker(engine.call(engine.assignment_frame, engine.workers[0], [run, run]))
    other = engine.add_run("t:t")
    eventually(lambda: other in calls)
    let_go.set()
    ended(engine, run_id)
    assert calls == [run_id, other]


class TestMessagesOfABody:
    def test_logs_reach_the_engine_with_their_attempt(
        self, engine: FakeEngine, make_hatchet: MakeHatchet, start_worker: StartWorker
    ) -> None:
        log = logging.getLogger("app.part")
        log.setLevel(logging.DEBUG)
        hatchet = make_hatchet(logger=logging.getLogger("app"))

        @hatchet.task(name="t")
        async def t(input: EmptyModel, ctx: Context) -> None:
            ctx.log("from ctx")
            ctx.log({"a": 1})
            log.warning("from %s", "logging")
            await asyncio.sleep(0)
            log.critical("dire")
            logging.getLogger("hatchet").error("the SDK's own")

        @hatchet.task(name="s")
        def s(input: EmptyModel, ctx: Context) -> None:
            log.error("x" * 20_000)
            ctx.log("nul \x00 and surrogate \ud800")

        log.warning("outside of any task")
        start_worker(t, s)
        first, second = engine.add_run("t:t"), engine.add_run("s:s")
        ended(engine, first), ended(engine, second)
        eventually(lambda: len(engine.logs) == 6)
        mine = [(line.level, line.message) for line in engine.logs if line.task_id == first]
        assert mine == [("INFO", "from ctx"), ("INFO", '{"a": 1}'), ("WARN", "from logging"), ("INFO", "dire")]
        others = [line for line in engine.logs if line.task_id == second]
        assert (others[0].level, len(others[0].message)) == ("ERROR", 10_000)
        assert others[1].message == "nul \\x00 and surrogate \\ud800"

    def test_format_and_filters_are_those_of_the_loggers_handler(
        self, engine: FakeEngine, make_hatchet: MakeHatchet, start_worker: StartWorker
    ) -> None:
        log = logging.getLogger("formatted")
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(levelname)s|%(message)s"))
        handler.addFilter(lambda record: "secret" not in record.getMessage())
        log.addHandler(handler)
        hatchet = make_hatchet(logger=log)

        @hatchet.task(name="t")
        async def t(input: EmptyModel, ctx: Context) -> None:
            log.warning("a secret")
            log.warning("shown")

        start_worker(t)
        ended(engine, engine.add_run("t:t"))
        eventually(lambda: engine.logs)
        assert [line.message for line in engine.logs] == ["WARNING|shown"]
        log.removeHandler(handler)

    def test_capture_can_be_turned_off(
        self, engine: FakeEngine, make_hatchet: MakeHatchet, start_worker: StartWorker
    ) -> None:
        quiet = make_hatchet(disable_log_capture=True)

        @quiet.task(name="t")
        async def t(input: EmptyModel, ctx: Context) -> None:
            logging.getLogger("app").warning("not forwarded")
            ctx.log("forwarded")

        start_worker(t)
        ended(engine, engine.add_run("t:t"))
        eventually(lambda: engine.logs)
        assert [line.message for line in engine.logs] == ["forwarded"]

    def test_chunks_come_before_the_end_of_the_task(
        self, engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker
    ) -> None:
        @hatchet.task(name="t")
        async def t(input: EmptyModel, ctx: Context) -> None:
            for n in range(5):
                ctx.put_stream(f"chunk {n}")
                await asyncio.sleep(0)

        start_worker(t)
        run_ids = engine.add_runs("t:t", 50)
        for run_id in run_ids:
            ended(engine, run_id)
        assert len(engine.chunks) == 250
        complete: set[str] = set()
        for frame in engine.worker_frames:
            assert not (frame.chunks and frame.events)
            assert not complete & {chunk.task_id for chunk in frame.chunks}
            complete |= {event.task_id for event in frame.events if event.kind == pb.StepEvent.COMPLETED}
        for run_id in run_ids:
            mine = [(chunk.index, chunk.data) for chunk in engine.chunks if chunk.task_id == run_id]
            assert mine == [(n, f"chunk {n}".encode()) for n in range(5)]

    def test_refresh_release_and_labels(self, engine: FakeEngine, hatchet: Hatchet, start_worker: StartWorker) -> None:
        @hatchet.task(name="t")
        async def t(input: EmptyModel, ctx: Context) -> dict[str, Any]:
            ctx.refresh_timeout(timedelta(seconds=15))
            ctx.release_slot()
            ctx.upsert_worker_labels({"warm": 1})
            return {"labels": ctx.worker_labels}

        start_worker(t, labels={"region": "eu"})
        run_id = engine.add_run("t:t")
        assert json.loads(ended(engine, run_id).output) == {"labels": {"region": "eu", "warm": 1}}
        frames = engine.worker_frames
        [refresh] = [each for frame in frames for each in frame.refreshes]
        assert (refresh.attempt.task_id, refresh.increment_us) == (run_id, 15_000_000)
        assert [each.task_id for frame in frames for each in frame.released_slots] == [run_id]
        assert [frame.labels["warm"].number for frame in frames if frame.labels] == [1]
