"""The simulation finds nothing in the engine as it is, and finds each fault that is put into it on purpose."""

import os

import pytest

from hatchet_engine.core import assignment, steps, tasks, workers
from hatchet_engine.core.deadlines import Deadlines
from hatchet_engine.core.machine import TASK_TRANSITIONS, WORKER_TRANSITIONS, TaskEvent, WorkerEvent
from hatchet_engine.core.model import Task, Worker
from hatchet_engine.core.state import Tenant
from tests.sim.history import Violation
from tests.sim.world import World

SEEDS = int(os.environ.get("SIM_SEEDS", "1000"))
STEPS = int(os.environ.get("SIM_STEPS", "1000"))
FIRST_SEED = int(os.environ.get("SIM_FIRST_SEED", "0"))
SHARDS = 8


def simulate(seeds: range) -> str | None:
    """The first failing seed with its violation."""
    for seed in seeds:
        try:
            World(seed).run(STEPS)
        except Exception as error:
            return f"seed {seed}: {type(error).__name__}: {error} (SIM_FIRST_SEED={seed} SIM_SEEDS=1 repeats it)"
    return None


@pytest.mark.timeout(900)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_nothing_is_found_in_the_engine_as_it_is(shard: int) -> None:
    share = range(FIRST_SEED + shard, FIRST_SEED + SEEDS, SHARDS)
    assert simulate(share) is None


def test_the_simulation_takes_every_transition(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: set[tuple[object, object]] = set()
    original_move = workers._move

    def move_task(task: Task, event: TaskEvent) -> None:
        taken.add((task.state, event))
        task.state = TASK_TRANSITIONS[task.state, event]

    def move_worker(tenant: Tenant, worker: Worker, event: WorkerEvent) -> None:
        taken.add((worker.state, event))
        original_move(tenant, worker, event)

    monkeypatch.setattr(tasks, "move", move_task)
    monkeypatch.setattr(assignment, "move", move_task)
    monkeypatch.setattr(workers, "_move", move_worker)
    assert simulate(range(200)) is None
    assert taken == TASK_TRANSITIONS.keys() | WORKER_TRANSITIONS.keys()


def found(seeds: int = 200) -> str | None:
    for seed in range(seeds):
        try:
            world = World(seed)
            world.run(300)
        except Violation as violation:
            return str(violation)
    return None


def test_a_missing_fence_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def current(tenant: Tenant, task_id: str, retry_count: int | None) -> Task | None:
        task = tenant.tasks.get(task_id)
        return task if task is not None and task.state == 1 else None

    def unfenced(tenant, worker_id, event, changes, now):  # type: ignore[no-untyped-def]
        return original(tenant, "", event, changes, now)

    original = steps._one
    monkeypatch.setattr(steps, "_current", current)
    monkeypatch.setattr(steps, "_one", unfenced)
    assert "completed by another" in (found() or "")


def test_a_lost_timer_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    original = Deadlines.add
    calls = [0]

    def forgetful(self: Deadlines, key: str, at: int, now: int) -> None:
        calls[0] += 1
        if calls[0] % 50:
            original(self, key, at, now)

    monkeypatch.setattr(Deadlines, "add", forgetful)
    assert "deadline" in (found() or "")


def test_an_acknowledgement_before_the_commit_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    original = World.__init__

    def hasty(self: World, seed: int) -> None:
        original(self, seed)
        self.engine.ack_before_commit = True

    monkeypatch.setattr(World, "__init__", hasty)
    assert "not on disk" in (found() or "")
