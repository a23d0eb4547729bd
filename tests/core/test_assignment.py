"""Order of the queue, choice of the worker, limits of slots."""

from hypothesis import given
from hypothesis import strategies as st

from hatchet_engine.core.commands import CancelTasks, Heartbeat, PauseWorker, ReleaseSlot
from hatchet_engine.core.durations import SECOND
from tests.core.harness import Bench


def test_a_task_is_created_and_assigned_in_one_batch() -> None:
    bench = Bench()
    bench.workflow()
    bench.worker()
    bench.trigger("r")
    assert bench.assigned == [("r", "w")]
    assert bench.changes.touched == {}


@given(st.lists(st.tuples(st.sampled_from([1, 2, 3]), st.booleans()), min_size=1, max_size=30))
def test_higher_priorities_go_first_and_equals_in_order(runs: list[tuple[int, bool]]) -> None:
    bench = Bench()
    bench.workflow()
    for number, (priority, _) in enumerate(runs):
        bench.trigger(str(number), priority=priority)
    bench.do(CancelTasks([str(number) for number, (_, cancelled) in enumerate(runs) if cancelled]))
    bench.worker(slots=len(runs))
    waiting = [(-priority, number) for number, (priority, cancelled) in enumerate(runs) if not cancelled]
    assert [int(task_id) for task_id, _ in bench.assigned] == [number for _, number in sorted(waiting)]


def test_a_retry_goes_ahead_of_every_priority() -> None:
    bench = Bench()
    bench.workflow(retries=1)
    bench.worker()
    bench.trigger("first")
    bench.trigger("high", priority=3)
    bench.fail("first")
    assert bench.assigned == [("first", "w")]


def test_workers_take_turns() -> None:
    bench = Bench()
    bench.workflow()
    bench.worker("a", 3)
    bench.worker("b", 3)
    bench.trigger("1", "2", "3", "4")
    assert [worker for _, worker in bench.assigned] == ["a", "b", "a", "b"]


def test_actions_take_turns_on_one_slot() -> None:
    bench = Bench()
    bench.workflow("x")
    bench.workflow("y")
    bench.trigger("x1", "x2", workflow="x")
    bench.trigger("y1", "y2", workflow="y")
    bench.worker("w", 1, ("svc:x", "svc:y"))
    order = []
    while bench.assigned:
        [(task_id, _)] = bench.assigned
        order.append(task_id)
        bench.complete(task_id)
    assert order == ["x1", "y1", "x2", "y2"]


def test_a_task_takes_as_many_slots_as_it_asks_for() -> None:
    bench = Bench()
    bench.workflow(slot_requests={"default": 2})
    bench.worker("w", 3)
    bench.trigger("a", "b")
    assert bench.assigned == [("a", "w")]
    bench.do(ReleaseSlot("a"))
    assert bench.assigned == [("b", "w")]
    bench.complete("a")
    assert bench.tenant.workers["w"].free == {"default": 1}


def test_paused_and_silent_workers_get_nothing() -> None:
    bench = Bench()
    bench.workflow()
    bench.worker("paused", 5)
    bench.do(PauseWorker("paused", True))
    bench.worker("silent", 5)
    bench.now += 11 * SECOND
    bench.trigger("r")
    assert bench.assigned == []
    bench.do(Heartbeat("silent"))
    assert bench.assigned == [("r", "silent")]
