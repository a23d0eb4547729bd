"""Triggers and results over the client stream of the session protocol."""

import asyncio
from collections.abc import Callable

import grpc
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc.status_pb2 import Status

from hatchet_sdk.exceptions import (
    BulkTriggerIdempotencyCollisionError,
    DedupeViolationError,
    IdempotencyCollisionError,
)
from hatchet_sdk.transport.connection import Connection, TriggerSpec
from hatchet_sdk.transport.frames import FRAME_LIMIT
from hatchet_wire.published.v1 import workflows_pb2 as admin_pb2
from hatchet_wire.published.v1.shared.trigger_pb2 import DesiredWorkerLabels
from hatchet_wire.session import session_pb2 as pb
from tests.sdk_worker.fake_engine import FakeEngine
from tests.support.waiting import aio_eventually

Connect = Callable[..., Connection]


def spec(workflow: str = "w:t", input: str = "{}", **more: object) -> TriggerSpec:
    return TriggerSpec(workflow, input, "", **more)  # type: ignore[arg-type]


async def test_a_run_is_triggered_and_its_outcome_is_awaited(engine: FakeEngine, connect: Connect) -> None:
    connection = connect(engine)
    [run_id] = await connection.trigger([spec(input='{"a":1}')])
    assert engine.runs[run_id].input == '{"a":1}'
    waiting = asyncio.ensure_future(connection.outcome(run_id))
    await aio_eventually(lambda: any(run_id in peer.subscribed for peer in engine.clients))
    engine.finish(run_id, '{"b":2}')
    outcome = await waiting
    assert (outcome.run_id, outcome.status) == (run_id, "COMPLETED")
    assert [(task.output, task.error) for task in outcome.tasks] == [('{"b":2}', None)]


async def test_outcomes_of_subscribed_triggers_are_pushed(engine: FakeEngine, connect: Connect) -> None:
    engine.auto_finish = '{"done":true}'
    connection = connect(engine)
    run_ids = await connection.trigger([spec() for _ in range(50)], subscribe=True)
    outcomes = await connection.outcomes(run_ids)
    assert [outcome.run_id for outcome in outcomes] == run_ids
    assert {outcome.tasks[0].output for outcome in outcomes} == {'{"done":true}'}
    assert [list(frame.subscribe) for frame in engine.client_frames if frame.subscribe] == []


async def test_all_fields_of_a_trigger_arrive(engine: FakeEngine, connect: Connect) -> None:
    labels = {
        "region": DesiredWorkerLabels(str_value="eu", required=True),
        "memory": DesiredWorkerLabels(int_value=8, comparator=3, weight=7),  # type: ignore[arg-type]
    }
    full = TriggerSpec("w", '{"i":1}', '{"m":1}', 3, "parent-run", "parent-task", 0, "key", "worker-9", labels)
    await connect(engine).trigger([full])
    item = engine.client_frames[-1].triggers[0].items[0]
    assert (item.workflow, item.input, item.additional_metadata, item.priority) == ("w", '{"i":1}', '{"m":1}', 3)
    assert (item.parent_run_id, item.parent_task_id, item.desired_worker_id) == (
        "parent-run",
        "parent-task",
        "worker-9",
    )
    assert (item.HasField("child_index"), item.child_index, item.child_key) == (True, 0, "key")
    region, memory = item.desired_labels["region"], item.desired_labels["memory"]
    assert (region.value.text, region.required, region.weight) == ("eu", True, 100)
    assert (memory.value.number, memory.comparator, memory.weight) == (8, 3, 7)


async def test_run_ids_are_unique_and_sort_by_time(engine: FakeEngine, connect: Connect) -> None:
    connection = connect(engine)
    first = await connection.trigger([spec() for _ in range(1000)])
    second = await connection.trigger([spec() for _ in range(1000)])
    assert len({*first, *second}) == 2000
    assert max(first) < min(second)
    assert {run_id[14] for run_id in first} == {"7"} and {run_id[19] for run_id in first} <= set("89ab")


async def test_calls_of_one_tick_share_a_frame(engine: FakeEngine, connect: Connect) -> None:
    connection = connect(engine)
    await connection.trigger([spec()])
    before = len(engine.client_frames)
    await asyncio.gather(*(connection.trigger([spec()]) for _ in range(200)))
    assert sum(len(frame.triggers) for frame in engine.client_frames[before:]) == 200
    assert len(engine.client_frames) - before < 20


async def test_a_large_bulk_is_split_into_frames(engine: FakeEngine, connect: Connect) -> None:
    big = '{"x":"' + "a" * 100_000 + '"}'
    run_ids = await connect(engine).trigger([spec(input=big) for _ in range(100)])
    assert [engine.runs[run_id].input == big for run_id in run_ids] == [True] * 100
    assert max(frame.ByteSize() for frame in engine.client_frames) <= FRAME_LIMIT
    assert sum(len(frame.triggers) for frame in engine.client_frames) > 3


async def test_requests_have_at_most_a_thousand_items(engine: FakeEngine, connect: Connect) -> None:
    run_ids = await connect(engine).trigger([spec() for _ in range(2500)])
    assert len(set(run_ids)) == 2500 and set(run_ids) == set(engine.runs)
    assert [len(request.items) for frame in engine.client_frames for request in frame.triggers] == [1000, 1000, 500]


async def test_an_input_that_is_too_large_is_refused_here(engine: FakeEngine, connect: Connect) -> None:
    connection = connect(engine)
    with pytest.raises(grpc.RpcError) as refused:
        await connection.trigger([spec(input='{"x":"' + "a" * 5_000_000 + '"}')])
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "grpc_max_send_message_length" in refused.value.details()
    assert len(await connection.trigger([spec()])) == 1


async def test_an_input_larger_than_engines_take_is_refused_even_if_configured(
    engine: FakeEngine, connect: Connect
) -> None:
    connection = connect(engine, grpc_max_send_message_length=16 * 1024 * 1024)
    with pytest.raises(grpc.RpcError, match="too large"):
        await connection.trigger([spec(input='{"x":"' + "a" * 5_000_000 + '"}')])
    assert len(await connection.trigger([spec()])) == 1


async def test_text_that_is_not_unicode_is_refused_here(engine: FakeEngine, connect: Connect) -> None:
    with pytest.raises(ValueError, match="not valid Unicode"):
        await connect(engine).trigger([spec(input='{"x":"\ud800"}')])


def collision(detail: object | None) -> bytes:
    status = Status(code=6, message="idempotency key collision")
    if detail is not None:
        packed = AnyMessage()
        packed.Pack(detail)  # type: ignore[arg-type]
        status.details.append(packed)
    return status.SerializeToString()


async def test_refusals_are_raised_as_the_errors_of_the_sdk(engine: FakeEngine, connect: Connect) -> None:
    connection = connect(engine)

    async def refused(code: int, message: str, detail: bytes = b"") -> BaseException:
        engine.refuse = lambda _: pb.Rejected(code=code, message=message, detail=detail)
        with pytest.raises(Exception) as raised:
            await connection.trigger([spec()])
        return raised.value

    one = admin_pb2.IdempotencyCollisionError(existing_run_external_id="old")
    error = await refused(6, "idempotency key collision", collision(one))
    assert isinstance(error, IdempotencyCollisionError) and error.existing_run_external_id == "old"

    many = admin_pb2.BulkTriggerIdempotencyCollisionError(
        successful_workflow_run_external_ids=["new"], collisions=[one]
    )
    error = await refused(6, "idempotency key collision", collision(many))
    assert isinstance(error, BulkTriggerIdempotencyCollisionError)
    assert error.successful_workflow_run_external_ids == ["new"]
    assert [each.existing_run_external_id for each in error.collisions] == ["old"]

    assert isinstance(await refused(6, "exists", collision(None)), DedupeViolationError)
    assert isinstance(await refused(6, "exists"), DedupeViolationError)

    error = await refused(3, "workflow names not found: w")
    assert isinstance(error, grpc.RpcError)
    assert (error.code(), error.details()) == (grpc.StatusCode.INVALID_ARGUMENT, "workflow names not found: w")


async def test_ids_that_the_engine_already_had_replace_those_that_were_sent(
    engine: FakeEngine, connect: Connect
) -> None:
    connection = connect(engine)
    await connection.trigger([spec()])
    engine.answering = False
    waiting = asyncio.ensure_future(connection.trigger([spec(), spec()], subscribe=True))
    await aio_eventually(lambda: len(engine.client_frames) == 2)
    request = engine.client_frames[-1].triggers[0]
    frame = pb.EngineToClientFrame(
        accepted_as=[pb.Accepted(request=request.request, run_ids=["known", request.items[1].run_id])]
    )
    engine.call(engine.clients[0].out.put_nowait, frame)
    assert await waiting == ["known", request.items[1].run_id]


async def test_the_outcome_of_a_replay_is_not_the_old_one(engine: FakeEngine, connect: Connect) -> None:
    connection = connect(engine)
    [run_id] = await connection.trigger([spec()])
    engine.finish(run_id, '{"n":1}')
    assert (await connection.outcome(run_id)).tasks[0].output == '{"n":1}'
    engine.runs[run_id].status = 0
    waiting = asyncio.ensure_future(connection.outcome(run_id))
    await aio_eventually(lambda: any(run_id in peer.subscribed for peer in engine.clients))
    engine.finish(run_id, '{"n":2}')
    assert (await waiting).tasks[0].output == '{"n":2}'


async def test_who_stops_waiting_is_unsubscribed(engine: FakeEngine, connect: Connect) -> None:
    connection = connect(engine)
    [run_id] = await connection.trigger([spec()])
    first, second = (asyncio.ensure_future(connection.outcome(run_id)) for _ in range(2))
    await aio_eventually(lambda: any(run_id in peer.subscribed for peer in engine.clients))
    first.cancel()
    engine.finish(run_id, '{"kept":1}')
    assert (await second).tasks[0].output == '{"kept":1}'

    [other] = await connection.trigger([spec()])
    third = asyncio.ensure_future(connection.outcome(other))
    await aio_eventually(lambda: any(other in peer.subscribed for peer in engine.clients))
    third.cancel()
    await aio_eventually(lambda: not any(other in peer.subscribed for peer in engine.clients))


async def test_the_engine_version_and_unary_calls(engine: FakeEngine, connect: Connect) -> None:
    connection = connect(engine)
    assert await connection.engine_version() == "v0.101.27"
    response = await connection.put_workflow(admin_pb2.CreateWorkflowVersionRequest(name="w"))
    assert (response.workflow_id, [request.name for request in engine.registered]) == ("workflow-id", ["w"])
    [run_id] = await connection.trigger([spec()])
    assert not (await connection.run_details(run_id)).done
