"""Triggers and results against an engine that does not know the session protocol."""

import asyncio
from collections.abc import Callable
from unittest import mock

import grpc
import pytest

from hatchet_sdk.config import TenacityConfig
from hatchet_sdk.exceptions import DedupeViolationError
from hatchet_sdk.transport import published_client
from hatchet_sdk.transport.connection import Connection, TriggerSpec
from hatchet_wire.published import workflows_pb2
from hatchet_wire.published.v1.shared.trigger_pb2 import DesiredWorkerLabels
from hatchet_wire.published.workflows_pb2 import BulkTriggerWorkflowRequest
from tests.sdk_worker.fake_engine import FakeEngine
from tests.support.waiting import aio_eventually

Connect = Callable[..., Connection]


@pytest.fixture
def engine(make_engine: Callable[..., FakeEngine]) -> FakeEngine:
    return make_engine(session=False)


def spec(input: str = "{}") -> TriggerSpec:
    return TriggerSpec("w:t", input, "")


async def test_one_run_takes_one_call(engine: FakeEngine, connect: Connect) -> None:
    labels = {"region": DesiredWorkerLabels(str_value="eu", required=True)}
    full = TriggerSpec("w", '{"i":1}', '{"m":1}', 3, "parent-run", "parent-task", 0, "key", "worker-9", labels)
    assert await connect(engine).trigger([full]) == ["published-0"]
    [request] = engine.published.calls
    assert (request.name, request.input, request.additional_metadata) == ("w", '{"i":1}', '{"m":1}')
    assert (request.parent_id, request.parent_task_run_external_id) == ("parent-run", "parent-task")
    assert (request.HasField("child_index"), request.child_index, request.child_key) == (True, 0, "key")
    assert (request.priority, request.desired_worker_id) == (3, "worker-9")
    assert request.desired_worker_labels["region"].str_value == "eu"


async def test_what_is_not_given_is_not_sent(engine: FakeEngine, connect: Connect) -> None:
    await connect(engine).trigger([spec()])
    [request] = engine.published.calls
    assert [field.name for field, _ in request.ListFields()] == ["name", "input"]


async def test_bulks_are_cut_by_number_and_by_size(engine: FakeEngine, connect: Connect) -> None:
    connection = connect(engine)
    run_ids = await connection.trigger([spec() for _ in range(1500)])
    big = '{"x":"' + "a" * 100_000 + '"}'
    large = await connection.trigger([spec(big) for _ in range(100)])
    assert len({*run_ids, *large}) == 1600
    requests = engine.published.requests(BulkTriggerWorkflowRequest)
    assert sorted(len(request.workflows) for request in requests[:2]) == [500, 1000]
    assert len(requests) > 4 and max(request.ByteSize() for request in requests) < 4 * 1024 * 1024


async def test_ids_are_in_the_order_of_the_call(engine: FakeEngine, connect: Connect) -> None:
    run_ids = await connect(engine).trigger([spec(f'{{"n":{n}}}') for n in range(2100)])
    assert [engine.runs[run_id].input for run_id in run_ids] == [f'{{"n":{n}}}' for n in range(2100)]


async def test_results_come_by_one_pooled_subscription(engine: FakeEngine, connect: Connect) -> None:
    connection = connect(engine)
    run_ids = await connection.trigger([spec() for _ in range(30)])
    waiting = asyncio.ensure_future(connection.outcomes(run_ids))
    await aio_eventually(lambda: any(set(run_ids) <= wanted for wanted, _ in engine.published.subscriptions))
    engine.finish(run_ids[0], error="ValueError: no")
    engine.call(engine._cancel, engine.runs[run_ids[1]], "cancelled")
    engine.call(engine.published.finished, engine.runs[run_ids[1]])
    for run_id in run_ids[2:]:
        engine.finish(run_id, "{}")
    outcomes = await waiting
    assert [outcome.status for outcome in outcomes[:3]] == ["FAILED", "CANCELLED", "COMPLETED"]
    assert [outcome.tasks[0].error for outcome in outcomes[:3]] == ["ValueError: no", "", None]
    assert len(engine.published.subscriptions) == 1


async def test_outstanding_runs_are_asked_for_again_after_a_restart(engine: FakeEngine, connect: Connect) -> None:
    connection = connect(engine)
    run_ids = await connection.trigger([spec(), spec()])
    waiting = asyncio.ensure_future(connection.outcomes(run_ids))
    await aio_eventually(lambda: any(set(run_ids) <= wanted for wanted, _ in engine.published.subscriptions))
    engine.stop()
    for run_id in run_ids:
        engine.finish(run_id, '{"late":1}')
    engine.start()
    assert {outcome.tasks[0].output for outcome in await waiting} == {'{"late":1}'}


async def test_the_subscription_is_opened_again_from_time_to_time(engine: FakeEngine, connect: Connect) -> None:
    connection = connect(engine)
    with mock.patch.object(published_client, "REOPEN_AFTER_S", 0.05):
        [run_id] = await connection.trigger([spec()])
        waiting = asyncio.ensure_future(connection.outcome(run_id))
        subscribes = lambda: sum(call is None for call in engine.published.calls)  # noqa: E731 - a short probe
        await aio_eventually(lambda: subscribes() >= 3)
    engine.finish(run_id, "{}")
    assert (await waiting).status == "COMPLETED"


async def test_outputs_that_were_left_out_are_fetched(engine: FakeEngine, connect: Connect) -> None:
    engine.published.withhold_outputs = True
    connection = connect(engine)
    [run_id] = await connection.trigger([spec()])
    engine.finish(run_id, '{"big":1}')
    outcome = await connection.outcome(run_id)
    assert (outcome.status, [task.output for task in outcome.tasks]) == ("COMPLETED", ['{"big":1}'])


async def test_calls_are_retried_as_configured(engine: FakeEngine, connect: Connect) -> None:
    class NoWait(TenacityConfig):
        pass

    import tenacity

    config = NoWait(max_attempts=3, wait=tenacity.wait_none)
    connection = connect(engine, tenacity=config)
    engine.published.failures["TriggerWorkflow"] = [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL]
    assert len(await connection.trigger([spec()])) == 1
    assert len(engine.published.calls) == 3

    engine.published.failures["TriggerWorkflow"] = [grpc.StatusCode.UNAVAILABLE] * 3
    with pytest.raises(grpc.RpcError) as refused:
        await connection.trigger([spec()])
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    assert len(engine.published.calls) == 6


@pytest.mark.parametrize(
    "code",
    [
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.UNAUTHENTICATED,
        grpc.StatusCode.ALREADY_EXISTS,
    ],
)
async def test_errors_that_do_not_go_away_are_not_retried(
    engine: FakeEngine, connect: Connect, code: grpc.StatusCode
) -> None:
    connection = connect(engine)
    engine.published.failures["TriggerWorkflow"] = [code]
    with pytest.raises((grpc.RpcError, DedupeViolationError)) as refused:
        await connection.trigger([spec()])
    assert (code is grpc.StatusCode.ALREADY_EXISTS) == isinstance(refused.value, DedupeViolationError)
    assert len(engine.published.requests(workflows_pb2.TriggerWorkflowResponse)) == 0
    assert len(engine.published.calls) == 1


async def test_a_run_that_becomes_visible_late_is_found(engine: FakeEngine, connect: Connect) -> None:
    import tenacity

    connection = connect(engine, tenacity=TenacityConfig(wait=tenacity.wait_none))
    [run_id] = await connection.trigger([spec()])
    engine.published.failures["GetRunDetails"] = [grpc.StatusCode.NOT_FOUND] * 2
    assert not (await connection.run_details(run_id)).done
