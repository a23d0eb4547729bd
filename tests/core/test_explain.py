"""Every waiting run says why; the cause is the true one."""

from hypothesis import given
from hypothesis import strategies as st

from hatchet_engine.core.commands import DisconnectWorker, PauseWorker
from hatchet_engine.core.durations import SECOND
from hatchet_engine.core.explain import explain
from hatchet_engine.core.machine import TERMINAL, TaskState
from tests.core.harness import Bench
from tests.sim.world import World


def kinds(bench: Bench, task_id: str) -> list[str]:
    return [cause.kind for cause in explain(bench.tenant, task_id, bench.now)]


def test_no_worker() -> None:
    bench = Bench()
    bench.workflow()
    bench.trigger("r", "s")
    assert kinds(bench, "r") == ["no_worker"]


def test_full_worker_names_who_holds_its_slots() -> None:
    bench = Bench()
    bench.workflow()
    bench.worker()
    bench.trigger("holder", "r", "s")
    [full] = explain(bench.tenant, "r", bench.now)
    assert (full.kind, full.detail["held_by"]) == ("worker_full", ["holder"])
    assert kinds(bench, "s") == ["behind_others", "worker_full"]
    assert kinds(bench, "holder") == []


def test_too_small_worker() -> None:
    bench = Bench()
    bench.workflow(slot_requests={"default": 5})
    bench.worker(slots=2)
    bench.trigger("r")
    assert kinds(bench, "r") == ["worker_too_small"]


def test_paused_disconnected_and_silent_workers() -> None:
    bench = Bench()
    bench.workflow()
    bench.worker()
    bench.do(PauseWorker("w", True))
    bench.trigger("r")
    assert kinds(bench, "r") == ["worker_paused"]
    bench.do(PauseWorker("w", False), DisconnectWorker("w", 1))
    bench = Bench()
    bench.workflow()
    bench.worker()
    bench.now += 15 * SECOND
    bench.trigger("r")
    assert kinds(bench, "r") == ["worker_silent"]
    bench.do(DisconnectWorker("w", 1))
    assert kinds(bench, "r") == ["worker_disconnected"]


def test_backoff() -> None:
    bench = Bench()
    bench.workflow(retries=1, backoff_factor=2.0)
    bench.worker()
    bench.trigger("r")
    bench.fail("r")
    assert kinds(bench, "r") == ["retry_backoff"]


@given(st.integers(0, 1_000_000))
def test_every_waiting_run_of_a_random_world_has_a_cause(seed: int) -> None:
    world = World(seed)
    original = world.engine.check

    def check(now: int) -> None:
        original(now)
        for task in world.engine.tenant.tasks.values():
            waits = task.state not in TERMINAL and task.state is not TaskState.RUNNING
            causes = explain(world.engine.tenant, task.id, now)
            assert bool(causes) == waits
            assert all(cause.message for cause in causes)

    world.engine.check = check  # type: ignore[method-assign]
    world.run(60)
