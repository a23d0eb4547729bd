import pytest

from hatchet_engine.core.changes import CancelAttempt
from hatchet_engine.core.commands import (
    AttemptRef,
    ConnectWorker,
    DisconnectWorker,
    Heartbeat,
    RegisterWorker,
    RemoveWorker,
    SendFailed,
    StepEventKind,
    Tick,
)
from hatchet_engine.core.durations import HOUR, SECOND
from hatchet_engine.core.errors import FailedPrecondition, InvalidArgument, NotFound
from hatchet_engine.core.machine import WorkerState
from tests.core.harness import Bench


def holding() -> Bench:
    bench = Bench()
    bench.workflow(timeout="1h")
    bench.worker(slots=2)
    bench.trigger("a", "b")
    return bench


def test_a_session_worker_that_comes_back_in_time_keeps_its_tasks() -> None:
    bench = holding()
    bench.do(DisconnectWorker("w", 1))
    bench.wait(4 * SECOND)
    bench.do(ConnectWorker("w", 2, [AttemptRef("a", 0), AttemptRef("b", 0)], True))
    bench.wait(6 * SECOND)
    assert (bench.state("a"), bench.tenant.tasks["a"].retry_count) == ("RUNNING", 0)
    assert bench.complete("a")


def test_after_a_reconnect_both_sides_drop_what_the_other_does_not_know() -> None:
    bench = holding()
    bench.do(ConnectWorker("w", 2, [AttemptRef("a", 0), AttemptRef("zombie", 3)], True))
    cancels = [(e.task_id, e.retry_count) for e in bench.changes.effects if isinstance(e, CancelAttempt)]
    assert cancels == [("zombie", 3)]
    assert bench.assigned == [("b", "w")]
    assert bench.tenant.tasks["b"].retry_count == 1


def test_a_published_worker_gets_longer_and_unstarted_work_is_sent_again() -> None:
    bench = Bench()
    bench.workflow()
    bench.do(RegisterWorker("w", "w", ["svc:work"], {}), ConnectWorker("w", 1))
    bench.trigger("r")
    bench.do(DisconnectWorker("w", 1))
    assert bench.state("r") == "QUEUED"
    bench.wait(10 * SECOND)
    assert bench.tenant.workers["w"].state is WorkerState.DISCONNECTED
    bench.wait(6 * SECOND)
    assert bench.tenant.workers["w"].state is WorkerState.LOST


def test_the_end_of_an_older_stream_means_nothing() -> None:
    bench = holding()
    bench.do(bench.connection("w"))
    bench.do(DisconnectWorker("w", 1))
    assert bench.tenant.workers["w"].state is WorkerState.CONNECTED


def test_silence_loses_a_connected_worker() -> None:
    bench = holding()
    for _ in range(5):
        bench.wait(10 * SECOND)
        bench.do(Heartbeat("w"))
    bench.wait(29 * SECOND)
    assert bench.state("a") == "RUNNING"
    bench.wait(2 * SECOND)
    assert (bench.state("a"), bench.tenant.workers["w"].state) == ("QUEUED", WorkerState.LOST)
    with pytest.raises(FailedPrecondition):
        bench.do(Heartbeat("w"))


def test_a_report_is_a_sign_of_life() -> None:
    bench = holding()
    bench.now += 25 * SECOND
    bench.report(StepEventKind.STARTED, "a")
    bench.wait(10 * SECOND)
    assert bench.tenant.workers["w"].state is WorkerState.CONNECTED


def test_any_sign_of_life_makes_a_silent_worker_able_again() -> None:
    bench = holding()
    bench.complete("a")
    bench.now += 11 * SECOND
    bench.trigger("c")
    assert bench.assigned == []
    bench.report(StepEventKind.STARTED, "b")
    assert bench.assigned == [("c", "w")]


def test_a_published_workers_new_stream_gets_what_the_old_one_may_have_lost() -> None:
    bench = Bench()
    bench.workflow()
    bench.do(RegisterWorker("w", "w", ["svc:work"], {}), ConnectWorker("w", 1))
    bench.trigger("r")
    bench.do(ConnectWorker("w", 2))
    assert (bench.assigned, bench.tenant.tasks["r"].retry_count) == ([("r", "w")], 1)


def test_lost_workers_are_not_in_the_way() -> None:
    bench = Bench()
    bench.workflow()
    for number in range(20):
        bench.worker(f"w{number}")
        bench.do(DisconnectWorker(f"w{number}", bench.sessions))
    assert bench.tenant.action_workers == {}


def test_nobody_pays_for_the_absence_of_the_engine() -> None:
    bench = holding()
    bench.trigger("waits")
    bench.now += HOUR
    bench.do(Tick(after_absence=True))
    assert [bench.state(run_id) for run_id in ("a", "b", "waits")] == ["RUNNING", "RUNNING", "QUEUED"]
    bench.wait(14 * SECOND)
    assert bench.complete("a")
    bench.wait(20 * SECOND)
    assert bench.tenant.workers["w"].state is WorkerState.CONNECTED


def test_a_restarted_engine_gives_workers_time_to_come_back_and_their_work_counts() -> None:
    bench = holding()
    bench.now += HOUR * 5
    bench.restart()
    bench.wait(14 * SECOND)
    bench.do(ConnectWorker("w", 2, [AttemptRef("a", 0), AttemptRef("b", 0)], True))
    assert bench.complete("a")
    bench.wait(7 * SECOND)
    assert "b" not in bench.tenant.tasks


def test_after_a_restart_what_a_dead_worker_held_is_reassigned_and_not_blamed() -> None:
    bench = Bench()
    bench.workflow(timeout="1s")
    bench.worker()
    bench.trigger("r")
    for _ in range(5):  # an engine that is restarted again and again
        bench.now += 14 * SECOND
        bench.restart()
    bench.now += 30 * SECOND
    bench.do(Tick())
    assert (bench.state("r"), bench.tenant.tasks["r"].internal_retries) == ("QUEUED", 1)


def test_a_lost_worker_is_forgotten_after_a_day() -> None:
    bench = holding()
    bench.do(DisconnectWorker("w", 1))
    bench.wait(6 * SECOND)
    bench.wait(25 * HOUR)
    assert bench.tenant.workers == {}
    with pytest.raises(NotFound):
        bench.do(Heartbeat("w"))


def test_goodbye_gives_the_work_back_at_once() -> None:
    bench = holding()
    bench.worker("other", 2)
    bench.do(RemoveWorker("w"))
    assert bench.assigned == [("a", "other"), ("b", "other")]


def test_what_could_not_be_sent_is_queued_again() -> None:
    bench = holding()
    bench.do(SendFailed("w", [AttemptRef("a", 0), AttemptRef("b", 7)]))
    assert (bench.tenant.tasks["a"].retry_count, bench.tenant.tasks["b"].retry_count) == (1, 0)


@pytest.mark.parametrize("action", ["", "verb", "a:b:c:d", ":x", "x:"])
def test_a_malformed_action_is_refused(action: str) -> None:
    with pytest.raises(InvalidArgument):
        Bench().do(RegisterWorker("w", "w", [action], {}))
