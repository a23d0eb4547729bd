"""A connection is used from any thread and loop, by blocking callers, and across a fork."""

import asyncio
import contextvars
import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
import pytest

from hatchet_sdk.blocking import blocking
from hatchet_sdk.transport.connection import Connection, TriggerSpec
from hatchet_sdk.transport.mailbox import Mailbox, Mailboxes
from tests.sdk_worker.fake_engine import FakeEngine
from tests.support.waiting import aio_eventually, eventually

Connect = Callable[..., Connection]
shout: contextvars.ContextVar[str] = contextvars.ContextVar("shout", default="")


class Client:
    """An object as the public API has it: coroutines, and their blocking twins."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def aio_run(self, workflow: str, *, input: str = "{}") -> str:
        """Run and wait."""
        run_ids = await self._connection.trigger([TriggerSpec(workflow, input, "")], subscribe=True)
        outcome = await self._connection.outcome(run_ids[0])
        return outcome.tasks[0].output + shout.get()

    run = blocking(aio_run)

    async def aio_fail(self) -> None:
        raise KeyError("from the coroutine")

    fail = blocking(aio_fail)

    async def aio_nested(self) -> str:
        return self.run("w:t")

    nested = blocking(aio_nested)


def test_nothing_happens_before_the_first_call(engine: FakeEngine) -> None:
    before = threading.active_count()
    connection = Connection(engine.config())
    assert threading.active_count() == before
    connection.close()


def test_blocking_twins_run_in_the_context_of_the_caller(engine: FakeEngine, connect: Connect) -> None:
    engine.auto_finish = '{"n":1}'
    client = Client(connect(engine))
    context = contextvars.copy_context()
    context.run(shout.set, "!")
    assert context.run(client.run, "w:t") == '{"n":1}!'
    assert (Client.run.__name__, Client.run.__qualname__) == ("run", "Client.run")
    assert Client.run.__doc__ == "Run and wait."
    with pytest.raises(KeyError, match="from the coroutine"):
        client.fail()


def test_many_threads_share_a_connection(engine: FakeEngine, connect: Connect) -> None:
    engine.auto_finish = '{"n":1}'
    client = Client(connect(engine))
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(lambda _: client.run("w:t"), range(300))) == ['{"n":1}'] * 300
    assert len(engine.runs) == 300


def test_a_blocking_call_on_the_transports_own_thread_is_refused(engine: FakeEngine, connect: Connect) -> None:
    client = Client(connect(engine))
    with pytest.raises(RuntimeError, match="await the aio_ twin"):
        client.nested()


def test_loops_come_and_go(engine: FakeEngine, connect: Connect) -> None:
    engine.auto_finish = '{"n":1}'
    client = Client(connect(engine))
    for _ in range(5):
        assert asyncio.run(client.aio_run("w:t")) == '{"n":1}'
    assert len(client._connection._mailboxes._by_loop) <= 2


def test_a_loop_that_was_closed_meanwhile_does_no_harm(engine: FakeEngine, connect: Connect) -> None:
    client = Client(connect(engine))
    loop = asyncio.new_event_loop()
    abandoned = loop.create_task(client.aio_run("w:t"))

    async def until_triggered() -> None:
        await aio_eventually(lambda: len(engine.runs) == 1)

    loop.run_until_complete(until_triggered())
    abandoned._log_destroy_pending = False  # type: ignore[attr-defined]  # it is destroyed on purpose
    loop.close()
    engine.finish(next(iter(engine.runs)), '{"n":0}')
    engine.auto_finish = '{"n":1}'
    assert client.run("w:t") == '{"n":1}'


def test_close_frees_those_who_wait_and_the_thread(engine: FakeEngine, connect: Connect) -> None:
    connection = connect(engine)
    client = Client(connection)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.run, "w:t")
        eventually(lambda: len(engine.runs) == 1)
        transport = next(thread for thread in threading.enumerate() if thread.name == "hatchet-transport")
        connection.close()
        with pytest.raises(BaseException) as ended:
            waiting.result(5)
        assert type(ended.value).__name__ in ("CancelledError", "AioRpcError")
    assert not transport.is_alive()
    engine.auto_finish = '{"n":1}'
    assert client.run("w:t") == '{"n":1}'


def test_a_connection_that_nobody_holds_ends_its_thread(engine: FakeEngine) -> None:
    engine.auto_finish = "{}"
    connection = Connection(engine.config())
    Client(connection).run("w:t")
    transport = next(thread for thread in threading.enumerate() if thread.name == "hatchet-transport")
    gone = weakref.ref(connection)
    del connection
    gc.collect()
    assert gone() is None
    eventually(lambda: not transport.is_alive())


class WatchedMailbox(Mailbox):
    """One whose deliveries a test can watch."""


@contextmanager
def mailbox_of_another_thread() -> Iterator[WatchedMailbox]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield WatchedMailbox(loop)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class TestMailbox:
    async def test_one_wake_up_for_everything_that_is_ready(self) -> None:
        loop = asyncio.get_running_loop()
        mailbox, order, woken = Mailbox(loop), [], []
        wake = loop.call_soon_threadsafe
        loop.call_soon_threadsafe = lambda *args: woken.append(1) or wake(*args)  # type: ignore[method-assign]
        try:
            poster = threading.Thread(target=lambda: [mailbox.post(order.append, number) for number in range(100)])
            poster.start()
            poster.join()
            await aio_eventually(lambda: len(order) == 100)
        finally:
            del loop.call_soon_threadsafe
        assert order == list(range(100)) and len(woken) == 1

    async def test_what_one_turn_forwards_travels_as_one_bundle(self) -> None:
        with mailbox_of_another_thread() as target:
            mine, batches = Mailbox(asyncio.get_running_loop()), []
            deliver = target._deliver
            target._deliver = lambda: batches.append(len(target._calls)) or deliver()  # type: ignore[method-assign]
            order: list[int] = []
            for number in range(100):
                mine.forward(target, order.append, number)
            await aio_eventually(lambda: len(order) == 100)
            assert (order, batches) == (list(range(100)), [100])

    async def test_what_is_forwarded_to_the_own_loop_needs_no_wake_up(self) -> None:
        loop = asyncio.get_running_loop()
        mine, other, order = Mailbox(loop), Mailbox(loop), []
        mine.forward(other, order.append, 1)
        await aio_eventually(lambda: order == [1])

    async def test_a_call_that_fails_does_not_stop_the_others(self) -> None:
        loop = asyncio.get_running_loop()
        mailbox, order, problems = Mailbox(loop), [], []
        loop.set_exception_handler(lambda _, problem: problems.append(problem["exception"]))
        mailbox.post(order.append, 1)
        mailbox.post(lambda: 1 / 0)
        mailbox.post(order.append, 2)
        await aio_eventually(lambda: order == [1, 2])
        assert [type(problem) for problem in problems] == [ZeroDivisionError]

    async def test_what_is_posted_during_a_delivery_is_delivered(self) -> None:
        mailbox, order = Mailbox(asyncio.get_running_loop()), []

        def again(left: int) -> None:
            order.append(left)
            if left:
                mailbox.post(again, left - 1)

        mailbox.post(again, 10)
        await aio_eventually(lambda: order == list(range(10, -1, -1)))

    async def test_nothing_is_lost_between_threads(self) -> None:
        mailbox, arrived = Mailbox(asyncio.get_running_loop()), []

        def post_many(start: int) -> None:
            for number in range(start, start + 5000):
                mailbox.post(arrived.append, number)

        threads = [threading.Thread(target=post_many, args=(start,)) for start in range(0, 40_000, 5000)]
        for thread in threads:
            thread.start()
        await aio_eventually(lambda: len(arrived) == 40_000, within_s=20)
        assert sorted(arrived) == list(range(40_000))
        for start in range(0, 40_000, 5000):
            mine = [number for number in arrived if start <= number < start + 5000]
            assert mine == sorted(mine)

    def test_a_closed_loop_drops_what_is_posted(self) -> None:
        loop = asyncio.new_event_loop()
        mailbox = Mailboxes().of(loop)
        loop.close()
        mailbox.post(print, "never")
        assert not mailbox._calls


async def test_events_of_a_run_are_streamed(engine: FakeEngine, connect: Connect) -> None:
    from hatchet_wire.published import dispatcher_pb2

    chunks = [
        dispatcher_pb2.WorkflowEvent(event_type=6, event_payload=str(index), event_index=index)  # type: ignore[arg-type]
        for index in range(3000)
    ]
    engine.published.run_events = [*chunks, dispatcher_pb2.WorkflowEvent(hangup=True)]
    events = [event async for event in connect(engine).stream_run_events("run-1")]
    assert [event.event_payload for event in events[:-1]] == [str(index) for index in range(3000)]
    assert events[-1].hangup


async def test_a_stream_of_an_unknown_run_raises_what_the_engine_said(engine: FakeEngine, connect: Connect) -> None:
    engine.published.failures["SubscribeToWorkflowEvents"] = [grpc.StatusCode.NOT_FOUND]
    with pytest.raises(grpc.RpcError) as refused:
        _ = [event async for event in connect(engine).stream_run_events("run-1")]
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


async def test_a_consumer_that_leaves_ends_the_subscription(engine: FakeEngine, connect: Connect) -> None:
    from hatchet_wire.published import dispatcher_pb2

    engine.published.run_events = [dispatcher_pb2.WorkflowEvent(event_payload=str(n)) for n in range(100)]
    connection = connect(engine)
    events = connection.stream_run_events("run-1")
    assert (await anext(events)).event_payload == "0"
    await events.aclose()  # type: ignore[attr-defined]
    await aio_eventually(lambda: not connection.services._pumps)
