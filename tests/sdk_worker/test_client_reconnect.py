"""The client stream breaks: nothing is lost, nothing is started twice."""

import asyncio
import time
from collections.abc import Callable

import grpc
import pytest

from hatchet_sdk.config import TenacityConfig
from hatchet_sdk.transport import session
from hatchet_sdk.transport.channel import channel_options
from hatchet_sdk.transport.connection import Connection, TriggerSpec
from hatchet_sdk.transport.retry import backoff_s
from hatchet_wire.session import session_pb2 as pb
from tests.sdk_worker.fake_engine import FakeEngine
from tests.support.waiting import aio_eventually

Connect = Callable[..., Connection]
PATIENT_FOR_A_SECOND = TenacityConfig(max_attempts=2)


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
    await aio_eventually(lambda: connection.services._session._lost)
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


async def test_a_client_is_back_soon_after_a_longer_outage(engine: FakeEngine, connect: Connect) -> None:
    connection = connect(engine)
    run_ids = await connection.trigger([spec()], subscribe=True)
    waiting = asyncio.ensure_future(connection.outcomes(run_ids))
    await aio_eventually(lambda: connection.services._session.outcomes.waiting)
    engine.stop()
    until = time.monotonic() + 3
    await aio_eventually(lambda: time.monotonic() > until)
    engine.start()
    await aio_eventually(lambda: engine.clients, within_s=1.5)
    engine.finish(run_ids[0])
    await waiting


def test_the_longest_pause_stays_short_however_long_the_outage_is(engine: FakeEngine) -> None:
    pauses = [backoff_s(session.FIRST_DELAY_S, failures, session.LONGEST_DELAY_S) for failures in (1, 2, 10, 100_000)]
    assert pauses == [0.05, 0.1, 0.5, 0.5]
    assert dict(channel_options(engine.config()))["grpc.max_reconnect_backoff_ms"] == 500


async def test_a_trigger_late_in_an_outage_is_given_its_own_time(engine: FakeEngine, connect: Connect) -> None:
    connection = connect(engine, tenacity=PATIENT_FOR_A_SECOND)
    run_ids = await connection.trigger([spec()], subscribe=True)
    waiting = asyncio.ensure_future(connection.outcomes(run_ids))
    await aio_eventually(lambda: connection.services._session.outcomes.waiting)
    engine.stop()
    for _ in range(2):
        began = time.monotonic()
        with pytest.raises(grpc.RpcError) as refused:
            await connection.trigger([spec()])
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
        assert 1 <= time.monotonic() - began < 4
    late = asyncio.ensure_future(connection.trigger([spec()]))
    engine.start()
    assert len(await late) == 1
    engine.finish(run_ids[0])
    await waiting


def not_ready(_: pb.TriggerRequest) -> pb.Rejected:
    return pb.Rejected(code=grpc.StatusCode.UNAVAILABLE.value[0], message="the engine reloads its state")


async def test_a_trigger_that_a_reloading_engine_refused_is_sent_again(engine: FakeEngine, connect: Connect) -> None:
    engine.refuse = not_ready
    connection = connect(engine)
    waiting = [asyncio.ensure_future(connection.trigger([spec(f'{{"n":{n}}}')])) for n in range(3)]
    await aio_eventually(lambda: sum(len(frame.triggers) for frame in engine.client_frames) >= 9)
    assert not any(call.done() for call in waiting) and engine.runs == {}
    engine.refuse = lambda _: None
    run_ids = [run_id for call in waiting for run_id in await call]
    assert set(engine.runs) == set(run_ids)
    sent = [request for frame in engine.client_frames for request in frame.triggers]
    assert [request.resent for request in sent] == [False] * 3 + [True] * (len(sent) - 3)


async def test_a_trigger_that_a_stopping_engine_refused_is_sent_to_the_next(
    engine: FakeEngine, connect: Connect
) -> None:
    engine.refuse = not_ready
    connection = connect(engine)
    waiting = asyncio.ensure_future(connection.trigger([spec()]))
    await aio_eventually(lambda: engine.client_frames)
    engine.stop()
    engine.refuse = lambda _: None
    engine.start()
    run_ids = await waiting
    assert list(engine.runs) == run_ids


async def test_an_engine_that_is_never_ready_is_reported(engine: FakeEngine, connect: Connect) -> None:
    engine.refuse = not_ready
    connection = connect(engine, tenacity=PATIENT_FOR_A_SECOND)
    began = time.monotonic()
    with pytest.raises(grpc.RpcError, match="the engine reloads its state") as refused:
        await connection.trigger([spec()])
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    assert 1 <= time.monotonic() - began < 4
    assert len(engine.client_frames) > 3


async def test_a_connection_closed_meanwhile_ends_the_trigger(engine: FakeEngine, connect: Connect) -> None:
    engine.refuse = not_ready
    connection = connect(engine)
    waiting = asyncio.ensure_future(connection.trigger([spec()]))
    await aio_eventually(lambda: connection.services._session._put_off)
    await asyncio.to_thread(connection.close)
    with pytest.raises(grpc.RpcError, match="the connection was closed"):
        await waiting


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
