"""The session service: what a worker and a client process say to the engine, and what they hear."""

import grpc

from hatchet_engine.runtime.ids import Uuid7
from hatchet_engine.server.server import Server
from hatchet_wire.published.v1.workflows_pb2 import CancelTasksRequest
from hatchet_wire.session.session_pb2 import RunResult, StepEvent, Trigger, TriggerRequest
from tests.engine_grpc.peers import ClientPeer, WorkerPeer
from tests.engine_grpc.wire import Wire
from tests.support.waiting import aio_eventually

new_id = Uuid7()


def item(run_id: str | None = None, workflow: str = "simple", **fields: object) -> Trigger:
    return Trigger(**{"run_id": run_id or new_id(), "workflow": workflow, "input": '{"n": 1}'} | fields)  # type: ignore[arg-type]


async def test_a_run_goes_from_trigger_to_result(wire: Wire) -> None:
    await wire.register_workflow(timeout="30s", retries=2)
    worker = await WorkerPeer(wire, "simple:run").connect()
    client = await ClientPeer(wire).connect()
    trigger = item(additional_metadata='{"who": "me"}', priority=3)
    await client.trigger(1, trigger)
    assert await client.verdict(1) == "accepted"
    (assignment,) = await worker.assigned()
    assert (assignment.task_id, assignment.run_id) == (trigger.run_id, trigger.run_id)
    assert (assignment.input, assignment.additional_metadata) == ('{"n": 1}', '{"who": "me"}')
    assert (assignment.retry_count, assignment.priority) == (0, 3)
    step = worker.steps[assignment.step]
    assert (step.action, step.task_name, step.workflow_name) == ("simple:run", "run", "simple")
    assert (step.execution_timeout_us, step.retries) == (30_000_000, 2)
    await worker.report(StepEvent.STARTED, assignment)
    await worker.complete(assignment, '{"doubled": 2}')
    result = await client.result(trigger.run_id)
    assert result.status == RunResult.COMPLETED
    (task,) = result.tasks
    assert (task.task_id, task.task_name, task.output) == (trigger.run_id, "run", '{"doubled": 2}')
    assert not task.HasField("error")


async def test_welcome_says_who_and_how_often(server: Server, wire: Wire) -> None:
    worker = await WorkerPeer(wire, "simple:run").connect(labels={}, sdk_version="1", os="linux")
    assert worker.welcome is not None
    assert worker.welcome.tenant_id == server.tenant_id
    assert worker.welcome.engine_version == "v0.101.27"
    assert worker.welcome.heartbeat_interval_ms == 4000


async def test_a_step_is_announced_once_per_stream(wire: Wire) -> None:
    await wire.register_workflow()
    worker = await WorkerPeer(wire, "simple:run").connect()
    client = await ClientPeer(wire).connect()
    for request in range(1, 4):
        await client.trigger(request, item())
        await worker.assigned(request)
    assert [len(frame.steps) for frame in worker.frames if frame.assignments] == [1, 0, 0]


async def test_everything_that_is_ready_becomes_one_frame(wire: Wire) -> None:
    await wire.register_workflow()
    worker = await WorkerPeer(wire, "simple:run", slots=500).connect()
    client = await ClientPeer(wire).connect()
    await client.trigger(1, *[item() for _ in range(300)])
    await worker.assigned(300)
    assert len([frame for frame in worker.frames if frame.assignments]) <= 3


async def test_one_bad_item_refuses_its_request_only(wire: Wire) -> None:
    await wire.register_workflow()
    client = await ClientPeer(wire).connect()
    good, bad = item(), item(workflow="nobody")
    await client.send(
        triggers=[
            TriggerRequest(request=1, items=[item()]),
            TriggerRequest(request=2, items=[good, bad]),
            TriggerRequest(request=3, items=[item()]),
            TriggerRequest(request=4, items=[item(input="[]")]),
        ]
    )
    assert await client.verdict(1) == await client.verdict(3) == "accepted"
    assert await client.verdict(2) == f"{grpc.StatusCode.INVALID_ARGUMENT.value[0]} workflow names not found: nobody"
    assert (await client.verdict(4)).endswith("Invalid request: input must be a JSON object")
    assert not await exists(wire, good.run_id)


async def exists(wire: Wire, run_id: str) -> bool:
    try:
        await wire.details(run_id)
    except grpc.aio.AioRpcError as error:
        assert error.code() is grpc.StatusCode.NOT_FOUND
        return False
    return True


async def test_a_trigger_that_is_sent_again_makes_one_run(wire: Wire) -> None:
    await wire.register_workflow()
    worker = await WorkerPeer(wire, "simple:run").connect()
    client = await ClientPeer(wire).connect()
    trigger = item()
    await client.trigger(1, trigger)
    (assignment,) = await worker.assigned()
    await worker.complete(assignment, '{"n": 1}')
    await client.result(trigger.run_id)
    client.vanish()
    again = await ClientPeer(wire).connect()
    await again.trigger(1, trigger, resent=True)
    assert await again.verdict(1) == "accepted"
    assert (await again.result(trigger.run_id)).tasks[0].output == '{"n": 1}'
    assert len(worker.assignments) == 1


async def test_results_can_be_asked_for_at_any_time(wire: Wire) -> None:
    await wire.register_workflow()
    worker = await WorkerPeer(wire, "simple:run").connect()
    run_id = await wire.trigger()
    client = await ClientPeer(wire).connect()
    await client.send(subscribe=[run_id, "no uuid", new_id()])
    (assignment,) = await worker.assigned()
    await worker.complete(assignment)
    assert (await client.result(run_id)).status == RunResult.COMPLETED
    late = await ClientPeer(wire).connect()
    await late.send(subscribe=[run_id])
    assert (await late.result(run_id)).status == RunResult.COMPLETED
    assert set(client.results) == set(late.results) == {run_id}


async def test_failures_and_cancels_reach_the_client(wire: Wire) -> None:
    await wire.register_workflow()
    worker = await WorkerPeer(wire, "simple:run").connect()
    client = await ClientPeer(wire).connect()
    failing, cancelled = item(), item()
    await client.trigger(1, failing, cancelled)
    first, second = await worker.assigned(2)
    await worker.report(StepEvent.FAILED, first, "ValueError: no\ntrace")
    result = await client.result(failing.run_id)
    assert (result.status, result.tasks[0].error) == (RunResult.FAILED, "ValueError: no\ntrace")
    await wire.admin.CancelTasks(CancelTasksRequest(external_ids=[cancelled.run_id]))
    result = await client.result(cancelled.run_id)
    assert (result.status, result.tasks[0].error) == (RunResult.CANCELLED, "")
    assert result.tasks[0].HasField("error")
    await aio_eventually(lambda: worker.cancels)
    assert worker.cancels[0].attempt.task_id == second.task_id
