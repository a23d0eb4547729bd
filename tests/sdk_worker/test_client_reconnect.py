"""The client stream breaks: nothing is lost, nothing is started twice."""

import asyncio
import time
from collections.abc import Callable

import grpc
import pytest

from hatchet_sdk.config import TenacityConfig
from hatchet_sdk.transport.connection import Connection, TriggerSpec
from hatchet_wire.session import session_pb2 as pb
from tests.sdk_worker.fake_engine import FakeEngine
from tests.support.waiting import aio_eventually

Connect = Callable[..., Connection]


def spec(input: str = "{}") -> TriggerSpec:
    return TriggerSpec("w:t", input, "")


def points_of_a_conversation() -> int:
    """hello, welcome, trigger, accepted, subscribe and result: two points a frame, or a few more."""
    return 16


@pytest.mark.parametrize("point", range(1, points_of_a_conversation()))
async def test_the_stream_breaks_between_any_two_frames(
    make_engine: Callable[..., FakeEngine], connect: Connect, point: int
) -> None:
    engine = make_engine(cut_at={point})
    connection = connect(engine)
    run_ids = await connection.trigger([spec(), spec()])
    waiting = asyncio.ensure_future(connection.outcomes(run_ids))
    await aio_eventually(lambda: any(set(run_ids) <= peer.subscribed for peer in engine.clients))
    for run_id in run_ids:
        engine.finish(run_id, '{"ok":1}')
    assert [outcome.status for outcome in await waiting] == ["COMPLETED", "COMPLETED"]
    assert set(engine.runs) == set(run_ids)
    more = await connection.trigger([spec()])
    assert set(engine.runs) == {*run_ids, *more}


async def test_what_was_sent_but_not_answered_is_sent_again_and_marked(engine: FakeEngine, connect: Connect) -> None:
    connection = connect(engine)
    await connection.trigger([spec()])
    engine.answering = False
    waiting = [asyncio.ensure_future(connection.trigger([spec(f'{{"n":{n}}}')])) for n in range(3)]
    await aio_eventually(lambda: sum(len(frame.triggers) for frame in engine.client_frames) == 4)
    engine.stop()
    engine.client_frames.clear()
    engine.answering = True
    engine.start()
    run_ids = [run_id for call in waiting for run_id in await call]
    assert [engine.runs[run_id].input for run_id in run_ids] == ['{"n":0}', '{"n":1}', '{"n":2}']
    again = [request for frame in engine.client_frames for request in frame.triggers]
    assert [(request.request, request.resent) for request in again] == [(1, True), (2, True), (3, True)]


async def test_outcomes_are_waited_for_across_a_restart(engine: FakeEngine, connect: Connect) -> None:
    connection = connect(engine)
    run_ids = await connection.trigger([spec(), spec()], subscribe=True)
    waiting = asyncio.ensure_future(connection.outcomes(run_ids))
    await aio_eventually(lambda: bool(engine.clients))
    engine.stop()
    for run_id in run_ids:
        engine.finish(run_id, '{"late":1}')
    engine.start()
    assert {outcome.tasks[0].output for outcome in await waiting} == {'{"late":1}'}


async def test_outcomes_pushed_while_nobody_asked_are_asked_for_again(engine: FakeEngine, connect: Connect) -> None:
    connection = connect(engine)
    run_ids = await connection.trigger([spec()], subscribe=True)
    engine.stop()
    engine.finish(run_ids[0], '{"late":1}')
    engine.start()
    assert (await connection.outcome(run_ids[0])).tasks[0].output == '{"late":1}'


async def test_triggers_wait_for_an_engine_that_comes_up_late(engine: FakeEngine, connect: Connect) -> None:
    connection = connect(engine)
    engine.stop()
    waiting = asyncio.ensure_future(connection.trigger([spec()]))
    await aio_eventually(lambda: connection.services._session._lost_at is not None)
    engine.start()
    assert len(await waiting) == 1


async def test_an_engine_that_stays_away_is_reported(engine: FakeEngine, connect: Connect) -> None:
    connection = connect(engine, tenacity=TenacityConfig(max_attempts=1))
    engine.stop()
    began = time.monotonic()
    with pytest.raises(grpc.RpcError) as refused:
        await connection.trigger([spec()])
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    assert time.monotonic() - began < 5
    engine.start()

    async def works_again() -> bool:
        try:
            return len(await connection.trigger([spec()])) == 1
        except grpc.RpcError as error:
            raise AssertionError("gRPC still waits before it connects again") from error

    await aio_eventually(works_again)


async def test_a_refused_token_is_reported_at_once(engine: FakeEngine, connect: Connect) -> None:
    async def deny(request_iterator: object, context: grpc.aio.ServicerContext[pb.ClientFrame, object]) -> None:
        await context.abort(grpc.StatusCode.UNAUTHENTICATED, "invalid auth token")

    engine.override_client = deny
    connection = connect(engine)
    with pytest.raises(grpc.RpcError) as refused:
        await connection.trigger([spec()])
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
    with pytest.raises(grpc.RpcError, match="invalid auth token"):
        await connection.outcome("some-run")
    engine.override_client = None
    assert len(await connection.trigger([spec()])) == 1


async def test_an_idle_connection_does_not_reconnect(engine: FakeEngine, connect: Connect) -> None:
    connection = connect(engine)
    await connection.trigger([spec()])
    engine.stop()
    session = connection.services._session.session
    await aio_eventually(lambda: not session.connected)
    engine.start()
    assert engine.clients == []
    await connection.trigger([spec()])
    assert len(engine.clients) == 1


async def test_an_answer_that_comes_twice_changes_nothing(engine: FakeEngine, connect: Connect) -> None:
    connection = connect(engine)
    [run_id] = await connection.trigger([spec()], subscribe=True)
    engine.finish(run_id, '{"n":1}')
    assert (await connection.outcome(run_id)).tasks[0].output == '{"n":1}'
    again = pb.EngineToClientFrame(accepted=[1, 99], results=[engine.runs[run_id].result()])
    again.rejected.add(request=77, code=3, message="unknown request")
    engine.call(engine.clients[0].out.put_nowait, again)
    assert len(await connection.trigger([spec()])) == 1
