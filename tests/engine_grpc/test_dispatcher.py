"""The published Dispatcher: workers, dispatch, step events, subscriptions, and the codes of wire.md C."""

import json
from typing import Any

import grpc
import pytest

from hatchet_engine.core.machine import WorkerState
from hatchet_engine.server.server import Server
from hatchet_wire.published import dispatcher_pb2 as wire_pb2
from hatchet_wire.published.v1.workflows_pb2 import CancelTasksRequest
from tests.engine_grpc.wire import UNKNOWN_ID, Wire, event, refusal
from tests.support.waiting import aio_eventually

STARTED, COMPLETED, FAILED = (
    wire_pb2.STEP_EVENT_TYPE_STARTED,
    wire_pb2.STEP_EVENT_TYPE_COMPLETED,
    wire_pb2.STEP_EVENT_TYPE_FAILED,
)


async def test_a_run_goes_through_the_published_protocol(server: Server, wire: Wire) -> None:
    workflow_id = await wire.register_workflow()
    worker_id = await wire.register_worker("simple:run")
    stream = await wire.listen(worker_id)
    run_id = await wire.trigger(additional_metadata='{"who": "me"}', priority=2)
    action = await stream.read()
    assert action.action_type == wire_pb2.START_STEP_RUN
    assert {action.workflow_run_id, action.job_run_id, action.task_run_external_id} == {run_id}
    assert (action.tenant_id, action.workflow_id) == (server.tenant_id, workflow_id)
    assert action.job_id == action.task_id
    assert action.job_name == action.task_name == "run"
    assert (action.action_id, action.priority, action.retry_count) == ("simple:run", 2, 0)
    assert action.additional_metadata == '{"who": "me"}'
    assert not action.HasField("durable_task_invocation_count")
    payload = json.loads(action.action_payload)
    assert payload["input"] == {"n": 1}
    assert payload["triggered_by"] == "manual"
    assert isinstance(payload["triggers"], dict)
    # The SDK reports STARTED twice, and the order of unary calls is not kept.
    for kind, output in ((STARTED, ""), (COMPLETED, '{"n": 2}'), (STARTED, ""), (COMPLETED, '{"n": 3}')):
        reply = await wire.dispatcher.SendStepActionEvent(event(worker_id, action, kind, output))
        assert (reply.tenant_id, reply.worker_id) == (server.tenant_id, worker_id)
    details = await wire.details(run_id)
    assert details.done
    assert details.task_runs["run"].output == b'{"n": 2}'
    assert details.input == b'{"n": 1}'
    assert details.additional_metadata == b'{"who": "me"}'


async def test_a_run_without_input_is_given_an_empty_object(wire: Wire) -> None:
    await wire.register_workflow()
    stream = await wire.listen(await wire.register_worker("simple:run"))
    await wire.trigger(input="")
    action = await stream.read()
    assert json.loads(action.action_payload)["input"] == {}
    assert action.additional_metadata == "{}"


async def test_retries_count_up_and_the_last_failure_stays(wire: Wire) -> None:
    await wire.register_workflow(retries=1)
    worker_id = await wire.register_worker("simple:run")
    stream = await wire.listen(worker_id)
    run_id = await wire.trigger()
    first = await stream.read()
    await wire.dispatcher.SendStepActionEvent(event(worker_id, first, FAILED, "E: 1\n\ttrace \u2603"))
    second = await stream.read()
    assert second.retry_count == 1
    await wire.dispatcher.SendStepActionEvent(event(worker_id, first, COMPLETED, '{"stale": true}'))
    assert (await wire.details(run_id)).status in (0, 1)
    await wire.dispatcher.SendStepActionEvent(event(worker_id, second, FAILED, "E: 2\n\ttrace \u2603"))
    details = await wire.details(run_id)
    assert details.done
    assert details.task_runs["run"].error == "E: 2\n\ttrace \u2603"


async def test_should_not_retry_ends_the_task(wire: Wire) -> None:
    await wire.register_workflow(retries=5)
    worker_id = await wire.register_worker("simple:run")
    stream = await wire.listen(worker_id)
    run_id = await wire.trigger()
    action = await stream.read()
    await wire.dispatcher.SendStepActionEvent(event(worker_id, action, FAILED, "no", should_not_retry=True))
    assert (await wire.details(run_id)).done


async def test_cancel_is_sent_with_the_ids_of_the_start(wire: Wire) -> None:
    await wire.register_workflow()
    stream = await wire.listen(await wire.register_worker("simple:run"))
    run_id = await wire.trigger()
    start = await stream.read()
    reply = await wire.admin.CancelTasks(CancelTasksRequest(external_ids=[run_id]))
    assert list(reply.cancelled_tasks) == [run_id]
    cancel = await stream.read()
    assert cancel.action_type == wire_pb2.CANCEL_STEP_RUN
    assert cancel.action_payload == ""
    for field in ("task_run_external_id", "retry_count", "action_id", "task_id", "job_run_id", "workflow_run_id"):
        assert getattr(cancel, field) == getattr(start, field)


async def test_batch_events_report_many_tasks(wire: Wire) -> None:
    await wire.register_workflow()
    worker_id = await wire.register_worker("simple:run")
    stream = await wire.listen(worker_id)
    runs = [await wire.trigger(), await wire.trigger()]
    actions = [await stream.read(), await stream.read()]
    items = [
        wire_pb2.BatchActionEventItem(task_run_external_id=a.task_run_external_id, event_payload=f'{{"i": {i}}}')
        for i, a in enumerate(actions)
    ]
    await wire.dispatcher.SendBatchActionEvent(
        wire_pb2.BatchActionEvent(worker_id=worker_id, event_type=COMPLETED, items=items)
    )
    for run_id in runs:
        assert (await wire.details(run_id)).done


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"task_run_external_id": UNKNOWN_ID}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"task_run_external_id": "no uuid"}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"worker_id": "no uuid"}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"event_type": wire_pb2.STEP_EVENT_TYPE_UNKNOWN}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"event_type": 77}, grpc.StatusCode.INVALID_ARGUMENT),
    ],
)
async def test_malformed_step_events_are_refused(wire: Wire, fields: dict[str, Any], code: grpc.StatusCode) -> None:
    await wire.register_workflow()
    run_id = await wire.trigger()
    good: dict[str, Any] = {"worker_id": UNKNOWN_ID, "task_run_external_id": run_id, "event_type": STARTED}
    error = await refusal(wire.dispatcher.SendStepActionEvent(wire_pb2.StepActionEvent(**good | fields)))
    assert error.code() is code
    assert error.details().startswith("Invalid request: ")


async def test_a_step_event_of_a_stranger_changes_nothing(wire: Wire) -> None:
    await wire.register_workflow()
    stream = await wire.listen(await wire.register_worker("simple:run"))
    run_id = await wire.trigger()
    action = await stream.read()
    await wire.dispatcher.SendStepActionEvent(event(UNKNOWN_ID, action, COMPLETED))
    assert not (await wire.details(run_id)).done


async def test_acknowledged_is_accepted_without_effect(wire: Wire) -> None:
    await wire.register_workflow()
    worker_id = await wire.register_worker("simple:run")
    stream = await wire.listen(worker_id)
    run_id = await wire.trigger()
    action = await stream.read()
    await wire.dispatcher.SendStepActionEvent(event(worker_id, action, wire_pb2.STEP_EVENT_TYPE_ACKNOWLEDGED))
    assert not (await wire.details(run_id)).done


async def test_register_validates_slots_and_labels(server: Server, wire: Wire) -> None:
    labels = {"gpu": wire_pb2.WorkerLabels(int_value=2), "zone": wire_pb2.WorkerLabels(str_value="")}
    info = wire_pb2.RuntimeInfo(sdk_version="1", language=wire_pb2.PYTHON)
    request = wire_pb2.WorkerRegisterRequest(worker_name="w", slots=7, labels=labels, runtime_info=info)
    reply = await wire.dispatcher.Register(request)
    assert (reply.tenant_id, reply.worker_name) == (server.tenant_id, "w")
    (worker,) = server.engine.live_workers(server.tenant_id)
    assert (worker.slots, worker.labels) == ({"default": 7}, {"gpu": 2, "zone": ""})
    assert worker.runtime == {"sdk_version": "1", "language": "PYTHON"}
    both = wire_pb2.WorkerRegisterRequest(worker_name="w", slots=7, slot_config={"default": 7})
    assert (await refusal(wire.dispatcher.Register(both))).code() is grpc.StatusCode.INVALID_ARGUMENT
    none = wire_pb2.WorkerRegisterRequest(worker_name="w", labels={"x": wire_pb2.WorkerLabels()})
    assert (await refusal(wire.dispatcher.Register(none))).code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_labels_are_merged(server: Server, wire: Wire) -> None:
    worker_id = await wire.register_worker("simple:run")
    for labels in ({"a": wire_pb2.WorkerLabels(int_value=1)}, {"b": wire_pb2.WorkerLabels(str_value="x")}):
        request = wire_pb2.UpsertWorkerLabelsRequest(worker_id=worker_id, labels=labels)
        assert (await wire.dispatcher.UpsertWorkerLabels(request)).worker_id == worker_id
    (worker,) = server.engine.live_workers(server.tenant_id)
    assert worker.labels == {"a": 1, "b": "x"}


async def test_heartbeat_tells_a_worker_to_listen_again(server: Server, wire: Wire) -> None:
    worker_id = await wire.register_worker("simple:run")
    heartbeat = wire_pb2.HeartbeatRequest(worker_id=worker_id)
    await wire.dispatcher.Heartbeat(heartbeat)
    stream = await wire.listen(worker_id)
    await wire.dispatcher.Heartbeat(heartbeat)
    stream.cancel()
    (worker,) = server.engine.live_workers(server.tenant_id)
    await aio_eventually(lambda: worker.state is WorkerState.DISCONNECTED)
    assert (await refusal(wire.dispatcher.Heartbeat(heartbeat))).code() is grpc.StatusCode.FAILED_PRECONDITION
    await wire.listen(worker_id)
    await wire.dispatcher.Heartbeat(heartbeat)


@pytest.mark.parametrize("method", ["ListenV2", "Listen"])
async def test_listening_needs_a_known_worker(wire: Wire, method: str) -> None:
    for worker_id, code in ((UNKNOWN_ID, "NOT_FOUND"), ("no uuid", "INVALID_ARGUMENT")):
        stream = getattr(wire.dispatcher, method)(wire_pb2.WorkerListenRequest(worker_id=worker_id))
        assert (await stream.code()).name == code


async def test_listen_v1_delivers_too(wire: Wire) -> None:
    await wire.register_workflow()
    worker_id = await wire.register_worker("simple:run")
    stream = wire.dispatcher.Listen(wire_pb2.WorkerListenRequest(worker_id=worker_id))
    await stream.initial_metadata()
    run_id = await wire.trigger()
    assert (await stream.read()).workflow_run_id == run_id


async def test_a_new_stream_of_the_worker_takes_over(server: Server, wire: Wire) -> None:
    await wire.register_workflow()
    worker_id = await wire.register_worker("simple:run")
    old = await wire.listen(worker_id)
    new = await wire.listen(worker_id)
    old.cancel()
    run_id = await wire.trigger()
    assert (await new.read()).workflow_run_id == run_id
    (worker,) = server.engine.live_workers(server.tenant_id)
    assert worker.state is WorkerState.CONNECTED


@pytest.mark.parametrize(
    ("method", "request_"),
    [
        ("Heartbeat", wire_pb2.HeartbeatRequest(worker_id=UNKNOWN_ID)),
        ("Unsubscribe", wire_pb2.WorkerUnsubscribeRequest(worker_id=UNKNOWN_ID)),
        ("UpsertWorkerLabels", wire_pb2.UpsertWorkerLabelsRequest(worker_id=UNKNOWN_ID)),
        ("ReleaseSlot", wire_pb2.ReleaseSlotRequest(task_run_external_id=UNKNOWN_ID)),
        (
            "RefreshTimeout",
            wire_pb2.RefreshTimeoutRequest(task_run_external_id=UNKNOWN_ID, increment_timeout_by="1s"),
        ),
    ],
)
async def test_unknown_ids_are_not_found_and_bad_ids_invalid(wire: Wire, method: str, request_: Any) -> None:
    assert (await refusal(getattr(wire.dispatcher, method)(request_))).code() is grpc.StatusCode.NOT_FOUND
    (field, *_) = [field for field, value in request_.ListFields() if value == UNKNOWN_ID]
    setattr(request_, field.name, "no uuid")
    error = await refusal(getattr(wire.dispatcher, method)(request_))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    setattr(request_, field.name, UNKNOWN_ID)


async def test_unsubscribe_forgets_the_worker(server: Server, wire: Wire) -> None:
    worker_id = await wire.register_worker("simple:run")
    await wire.dispatcher.Unsubscribe(wire_pb2.WorkerUnsubscribeRequest(worker_id=worker_id))
    assert server.engine.live_workers(server.tenant_id) == []


async def test_refresh_timeout_extends_the_deadline(wire: Wire) -> None:
    await wire.register_workflow(timeout="60s")
    stream = await wire.listen(await wire.register_worker("simple:run"))
    run_id = await wire.trigger()
    await stream.read()

    async def refresh(by: str) -> float:
        request = wire_pb2.RefreshTimeoutRequest(task_run_external_id=run_id, increment_timeout_by=by)
        reply = await wire.dispatcher.RefreshTimeout(request)
        seconds: float = reply.timeout_at.ToMicroseconds() / 1e6
        return seconds

    assert await refresh("1m30s") == pytest.approx(await refresh("10s") - 10)
    request = wire_pb2.RefreshTimeoutRequest(task_run_external_id=run_id, increment_timeout_by="soon")
    assert (await refusal(wire.dispatcher.RefreshTimeout(request))).code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_release_slot_lets_the_next_task_in(wire: Wire) -> None:
    await wire.register_workflow()
    stream = await wire.listen(await wire.register_worker("simple:run", slots=1))
    first, second = await wire.trigger(), await wire.trigger()
    assert (await stream.read()).workflow_run_id == first
    await wire.dispatcher.ReleaseSlot(wire_pb2.ReleaseSlotRequest(task_run_external_id=first))
    assert (await stream.read()).workflow_run_id == second


async def test_version_and_overrides(wire: Wire) -> None:
    assert (await wire.dispatcher.GetVersion(wire_pb2.GetVersionRequest())).version == "v0.101.27"
    assert await wire.dispatcher.PutOverridesData(wire_pb2.OverridesData()) == wire_pb2.OverridesDataResponse()
