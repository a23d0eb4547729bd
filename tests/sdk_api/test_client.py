"""The Hatchet object."""

import threading
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from hatchet_sdk import Context, EmptyModel, Hatchet, RunStatus, V1TaskStatus, WorkerStatus
from hatchet_sdk.clients.listeners.run_event_listener import StepRunEvent, StepRunEventType
from hatchet_sdk.utils.slots import resolve_worker_slot_config
from hatchet_wire.published.dispatcher_pb2 import ResourceEventType, ResourceType, WorkflowEvent
from hatchet_wire.published.v1 import workflows_pb2 as proto
from tests.sdk_api.conftest import hatchet_on
from tests.sdk_api.fakes import FakeConnection
from tests.sdk_api.models import no_output
from tests.sdk_api.tokens import TENANT


def event(kind: str, payload: str = "", resource: str = "STEP_RUN", hangup: bool = False) -> WorkflowEvent:
    return WorkflowEvent(
        workflow_run_id="run-1",
        resource_type=ResourceType.Value(f"RESOURCE_TYPE_{resource}"),
        event_type=ResourceEventType.Value(f"RESOURCE_EVENT_TYPE_{kind}"),
        event_payload=payload,
        hangup=hangup,
    )


EVENTS = [
    event("STARTED"),
    event("STREAM", "a"),
    event("STREAM", "b"),
    event("COMPLETED", "{}"),
    event("COMPLETED", resource="WORKFLOW_RUN", hangup=True),
]


async def test_what_it_knows(connection: FakeConnection) -> None:
    hatchet = hatchet_on(connection, namespace="Team")
    assert (hatchet.tenant_id, hatchet.namespace) == (TENANT, "team_")
    assert hatchet.config.namespace == "team_"
    assert hatchet.current_context is None
    assert await hatchet.aio_get_engine_version() == "v0.101.27"
    assert hatchet.runs is hatchet.runs


@pytest.mark.parametrize(
    "name", ["cel", "cron", "event", "filters", "metrics", "rate_limits", "scheduled", "stubs", "webhooks"]
)
def test_what_this_version_does_not_have_is_not_there(hatchet: Hatchet, name: str) -> None:
    assert not hasattr(hatchet, name)


def test_nothing_starts_before_it_is_needed(connection: FakeConnection) -> None:
    hatchet = hatchet_on(connection)
    del hatchet._client.__dict__["connection"]
    before = threading.active_count()

    @hatchet.task()
    def task(input: EmptyModel, ctx: Context) -> None:
        return None

    task.create_bulk_run_item()
    task.get_run_ref("run-1")
    hatchet.runs.get_run_ref("run-1")
    task.mock_run()
    assert threading.active_count() == before


async def test_chunks_of_a_stream(hatchet: Hatchet, connection: FakeConnection) -> None:
    connection.events = EVENTS
    assert [chunk async for chunk in hatchet.runs.subscribe_to_stream("run-1")] == ["a", "b"]


async def test_the_old_listener(hatchet: Hatchet, connection: FakeConnection) -> None:
    connection.events = EVENTS
    expected = [
        StepRunEvent(type=StepRunEventType.STEP_RUN_EVENT_TYPE_STARTED, payload=""),
        StepRunEvent(type=StepRunEventType.STEP_RUN_EVENT_TYPE_STREAM, payload="a"),
        StepRunEvent(type=StepRunEventType.STEP_RUN_EVENT_TYPE_STREAM, payload="b"),
        StepRunEvent(type=StepRunEventType.STEP_RUN_EVENT_TYPE_COMPLETED, payload="{}"),
    ]
    assert [each async for each in hatchet.listener.stream("run-1")] == expected
    assert list(hatchet.listener.stream("run-1")) == expected
    with pytest.warns(DeprecationWarning, match="subscribe_to_stream"):
        assert list(hatchet.runs.get_run_ref("run-1").stream()) == expected
    task = hatchet.task(name="t")(no_output)
    with pytest.warns(DeprecationWarning, match="subscribe_to_stream"):
        assert list(task.get_run_ref("run-1").stream()) == expected
    with pytest.warns(DeprecationWarning, match="stream_by_run_id"):
        assert list(hatchet.listener.stream_by_run_id("run-1")) == expected


async def test_the_live_view_of_a_run(hatchet: Hatchet, connection: FakeConnection) -> None:
    connection.details = proto.GetRunDetailsResponse(
        input=b'{"a":1}',
        additional_metadata=b'{"m":1}',
        status=proto.RunStatus.RUNNING,
        task_runs={
            "first": proto.TaskRunDetail(
                external_id="t-1", readable_id="first", status=proto.RunStatus.COMPLETED, output=b'{"x":1}'
            ),
            "second": proto.TaskRunDetail(
                external_id="t-2", readable_id="second", status=proto.RunStatus.EVICTED, error="", output=b""
            ),
        },
    )
    details = await hatchet.runs.aio_get_details("run-1")
    assert hatchet.runs.get_details("run-1") == details
    assert (details.external_id, details.status, details.done) == ("run-1", RunStatus.RUNNING, False)
    assert (details.input, details.additional_metadata) == ({"a": 1}, {"m": 1})
    first, second = details.task_runs["first"], details.task_runs["second"]
    assert (first.output, first.error, first.status) == ({"x": 1}, None, V1TaskStatus.COMPLETED)
    assert (second.output, second.error, second.status, second.is_evicted) == (None, None, "RUNNING", True)


@pytest.mark.parametrize("status", list(V1TaskStatus))
def test_states_have_two_names(status: V1TaskStatus) -> None:
    assert RunStatus.from_v1_task_status(status).to_v1_task_status() is status


class TestWorker:
    async def lifespan(self) -> AsyncGenerator[Any, Any]:
        yield None

    def test_it_gets_what_it_is_given(self, connection: FakeConnection) -> None:
        hatchet = hatchet_on(connection, namespace="ns", worker_preset_labels={"zone": "eu"})
        task = hatchet.task(name="t")(no_output)
        flow = hatchet.workflow(name="w")
        flow.task(name="a")(no_output)
        worker = hatchet.worker(
            "w", slots=4, labels={"gpu": 1}, workflows=[task, flow], lifespan=self.lifespan, processes=2
        )
        assert (worker.name, worker.status) == ("ns_w", WorkerStatus.INITIALIZED)

    def test_it_takes_tasks_and_workflows_only(self, hatchet: Hatchet) -> None:
        with pytest.raises(TypeError, match="workflows and tasks"):
            hatchet.worker("w", workflows=[lambda input, ctx: {}])  # type: ignore[list-item]  # the point


class TestSlots:
    @pytest.fixture
    def plain(self, hatchet: Hatchet) -> Any:
        return hatchet.task(name="plain", slot_cost=2)(no_output)

    @pytest.fixture
    def durable(self, hatchet: Hatchet) -> Any:
        return hatchet.durable_task(name="durable")(no_output)

    def test_defaults_follow_the_tasks(self, plain: Any, durable: Any) -> None:
        assert resolve_worker_slot_config(None, None, None, []) == {"default": 100}
        assert resolve_worker_slot_config(None, None, None, [plain]) == {"default": 100}
        assert resolve_worker_slot_config(None, None, None, [durable]) == {"durable": 1000}
        assert resolve_worker_slot_config(None, 5, None, [plain, durable]) == {"default": 5, "durable": 1000}

    def test_a_missing_pool_is_named(self, plain: Any) -> None:
        plain.tasks[0].slot_requests = {"gpu": 1}
        with pytest.raises(ValueError, match="gpu"):
            resolve_worker_slot_config(None, 5, None, [plain])
        assert resolve_worker_slot_config({"gpu": 2}, None, None, [plain]) == {"gpu": 2}
