"""Subscriptions of the published protocol: results of runs, and the live events of one."""

import asyncio

import grpc
import pytest

from hatchet_wire.published import dispatcher_pb2 as wire_pb2
from hatchet_wire.published.events_pb2 import PutStreamEventRequest
from hatchet_wire.published.v1.workflows_pb2 import CancelTasksRequest, ReplayTasksRequest
from tests.engine_grpc.wire import UNKNOWN_ID, Wire, event

COMPLETED, FAILED = wire_pb2.STEP_EVENT_TYPE_COMPLETED, wire_pb2.STEP_EVENT_TYPE_FAILED


class Results:
    """A SubscribeToWorkflowRuns stream."""

    def __init__(self, wire: Wire) -> None:
        self._call = wire.dispatcher.SubscribeToWorkflowRuns()

    async def ask(self, *run_ids: str) -> None:
        for run_id in run_ids:
            await self._call.write(wire_pb2.SubscribeToWorkflowRunsRequest(workflow_run_id=run_id))

    async def next(self) -> wire_pb2.WorkflowRunEvent:
        event: wire_pb2.WorkflowRunEvent = await asyncio.wait_for(self._call.read(), 10)
        return event

    async def half_close(self) -> None:
        await self._call.done_writing()


async def test_each_subscription_is_answered_once(wire: Wire) -> None:
    await wire.register_workflow()
    worker_id = await wire.register_worker("simple:run")
    stream = await wire.listen(worker_id)
    run_id = await wire.trigger()
    results = Results(wire)
    await results.ask("no uuid", UNKNOWN_ID, run_id, run_id)
    action = await stream.read()
    await wire.dispatcher.SendStepActionEvent(event(worker_id, action, COMPLETED, '{"n": 1}'))
    answer = await results.next()
    assert answer.workflow_run_id == run_id
    assert answer.event_type == wire_pb2.WORKFLOW_RUN_EVENT_TYPE_FINISHED
    (result,) = answer.results
    assert (result.task_run_external_id, result.task_name, result.output) == (run_id, "run", '{"n": 1}')
    assert not result.HasField("error")
    # Asked again, it is answered again; also on a stream on which nothing more will be asked.
    await results.ask(run_id)
    await results.half_close()
    assert (await results.next()).workflow_run_id == run_id


async def test_results_of_failed_and_cancelled_runs(wire: Wire) -> None:
    await wire.register_workflow()
    worker_id = await wire.register_worker("simple:run", slots=1)
    stream = await wire.listen(worker_id)
    failing, cancelled = await wire.trigger(), await wire.trigger()
    results = Results(wire)
    await results.ask(failing, cancelled)
    await wire.admin.CancelTasks(CancelTasksRequest(external_ids=[cancelled]))
    (result,) = (await results.next()).results
    assert result.HasField("error")
    assert result.error == ""
    await wire.dispatcher.SendStepActionEvent(event(worker_id, await stream.read(), FAILED, "boom"))
    (result,) = (await results.next()).results
    assert result.error == "boom"


async def test_after_a_replay_the_new_result_is_waited_for(wire: Wire) -> None:
    await wire.register_workflow()
    worker_id = await wire.register_worker("simple:run")
    stream = await wire.listen(worker_id)
    run_id = await wire.trigger()
    await wire.dispatcher.SendStepActionEvent(event(worker_id, await stream.read(), COMPLETED, '{"n": 1}'))
    reply = await wire.admin.ReplayTasks(ReplayTasksRequest(external_ids=[run_id]))
    assert list(reply.replayed_tasks) == [run_id]
    results = Results(wire)
    await results.ask(run_id)
    action = await stream.read()
    assert action.retry_count == 1
    await wire.dispatcher.SendStepActionEvent(event(worker_id, action, COMPLETED, '{"n": 2}'))
    (result,) = (await results.next()).results
    assert result.output == '{"n": 2}'


async def test_the_events_of_a_run_are_streamed_until_its_end(wire: Wire) -> None:
    await wire.register_workflow(retries=1)
    worker_id = await wire.register_worker("simple:run")
    stream = await wire.listen(worker_id)
    run_id = await wire.trigger()
    events = wire.dispatcher.SubscribeToWorkflowEvents(
        wire_pb2.SubscribeToWorkflowEventsRequest(workflow_run_id=run_id)
    )
    await events.initial_metadata()
    action = await stream.read()
    await wire.dispatcher.SendStepActionEvent(event(worker_id, action, FAILED, "first"))
    action = await stream.read()
    for index in (1, 0, 2):
        await wire.events.PutStreamEvent(
            PutStreamEventRequest(task_run_external_id=run_id, message=b"chunk %d \xff" % index, event_index=index)
        )
    await wire.dispatcher.SendStepActionEvent(event(worker_id, action, COMPLETED, '{"n": 1}'))
    seen = [message async for message in events]
    kinds = [(m.resource_type, wire_pb2.ResourceEventType.Name(m.event_type)[20:], m.event_payload) for m in seen]
    assert kinds == [
        (1, "STARTED", ""),
        (1, "FAILED", "first"),
        (1, "STREAM", "chunk 0 \ufffd"),
        (1, "STREAM", "chunk 1 \ufffd"),
        (1, "STREAM", "chunk 2 \ufffd"),
        (1, "COMPLETED", '{"n": 1}'),
        (2, "COMPLETED", ""),
    ]
    assert [m.event_index for m in seen if m.HasField("event_index")] == [0, 1, 2]
    assert [m.hangup for m in seen] == [False] * 6 + [True]
    assert await events.code() is grpc.StatusCode.OK


async def test_the_events_of_a_finished_run_are_none(wire: Wire) -> None:
    await wire.register_workflow()
    run_id = await wire.trigger()
    await wire.admin.CancelTasks(CancelTasksRequest(external_ids=[run_id]))
    request = wire_pb2.SubscribeToWorkflowEventsRequest(workflow_run_id=run_id)
    events = wire.dispatcher.SubscribeToWorkflowEvents(request)
    assert [message async for message in events] == []


async def test_the_events_of_an_unknown_run(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hatchet_engine.transports.grpc.subscriptions.UNKNOWN_RUN_WAIT_S", 0.2)
    request = wire_pb2.SubscribeToWorkflowEventsRequest(workflow_run_id=UNKNOWN_ID)
    assert await wire.dispatcher.SubscribeToWorkflowEvents(request).code() is grpc.StatusCode.NOT_FOUND
    by_metadata = wire_pb2.SubscribeToWorkflowEventsRequest(additional_meta_key="k", additional_meta_value="v")
    assert await wire.dispatcher.SubscribeToWorkflowEvents(by_metadata).code() is grpc.StatusCode.UNIMPLEMENTED
