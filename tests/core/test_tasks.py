"""Outcomes of attempts: tables of (what happens, what follows)."""

import pytest

from hatchet_engine.core.changes import AttemptOutcome, CancelAttempt, TaskFinished
from hatchet_engine.core.commands import (
    CancelTasks,
    DisconnectWorker,
    RefreshTimeout,
    ReplayTasks,
    StepEventKind,
)
from hatchet_engine.core.durations import MINUTE, SECOND
from hatchet_engine.core.errors import NotFound
from hatchet_engine.core.machine import TaskState
from hatchet_engine.core.tasks import MAX_INTERNAL_RETRIES, MAX_REASSIGNMENTS_TEXT, backoff
from tests.core.harness import Bench


def running(slots: int = 1, **task: object) -> Bench:
    bench = Bench()
    bench.workflow(**task)
    bench.worker(slots=slots)
    bench.trigger("r")
    return bench


def finish_of(bench: Bench) -> TaskFinished:
    [effect] = [effect for effect in bench.changes.effects if isinstance(effect, TaskFinished)]
    return effect


@pytest.mark.parametrize(
    ("factor", "longest", "delays"),
    [
        (None, 86_400, [0, 0, 0]),
        (2.0, 10, [2, 4, 8, 10, 10]),
        (1.0, 60, [1, 1, 1]),
        (1000.0, 86_400, [1000, 86_400, 86_400]),
    ],
)
def test_backoff_grows_by_its_factor_up_to_its_cap(factor: float | None, longest: int, delays: list[int]) -> None:
    assert [backoff(factor, longest, k) for k in range(1, len(delays) + 1)] == [d * SECOND for d in delays]
    assert backoff(1000.0, 86_400, 10_000) == 86_400 * SECOND


def test_a_failure_is_retried_as_often_as_the_user_said() -> None:
    bench = running(retries=2)
    for attempt in range(3):
        assert bench.fail("r", attempt, payload="boom")
    effect = finish_of(bench)
    assert (effect.state, effect.error, effect.retry_count) == (TaskState.FAILED, "boom", 2)


def test_a_failure_that_must_not_be_retried_is_final() -> None:
    bench = running(retries=5)
    bench.fail("r", should_not_retry=True)
    assert finish_of(bench).state is TaskState.FAILED


def test_a_retry_waits_for_its_backoff() -> None:
    bench = running(retries=1, backoff_factor=3.0)
    bench.fail("r")
    assert bench.state("r") == "BACKOFF"
    bench.wait(2 * SECOND)
    assert bench.state("r") == "BACKOFF"
    bench.wait(2 * SECOND)
    assert bench.assigned == [("r", "w")]


def test_an_execution_timeout_fails_the_attempt_and_stops_the_worker() -> None:
    bench = running(retries=1, timeout="250ms")
    bench.wait(SECOND)
    [cancel] = [effect for effect in bench.changes.effects if isinstance(effect, CancelAttempt)]
    assert (cancel.task_id, cancel.retry_count, cancel.reason) == ("r", 0, "timed out")
    [attempt] = bench.changes.attempts
    assert (attempt.outcome, attempt.error) == (AttemptOutcome.TIMED_OUT, "Task exceeded timeout of 250ms")
    assert bench.tenant.tasks["r"].retry_count == 1
    assert not bench.complete("r", 0)


def test_a_refreshed_timeout_counts_from_the_deadline() -> None:
    bench = running(timeout="30s")
    [deadline] = bench.do(RefreshTimeout("r", 15 * SECOND, 0))
    assert deadline == bench.now + 45 * SECOND
    bench.wait(44 * SECOND - 20 * SECOND)
    assert bench.state("r") == "RUNNING"


def test_a_schedule_timeout_cancels_and_is_not_retried() -> None:
    bench = Bench()
    bench.workflow(retries=3, schedule_timeout="10s")
    bench.trigger("r")
    bench.wait(11 * SECOND)
    assert finish_of(bench).state is TaskState.CANCELLED
    assert [event.kind for event in bench.changes.events] == ["SCHEDULING_TIMED_OUT"]


@pytest.mark.parametrize("kind", [StepEventKind.COMPLETED, StepEventKind.FAILED, StepEventKind.STARTED])
def test_reports_about_another_attempt_change_nothing(kind: StepEventKind) -> None:
    bench = running(retries=3)
    bench.fail("r", 0)
    before = bench.tenant.tasks["r"].started_at
    for attempt in (0, 2):
        assert not bench.report(kind, "r", attempt)
    assert not bench.report(kind, "unknown", 0)
    assert not bench.report(kind, "r", 1, worker="impostor")
    assert (bench.state("r"), bench.tenant.tasks["r"].started_at) == ("RUNNING", before)
    assert not bench.changes


def test_a_report_twice_counts_once() -> None:
    bench = running()
    assert bench.complete("r")
    assert not bench.complete("r")


def test_an_illegal_output_fails_the_attempt() -> None:
    bench = running()
    bench.report(StepEventKind.COMPLETED, "r", payload="", illegal_output="output is not JSON")
    assert finish_of(bench).error == "output is not JSON"


def test_a_cancelled_task_frees_its_slot_and_its_worker_is_told() -> None:
    bench = running(retries=3)
    bench.trigger("next")
    assert bench.do(CancelTasks(["r", "r", "unknown"])) == [["r"]]
    assert [type(e) for e in bench.changes.effects if isinstance(e, CancelAttempt)] == [CancelAttempt]
    assert bench.assigned == [("next", "w")]
    assert not bench.fail("r")


def test_the_worker_clock_is_believed_only_within_the_attempt() -> None:
    bench = running()
    assigned = bench.now
    bench.now += SECOND
    bench.report(StepEventKind.STARTED, "r", started_at=assigned - MINUTE)
    assert bench.tenant.tasks["r"].started_at == assigned
    bench = running()
    bench.report(StepEventKind.STARTED, "r", started_at=bench.now + MINUTE)
    assert bench.tenant.tasks["r"].started_at == bench.now


def test_a_replay_starts_over_with_fresh_budgets() -> None:
    bench = running(retries=1)
    bench.fail("r", 0)
    finished = bench.tenant.tasks["r"]
    bench.fail("r", 1)
    assert "r" not in bench.tenant.tasks
    assert bench.do(ReplayTasks(["r"], {"r": finished})) == [["r"]]
    task = bench.tenant.tasks["r"]
    assert (task.retry_count, task.app_retries, task.internal_retries) == (2, 0, 0)
    assert bench.changes.archived == [("r", 1)]
    assert bench.assigned == [("r", "w")]


def test_an_unfinished_task_is_not_replayed() -> None:
    bench = running()
    assert bench.do(ReplayTasks(["r"])) == [[]]


def test_lost_workers_cost_the_internal_budget_not_the_users() -> None:
    bench = running()
    for attempt in range(MAX_INTERNAL_RETRIES):
        assert (bench.tenant.tasks["r"].retry_count, bench.tenant.tasks["r"].app_retries) == (attempt, 0)
        bench.do(DisconnectWorker("w", bench.sessions))
        bench.wait(6 * SECOND)
        assert bench.state("r") == "QUEUED"
        bench.do(bench.connection("w"))
        assert bench.assigned == [("r", "w")]
    bench.do(DisconnectWorker("w", bench.sessions))
    bench.wait(6 * SECOND)
    assert finish_of(bench).error == MAX_REASSIGNMENTS_TEXT


def test_refreshing_a_task_that_does_not_run_is_refused() -> None:
    bench = Bench()
    bench.workflow()
    bench.trigger("r")
    with pytest.raises(NotFound):
        bench.do(RefreshTimeout("r", SECOND))
