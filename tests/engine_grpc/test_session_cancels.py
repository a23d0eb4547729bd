"""A cancel must not reach a worker before the assignment that it is about."""

from collections.abc import Sequence

from hatchet_engine.core.changes import Assigned, CancelAttempt
from hatchet_engine.core.definition import Step, WorkflowDefinition
from hatchet_engine.core.model import Version
from hatchet_engine.runtime.records import Delivery
from hatchet_engine.server.server import Server
from hatchet_engine.transports.grpc.session_assignments import WorkerOutbox
from hatchet_wire.published.v1.workflows_pb2 import CancelTasksRequest
from hatchet_wire.session.session_pb2 import WorkerFrame, WorkerHello
from tests.engine_grpc.wire import Wire
from tests.support.waiting import aio_eventually

MiB = 1024 * 1024
BIG = '{"a": "' + "x" * (2 * MiB) + '"}'


async def test_what_was_cancelled_before_it_was_sent_never_reaches_the_worker(server: Server, wire: Wire) -> None:
    await wire.register_workflow()
    worker = wire.session.Worker(timeout=None)
    await worker.write(WorkerFrame(hello=WorkerHello(name="w", actions=["simple:run"], slots={"default": 100})))
    await aio_eventually(lambda: [w for w in server.engine.live_workers(server.tenant_id) if w.session])
    run_ids = [await wire.trigger(input=BIG) for _ in range(6)]
    (live,) = server.engine.live_workers(server.tenant_id)
    await aio_eventually(lambda: len(live.held) == 6)
    await wire.admin.CancelTasks(CancelTasksRequest(external_ids=run_ids))
    last = await wire.trigger()
    assigned: list[str] = []
    cancelled: list[str] = []
    while last not in assigned:
        frame = await worker.read()
        new = [assignment.task_id for assignment in frame.assignments]
        assert not set(new) & set(cancelled)
        assigned += new
        cancelled += [cancel.attempt.task_id for cancel in frame.cancels]
    assert set(assigned) == {last, *cancelled}
    assert len(cancelled) < 6


def delivery(task_id: str, retry_count: int, input: str = BIG) -> Delivery:
    definition = WorkflowDefinition("simple", (Step("run", "simple:run"),), {})
    (step,) = Version("version", "workflow", 1, definition, "", ["step"], 0).steps
    return Delivery(Assigned("worker", task_id, retry_count, 1, step), input, "", None)


def cancel(task_id: str, retry_count: int) -> CancelAttempt:
    return CancelAttempt("worker", task_id, retry_count, "cancelled")


def said(outbox: WorkerOutbox) -> Sequence[tuple[str, str, int]]:
    """Everything that the worker is told, in the order in which it takes it in."""
    told: list[tuple[str, str, int]] = []
    while (frame := outbox.take()) is not None:
        told += [("run", each.task_id, each.retry_count) for each in frame.assignments]
        told += [("cancel", each.attempt.task_id, each.attempt.retry_count) for each in frame.cancels]
    return told


def test_a_cancel_takes_back_the_assignment_that_still_waits() -> None:
    outbox = WorkerOutbox()
    outbox.add([delivery("a", 0), delivery("b", 1), delivery("c", 0)], [])
    frame = outbox.take()
    assert frame is not None and [each.task_id for each in frame.assignments] == ["a"]
    outbox.add([], [cancel("a", 0), cancel("b", 0), cancel("b", 1), cancel("b", 1)])
    assert [attempt.task_id for attempt in outbox.undelivered()] == ["c"]
    assert said(outbox) == [("run", "c", 0), ("cancel", "a", 0), ("cancel", "b", 0)]
    assert outbox.waiting_bytes == 0


def test_an_assignment_and_its_cancel_may_come_together() -> None:
    outbox = WorkerOutbox()
    outbox.add([delivery("a", 0, "{}"), delivery("a", 1, "{}")], [cancel("a", 0)])
    assert said(outbox) == [("run", "a", 1)]
    assert outbox.waiting_bytes == 0
