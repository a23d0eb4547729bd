"""What a task can ask its context."""

import asyncio
import inspect
import logging
import threading
from datetime import timedelta
from typing import Any

import pytest

from hatchet_sdk import Context, DurableContext, EmptyModel, Hatchet, SleepCondition, TaskRunError, UserEventCondition
from hatchet_sdk.exceptions import DurableTasksNotSupportedError, NonRetryableException
from hatchet_sdk.runnables.contextvars import (
    ctx_action_key,
    ctx_additional_metadata,
    ctx_hatchet_context,
    ctx_step_run_id,
    ctx_task_retry_count,
    ctx_worker_id,
    ctx_workflow_run_id,
    workflow_spawn_indices,
)
from tests.sdk_api.conftest import MakeContext
from tests.sdk_api.fakes import FakePort
from tests.sdk_api.models import Receipt, no_output


def test_facts(make_context: MakeContext) -> None:
    ctx = make_context(
        retry_count=2,
        retries=4,
        priority=3,
        workflow_id="w",
        workflow_version_id="v",
        additional_metadata='{"a":1}',
        parent_run_id="p",
        child_index=5,
        child_key="k",
        triggering_event_id="e",
        triggering_event_key="ek",
        triggers='{"filter_payload":{"f":1},"went":{"x":2}}',
    )
    assert (ctx.retry_count, ctx.attempt_number, ctx.max_attempts) == (2, 3, 5)
    assert (ctx.priority, ctx.workflow_id, ctx.workflow_version_id) == (3, "w", "v")
    assert ctx.additional_metadata == {"a": 1}
    assert (ctx.parent_workflow_run_id, ctx.child_index, ctx.child_key) == ("p", 5, "k")
    assert (ctx.triggering_event_id, ctx.triggering_event_key, ctx.was_triggered_by_event) == ("e", "ek", True)
    assert (ctx.filter_payload, ctx.trigger_data["went"]) == ({"f": 1}, {"x": 2})
    assert (ctx.workflow_run_id, ctx.task_run_id, ctx.worker_id) == ("run-1", "task-1", "worker-1")


def test_facts_that_are_missing(make_context: MakeContext) -> None:
    ctx = make_context(triggers='{"filter_payload":null}')
    assert (ctx.additional_metadata, ctx.filter_payload) == ({}, {})
    assert (ctx.child_index, ctx.child_key, ctx.parent_workflow_run_id, ctx.priority) == (None, None, None, None)
    assert not ctx.was_triggered_by_event
    assert ctx.lifespan is None


def test_cancellation_is_asked_of_the_worker(make_context: MakeContext, port: FakePort) -> None:
    ctx = make_context()
    assert not ctx.is_cancelled
    port.cancelled = True
    assert ctx.is_cancelled


def test_messages_to_the_worker(make_context: MakeContext, port: FakePort, caplog: pytest.LogCaptureFixture) -> None:
    ctx = make_context(retry_count=1)
    with caplog.at_level(logging.INFO, logger="hatchet"):
        ctx.log("line")
        ctx.log({"a": [1]})
        ctx.log({"a": object})
        ctx.log("nul \x00 half \ud800")
    ctx.put_stream("ä")
    ctx.put_stream(b"\xff")
    ctx.refresh_timeout(timedelta(seconds=15))
    ctx.release_slot()
    ctx.upsert_worker_labels({"model": "m", "n": 1})

    assert port.logs[:2] == [("task-1", 1, "INFO", "line"), ("task-1", 1, "INFO", '{"a": [1]}')]
    assert "<class 'object'>" in port.logs[2][3]
    assert port.logs[3][3] == "nul \\x00 half \\ud800"
    assert "line" in caplog.text
    assert port.chunks == [(0, "ä".encode()), (1, b"\xff")]
    assert port.refreshed == [timedelta(seconds=15)]
    assert port.released == [("task-1", 1)]
    assert ctx.worker_labels == {"model": "m", "n": 1}
    with pytest.raises(TypeError, match="str or bytes"):
        ctx.put_stream(1)  # type: ignore[arg-type]  # the point


async def test_the_same_from_async_code(make_context: MakeContext, port: FakePort) -> None:
    ctx = make_context()
    await ctx.aio_log("line")
    await ctx.aio_put_stream("a")
    await ctx.aio_refresh_timeout(timedelta(seconds=1))
    await ctx.aio_release_slot()
    await ctx.aio_upsert_worker_labels({"a": 1})
    assert (len(port.logs), port.chunks, port.refreshed, port.released, port.labels) == (
        1,
        [(0, b"a")],
        [timedelta(seconds=1)],
        [("task-1", 0)],
        {"a": 1},
    )


def test_chunks_of_many_threads_have_different_indices(make_context: MakeContext, port: FakePort) -> None:
    ctx = make_context()

    def publish() -> None:
        for _ in range(200):
            ctx.put_stream("x")

    threads = [threading.Thread(target=publish) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(index for index, _ in port.chunks) == list(range(1600))


def test_errors_of_other_tasks(hatchet: Hatchet, make_context: MakeContext, caplog: pytest.LogCaptureFixture) -> None:
    workflow = hatchet.workflow(name="w")
    broken = workflow.task(name="broken")(no_output)
    fine = workflow.task(name="fine")(no_output)
    text = TaskRunError("no", "ValueError", "trace", "task-9").serialize(include_metadata=True)
    ctx = make_context(task_errors={"broken": text})

    assert ctx.task_run_errors == {"broken": text}
    error = ctx.get_task_run_error(broken)
    assert error is not None
    assert (error.exc, error.exc_type, error.task_run_external_id) == ("no", "ValueError", "task-9")
    assert ctx.get_task_run_error(fine) is None
    assert not caplog.records
    assert make_context().task_run_errors == {}
    assert "on-failure task" in caplog.text


def test_outputs_of_parents(hatchet: Hatchet, make_context: MakeContext) -> None:
    workflow = hatchet.workflow(name="w")

    @workflow.task()
    def pay(input: EmptyModel, ctx: Context) -> Receipt:
        return Receipt(order_id="1")

    @workflow.task()
    def nothing(input: EmptyModel, ctx: Context) -> None:
        return None

    ctx = make_context(parents={"pay": '{"order_id":"7"}', "nothing": ""})
    assert ctx.task_output(pay) == Receipt(order_id="7")
    assert ctx.task_output(nothing) == EmptyModel()
    with pytest.raises(ValueError, match="not found"):
        make_context().task_output(pay)


def test_the_running_task(hatchet: Hatchet, make_context: MakeContext) -> None:
    views = (ctx_workflow_run_id, ctx_step_run_id, ctx_worker_id, ctx_task_retry_count, ctx_additional_metadata)
    assert [view.get() for view in (*views, ctx_action_key)] == [None] * 6
    assert len(workflow_spawn_indices) == 0

    ctx = make_context(retry_count=3, additional_metadata='{"a":1}')
    token = ctx_hatchet_context.set(ctx)
    try:
        assert [view.get() for view in views] == ["run-1", "task-1", "worker-1", 3, {"a": 1}]
        assert hatchet.current_context is ctx
        with pytest.warns(DeprecationWarning, match="current_context"):
            assert hatchet.get_current_context() is ctx
        key = ctx_action_key.get()
        assert key == "task-1/3"
        assert workflow_spawn_indices[key] == 0
        ctx.claim_child_indices(2)
        assert workflow_spawn_indices[key] == 2
        assert dict(workflow_spawn_indices) == {"task-1/3": 2}
        assert workflow_spawn_indices["another"] == 0
    finally:
        ctx_hatchet_context.reset(token)


def test_deprecated_members_warn(hatchet: Hatchet, make_context: MakeContext, port: FakePort) -> None:
    ctx = make_context(input='{"a":1}')
    port.cancelled = True
    task = hatchet.workflow(name="w").task(name="t")(no_output)
    for name, expected in {
        "step_run_id": "task-1",
        "exit_flag": True,
        "input": {"a": 1},
        "workflow_input": {"a": 1},
    }.items():
        with pytest.warns(DeprecationWarning, match=name):
            assert getattr(ctx, name) == expected
    with pytest.warns(DeprecationWarning, match="done"):
        assert ctx.done()
    with pytest.warns(DeprecationWarning, match="fetch_task_run_error"):
        assert ctx.fetch_task_run_error(task) is None
    with pytest.warns(DeprecationWarning, match="worker"):
        worker = ctx.worker
    assert worker.id() == "worker-1"
    worker.upsert_labels({"a": 1})
    assert worker.labels() == {"a": 1}


class TestDurable:
    @pytest.fixture
    def ctx(self, make_context: MakeContext) -> DurableContext:
        plain = make_context(invocation_count=2)
        return DurableContext(plain._action, plain._port, plain._client)

    def test_facts(self, ctx: DurableContext) -> None:
        assert (ctx.invocation_count, ctx.wait_index) == (2, 0)

    @pytest.mark.parametrize(
        "call",
        [
            lambda ctx: ctx.aio_sleep_for(timedelta(seconds=1)),
            lambda ctx: ctx.aio_wait_for("key", SleepCondition(timedelta(seconds=1)), UserEventCondition("e")),
            lambda ctx: ctx.aio_wait_for_event("e", "input.a", payload_validator=Receipt, label="l"),
            lambda ctx: ctx.aio_wait_for_event("e", scope="s", lookback_window=timedelta(minutes=1)),
            lambda ctx: ctx.aio_now(),
            lambda ctx: ctx.aio_sleep_until(None),
            lambda ctx: ctx._aio_memo(asyncio.sleep, dict, 0),
        ],
    )
    async def test_what_needs_the_protocol_says_so(self, ctx: DurableContext, call: Any) -> None:
        with pytest.raises(DurableTasksNotSupportedError, match="does not offer yet") as caught:
            await call(ctx)
        assert isinstance(caught.value, NonRetryableException)

    async def test_scope_and_lookback_go_together(self, ctx: DurableContext) -> None:
        with pytest.raises(ValueError, match="together"):
            await ctx.aio_wait_for_event("e", scope="s")
        with pytest.raises(ValueError, match="together"):
            await ctx.aio_wait_for_event("e", lookback_window=timedelta(seconds=1))


def test_async_twins_have_the_same_parameters() -> None:
    for kind in (Context, DurableContext):
        for name, member in inspect.getmembers(kind, inspect.isfunction):
            twin = getattr(kind, f"aio_{name}", None)
            if twin is not None:
                assert str(inspect.signature(member)) == str(inspect.signature(twin)), name
                assert inspect.iscoroutinefunction(twin)
                assert not inspect.iscoroutinefunction(member)
