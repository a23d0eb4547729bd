"""The life of a session worker's stream: reconnects, fences, heartbeats, draining, and what it must not do."""

import grpc
import pytest
from grpc import aio

from hatchet_engine.core.machine import WorkerState
from hatchet_engine.core.model import Worker
from hatchet_engine.server.server import Server
from hatchet_engine.store.queries import LogFilter, log_page
from hatchet_wire.session.session_pb2 import (
    Attempt,
    Label,
    LogLine,
    StepEvent,
    TimeoutRefresh,
    WorkerFrame,
    WorkerHello,
    WorkerStatus,
)
from tests.engine_grpc.peers import WorkerPeer
from tests.engine_grpc.wire import UNKNOWN_ID, Wire
from tests.support.waiting import aio_eventually


def live(server: Server, worker_id: str) -> Worker:
    (worker,) = [w for w in server.engine.live_workers(server.tenant_id) if w.id == worker_id]
    return worker


async def test_a_worker_that_reconnects_keeps_what_it_runs(server: Server, wire: Wire) -> None:
    await wire.register_workflow()
    worker = await WorkerPeer(wire, "simple:run").connect()
    kept, lost = await wire.trigger(), await wire.trigger()
    await worker.assigned(2)
    worker.vanish()
    await aio_eventually(lambda: live(server, worker.id).state is WorkerState.DISCONNECTED)
    again = await WorkerPeer(wire, "simple:run").connect(
        worker_id=worker.id, running=[Attempt(task_id=kept, retry_count=0), Attempt(task_id=UNKNOWN_ID)]
    )
    assert again.id == worker.id
    (assignment,) = await again.assigned()
    assert (assignment.task_id, assignment.retry_count) == (lost, 1)
    await aio_eventually(lambda: [cancel.attempt.task_id for cancel in again.cancels] == [UNKNOWN_ID])
    again.sequence = 1
    await again.report(StepEvent.COMPLETED, next(a for a in worker.assignments if a.task_id == kept))
    await aio_eventually(lambda: again.acked == 2)
    assert (await wire.details(kept)).done


async def test_a_stale_attempt_changes_nothing_and_is_acknowledged(server: Server, wire: Wire) -> None:
    await wire.register_workflow()
    worker = await WorkerPeer(wire, "simple:run").connect()
    run_id = await wire.trigger()
    (first,) = await worker.assigned()
    worker.vanish()
    await aio_eventually(lambda: live(server, worker.id).state is WorkerState.DISCONNECTED)
    again = await WorkerPeer(wire, "simple:run").connect(worker_id=worker.id)
    (second,) = await again.assigned()
    assert second.retry_count == 1
    await again.complete(first, '{"from": "the lost attempt"}')
    assert not (await wire.details(run_id)).done
    await again.complete(second, '{"from": "its successor"}')
    assert (await wire.details(run_id)).task_runs["run"].output == b'{"from": "its successor"}'


async def test_events_that_come_twice_or_after_the_end_are_acknowledged(wire: Wire) -> None:
    await wire.register_workflow()
    worker = await WorkerPeer(wire, "simple:run").connect()
    run_id = await wire.trigger()
    (assignment,) = await worker.assigned()
    await worker.complete(assignment, '{"n": 1}')
    await worker.complete(assignment, '{"n": 2}')
    await worker.report(StepEvent.STARTED, assignment)
    await worker.report(StepEvent.FAILED, assignment, "too late")
    await aio_eventually(lambda: worker.acked == 4)
    details = await wire.details(run_id)
    assert details.task_runs["run"].output == b'{"n": 1}'
    assert not details.task_runs["run"].HasField("error")


async def test_output_that_cannot_be_kept_fails_the_attempt(wire: Wire) -> None:
    await wire.register_workflow()
    worker = await WorkerPeer(wire, "simple:run").connect()
    run_id = await wire.trigger()
    (assignment,) = await worker.assigned()
    await worker.complete(assignment, '{"nul": "\\u0000"}')
    assert (await wire.details(run_id)).task_runs["run"].error == "the task's output contains the character U+0000"


async def test_an_unknown_worker_must_register_anew(wire: Wire) -> None:
    worker = await WorkerPeer(wire, "simple:run").connect(worker_id=UNKNOWN_ID)
    assert await worker.ended() is grpc.StatusCode.NOT_FOUND


async def test_heartbeat_labels_and_pause(server: Server, wire: Wire) -> None:
    worker = await WorkerPeer(wire, "simple:run").connect(labels={"gpu": Label(number=2), "zone": Label(text="a")})
    await worker.send(
        status=WorkerStatus(blocked_frame="time.sleep(60)"), labels={"zone": Label(text="b")}, paused=True
    )
    await aio_eventually(lambda: live(server, worker.id).paused)
    known = live(server, worker.id)
    assert known.labels == {"gpu": 2, "zone": "b"}
    assert known.blocked_frame == "time.sleep(60)"
    await worker.send(status=WorkerStatus(), paused=False)
    await aio_eventually(lambda: live(server, worker.id).blocked_frame is None and not live(server, worker.id).paused)


async def test_goodbye_forgets_the_worker_and_ends_the_stream(server: Server, wire: Wire) -> None:
    await wire.register_workflow()
    worker = await WorkerPeer(wire, "simple:run").connect()
    run_id = await wire.trigger()
    (assignment,) = await worker.assigned()
    event = StepEvent(sequence=1, task_id=assignment.task_id, kind=StepEvent.COMPLETED, payload="{}")
    await worker.send(events=[event], goodbye=True)
    assert await worker.ended() is grpc.StatusCode.OK
    assert worker.acked == 1
    assert (await wire.details(run_id)).done
    assert server.engine.live_workers(server.tenant_id) == []


async def test_timeouts_are_refreshed_by_attempt(wire: Wire) -> None:
    await wire.register_workflow(timeout="60s")
    worker = await WorkerPeer(wire, "simple:run").connect()
    await wire.trigger()
    (assignment,) = await worker.assigned()
    mine, other = Attempt(task_id=assignment.task_id), Attempt(task_id=assignment.task_id, retry_count=7)
    await worker.send(refreshes=[TimeoutRefresh(attempt=mine, increment_us=1_000_000)])
    await worker.send(refreshes=[TimeoutRefresh(attempt=mine, increment_us=5_000_000)])
    await worker.send(refreshes=[TimeoutRefresh(attempt=other, increment_us=1_000_000)])
    await worker.send(refreshes=[TimeoutRefresh(attempt=mine, increment_us=-1)])
    await aio_eventually(lambda: len(worker.refreshed) == 3 and worker.errors)
    first, second = [r.deadline_us for r in worker.refreshed if r.attempt.retry_count == 0]
    assert second - first == 5_000_000
    assert [r.deadline_us for r in worker.refreshed if r.attempt.retry_count == 7] == [0]
    assert "1 µs to 365 days" in worker.errors[0].message


async def test_a_released_slot_takes_the_next_task(wire: Wire) -> None:
    await wire.register_workflow()
    worker = await WorkerPeer(wire, "simple:run", slots=1).connect()
    await wire.trigger()
    await wire.trigger()
    (first,) = await worker.assigned()
    await worker.send(released_slots=[Attempt(task_id=first.task_id), Attempt(task_id=UNKNOWN_ID)])
    assert len(await worker.assigned(2)) == 2
    await worker.complete(first)
    assert (await wire.details(first.task_id)).done


async def test_logs_are_stored_and_bad_lines_are_told(server: Server, wire: Wire) -> None:
    await wire.register_workflow()
    worker = await WorkerPeer(wire, "simple:run").connect()
    run_id = await wire.trigger()
    await worker.assigned()
    good = LogLine(task_id=run_id, level="WARN", message="a\x00b", metadata='{"k": 1}', at_us=1_000)
    await worker.send(
        logs=[
            good,
            LogLine(task_id=run_id, level="LOUD", message="no such level"),
            LogLine(task_id=run_id, message="no object", metadata="[]"),
            LogLine(task_id=run_id, message="later", at_us=2**62),
        ]
    )
    await aio_eventually(lambda: len(worker.errors) == 2)
    engine = server.engine

    wanted = LogFilter(tenant_id=server.tenant_id, task_ids=[run_id])

    async def complete() -> bool:
        lines = await engine.read(log_page, engine.store.reader, wanted, 10, False)
        return [(line.level, line.message) for line in lines] == [("WARN", "a\ufffdb"), ("INFO", "later")]

    await aio_eventually(complete)


@pytest.mark.parametrize(
    "frames",
    [
        [WorkerFrame(status=WorkerStatus())],
        [WorkerFrame(hello=WorkerHello(name="w")), WorkerFrame(hello=WorkerHello(name="w"))],
        [WorkerFrame(hello=WorkerHello(worker_id="no uuid"))],
        [WorkerFrame(hello=WorkerHello(name="a\x00b"))],
        [WorkerFrame(hello=WorkerHello(name="w", actions=["no colon"]))],
        [WorkerFrame(hello=WorkerHello(name="w", labels={"none": Label()}))],
        [WorkerFrame(hello=WorkerHello(name="w", slots={"default": -1}))],
    ],
    ids=["no hello", "second hello", "bad id", "nul in name", "bad action", "label without value", "negative slots"],
)
async def test_a_stream_that_breaks_the_rules_is_refused(wire: Wire, frames: list[WorkerFrame]) -> None:
    call = wire.session.Worker()
    for frame in frames:
        await call.write(frame)
    with pytest.raises(aio.AioRpcError) as refused:
        while await call.read() is not aio.EOF:
            """The welcome may have come before the refusal."""
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_an_event_without_kind_is_told_and_acknowledged(wire: Wire) -> None:
    worker = await WorkerPeer(wire, "simple:run").connect()
    await worker.send(events=[StepEvent(sequence=5, task_id=UNKNOWN_ID)])
    await aio_eventually(lambda: worker.acked == 5)
    assert worker.errors[0].message == "Invalid request: step event 5 has no kind"


async def test_a_half_closed_stream_ends_and_the_worker_may_come_back(server: Server, wire: Wire) -> None:
    worker = await WorkerPeer(wire, "simple:run").connect()
    await worker.half_close()
    assert await worker.ended() is grpc.StatusCode.OK
    await aio_eventually(lambda: live(server, worker.id).state is WorkerState.DISCONNECTED)
    again = await WorkerPeer(wire, "simple:run").connect(worker_id=worker.id, labels={"zone": Label(text="b")})
    await aio_eventually(lambda: live(server, again.id).labels == {"zone": "b"})


async def test_an_older_stream_that_ends_late_does_not_disconnect_the_newer(server: Server, wire: Wire) -> None:
    await wire.register_workflow()
    old = await WorkerPeer(wire, "simple:run").connect()
    new = await WorkerPeer(wire, "simple:run").connect(worker_id=old.id)
    old.vanish()
    await wire.trigger()
    assert len(await new.assigned()) == 1
    assert live(server, new.id).state is WorkerState.CONNECTED
