"""A worker against an engine that does not know the session protocol."""

import asyncio
import http.server
import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import grpc
import pytest
from pydantic import BaseModel

from hatchet_sdk.config import TenacityConfig
from hatchet_sdk.context.context import Context
from hatchet_sdk.runnables.types import EmptyModel
from hatchet_wire.published import dispatcher_pb2 as pb
from hatchet_wire.published.events_pb2 import PutLogRequest, PutStreamEventRequest
from tests.sdk_worker.conftest import MakeHatchet, StartWorker
from tests.sdk_worker.fake_engine import FakeEngine
from tests.sdk_worker.fake_published import action_payload
from tests.support.waiting import eventually


@pytest.fixture
def engine(make_engine: Callable[..., FakeEngine]) -> FakeEngine:
    return make_engine(session=False)


@pytest.fixture
def rest() -> Iterator["tuple[str, list[tuple[str, str, Any]]]"]:
    """A REST side that notes what it is asked."""
    asked: list[tuple[str, str, Any]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_PATCH(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append((self.path, self.headers["Authorization"], body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Not on standard error."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()


class Number(BaseModel):
    n: int


def start_action(run_id: str, action: str, input: dict[str, Any] | None = None, **more: Any) -> pb.AssignedAction:
    return pb.AssignedAction(
        tenant_id="tenant-1",
        workflow_run_id=run_id,
        job_id="step-1",
        job_name=action.split(":")[1],
        job_run_id=run_id,
        task_id="step-1",
        task_run_external_id=run_id,
        action_id=action,
        action_type=pb.START_STEP_RUN,
        action_payload=action_payload(input or {}),
        task_name=action.split(":")[1],
        priority=1,
        **more,
    )


def send(engine: FakeEngine, action: pb.AssignedAction) -> None:
    queue = next(iter(engine.published.listeners.values()))
    engine.call(queue.put_nowait, action)


def events(engine: FakeEngine, run_id: str) -> list[pb.StepActionEvent]:
    return [each for each in engine.published.requests(pb.StepActionEvent) if each.task_run_external_id == run_id]


def kinds(engine: FakeEngine, run_id: str) -> list[int]:
    return [event.event_type for event in events(engine, run_id)]


STARTED, COMPLETED, FAILED = 1, 2, 3


def test_register_listen_execute_report_leave(
    engine: FakeEngine, make_hatchet: MakeHatchet, start_worker: StartWorker, rest: "tuple[str, list[Any]]"
) -> None:
    url, asked = rest
    hatchet = make_hatchet(server_url=url)

    @hatchet.task(name="add", input_validator=Number, retries=2)
    async def add(input: Number, ctx: Context) -> dict[str, Any]:
        return {
            "n": input.n + 1,
            "metadata": ctx.additional_metadata,
            "name": ctx.workflow_name,
            "of": ctx.max_attempts,
        }

    running = start_worker(add, slots=5, labels={"region": "eu", "memory": 8})
    [register] = engine.published.requests(pb.WorkerRegisterRequest)
    assert (register.worker_name, list(register.actions), dict(register.slot_config)) == (
        "w",
        ["add:add"],
        {"default": 5},
    )
    assert (register.labels["region"].str_value, register.labels["memory"].int_value) == ("eu", 8)
    assert register.runtime_info.language == pb.PYTHON and register.runtime_info.sdk_version
    eventually(lambda: engine.published.requests(pb.HeartbeatRequest))

    send(engine, start_action("run-1", "add:add", {"n": 1}, additional_metadata='{"m":1}', retry_count=1))
    eventually(lambda: kinds(engine, "run-1") == [STARTED, COMPLETED])
    started, completed = events(engine, "run-1")
    assert json.loads(completed.event_payload) == {"n": 2, "metadata": {"m": 1}, "name": "add", "of": 3}
    assert (completed.worker_id, completed.retry_count) == ("published-worker-1", 1)
    assert (completed.job_id, completed.job_run_id, completed.task_id) == ("step-1", "run-1", "step-1")
    assert started.event_timestamp.ToMicroseconds() <= completed.event_timestamp.ToMicroseconds()

    running.leave()
    assert asked == [("/api/v1/workers/published-worker-1", f"Bearer {hatchet.config.token}", {"isPaused": True})]
    assert [each.worker_id for each in engine.published.requests(pb.WorkerUnsubscribeRequest)] == ["published-worker-1"]


def test_messages_of_a_body_keep_their_order(
    engine: FakeEngine, make_hatchet: MakeHatchet, start_worker: StartWorker
) -> None:
    hatchet = make_hatchet()

    @hatchet.task(name="t")
    async def t(input: EmptyModel, ctx: Context) -> None:
        for n in range(3):
            ctx.put_stream(f"chunk {n}")
        ctx.log("a line")
        ctx.refresh_timeout(timedelta(seconds=90))
        ctx.release_slot()
        ctx.upsert_worker_labels({"warm": 1})

    start_worker(t)
    send(engine, start_action("run-1", "t:t"))
    eventually(lambda: COMPLETED in kinds(engine, "run-1"))
    published = engine.published
    mine = [type(call).__name__ for call in published.calls if getattr(call, "task_run_external_id", "") == "run-1"]
    assert mine == [
        *["PutStreamEventRequest"] * 3,
        "PutLogRequest",
        "RefreshTimeoutRequest",
        "ReleaseSlotRequest",
        *["StepActionEvent"] * 2,
    ]
    assert [(each.event_index, each.message) for each in published.requests(PutStreamEventRequest)] == [
        (n, f"chunk {n}".encode()) for n in range(3)
    ]
    [line] = published.requests(PutLogRequest)
    assert (line.message, line.level, line.HasField("task_retry_count")) == ("a line", "INFO", True)
    assert published.requests(pb.RefreshTimeoutRequest)[0].increment_timeout_by == "90s"
    eventually(lambda: published.requests(pb.UpsertWorkerLabelsRequest))


def test_events_are_tried_many_times(engine: FakeEngine, make_hatchet: MakeHatchet, start_worker: StartWorker) -> None:
    import tenacity

    hatchet = make_hatchet(tenacity=TenacityConfig(max_attempts=1, wait=tenacity.wait_none))

    @hatchet.task(name="t")
    async def t(input: EmptyModel, ctx: Context) -> None: ...

    start_worker(t)
    engine.published.failures["SendStepActionEvent"] = [grpc.StatusCode.UNAVAILABLE] * 3
    send(engine, start_action("run-1", "t:t"))
    eventually(lambda: kinds(engine, "run-1") == [STARTED] * 4 + [COMPLETED], within_s=20)


def test_cancellation(engine: FakeEngine, make_hatchet: MakeHatchet, start_worker: StartWorker) -> None:
    cancelled = threading.Event()
    hatchet = make_hatchet()

    @hatchet.task(name="t")
    async def t(input: EmptyModel, ctx: Context) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    running = start_worker(t)
    send(engine, start_action("run-1", "t:t"))
    eventually(lambda: kinds(engine, "run-1") == [STARTED])
    cancel = start_action("run-1", "t:t")
    cancel.action_type, cancel.action_payload = pb.CANCEL_STEP_RUN, ""
    send(engine, cancel)
    assert cancelled.wait(5)
    eventually(lambda: not running.station._parts.runner.live)
    assert kinds(engine, "run-1") == [STARTED]


def test_the_stream_is_opened_again_with_the_same_id(
    engine: FakeEngine, make_hatchet: MakeHatchet, start_worker: StartWorker
) -> None:
    hatchet = make_hatchet()

    @hatchet.task(name="t")
    async def t(input: EmptyModel, ctx: Context) -> None: ...

    start_worker(t)
    engine.stop()
    engine.start()
    eventually(lambda: engine.published.listeners, within_s=10)
    assert list(engine.published.listeners) == ["published-worker-1"]
    send(engine, start_action("run-1", "t:t"))
    eventually(lambda: kinds(engine, "run-1") == [STARTED, COMPLETED])


def test_a_heartbeat_that_finds_no_stream_opens_it_again(
    engine: FakeEngine, make_hatchet: MakeHatchet, start_worker: StartWorker
) -> None:
    hatchet = make_hatchet()

    @hatchet.task(name="t")
    async def t(input: EmptyModel, ctx: Context) -> None: ...

    engine.published.failures["Heartbeat"] = [grpc.StatusCode.FAILED_PRECONDITION]
    start_worker(t)
    eventually(lambda: len(engine.published.requests(pb.WorkerListenRequest)) >= 2)
    eventually(lambda: engine.published.listeners)
    send(engine, start_action("run-1", "t:t"))
    eventually(lambda: kinds(engine, "run-1") == [STARTED, COMPLETED])


def test_a_forgotten_worker_registers_again(
    engine: FakeEngine, make_hatchet: MakeHatchet, start_worker: StartWorker
) -> None:
    hatchet = make_hatchet()

    @hatchet.task(name="t")
    async def t(input: EmptyModel, ctx: Context) -> None: ...

    start_worker(t)
    engine.stop()
    engine.published.failures["ListenV2"] = [grpc.StatusCode.NOT_FOUND]
    engine.start()
    eventually(lambda: "published-worker-2" in engine.published.listeners, within_s=10)


def test_the_parts_of_a_payload_reach_the_context(
    engine: FakeEngine, make_hatchet: MakeHatchet, start_worker: StartWorker
) -> None:
    hatchet = make_hatchet()
    contexts: list[Context] = []

    @hatchet.task(name="t")
    async def t(input: EmptyModel, ctx: Context) -> None:
        contexts.append(ctx)

    start_worker(t)
    action = start_action("run-1", "t:t", child_workflow_index=0, child_workflow_key="k", parent_workflow_run_id="p")
    action.action_payload = json.dumps(
        {
            "input": None,
            "parents": {"first": {"a": 1}, "empty": {}},
            "triggers": {"filter_payload": {"f": 1}},
            "step_run_errors": {"first": "ValueError: x"},
        }
    )
    action.triggering_event_external_id, action.triggering_event_key = "event-1", "user:created"
    send(engine, action)
    eventually(lambda: contexts)
    ctx = contexts[0]
    assert (ctx.child_index, ctx.child_key, ctx.parent_workflow_run_id) == (0, "k", "p")
    assert (ctx.filter_payload, ctx.task_run_errors) == ({"f": 1}, {"first": "ValueError: x"})
    assert (ctx.triggering_event_id, ctx.triggering_event_key) == ("event-1", "user:created")
    assert dict(ctx._action.parents) == {"first": '{"a":1}', "empty": ""}


def test_an_unsupported_assignment_and_a_broken_payload_do_no_harm(
    engine: FakeEngine, make_hatchet: MakeHatchet, start_worker: StartWorker, caplog: pytest.LogCaptureFixture
) -> None:
    hatchet = make_hatchet()

    @hatchet.task(name="t")
    async def t(input: EmptyModel, ctx: Context) -> None: ...

    start_worker(t)
    batch = start_action("run-0", "t:t")
    batch.action_type = pb.START_BATCH
    send(engine, batch)
    broken = start_action("run-1", "t:t")
    broken.action_payload = "{not json"
    send(engine, broken)
    eventually(lambda: kinds(engine, "run-1") == [STARTED, COMPLETED])
    assert "not supported by this SDK version" in caplog.text
