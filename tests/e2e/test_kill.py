"""kill -9 of the engine and of workers at random moments under load: nothing is lost, nothing is completed twice."""

import asyncio
import os
import random
import sys
import time

import pytest

from hatchet_sdk import Hatchet
from tests.e2e.load import Load, config_of, kills
from tests.e2e.processes import Installation, open_store
from tests.support.waiting import aio_eventually, eventually

pytestmark = pytest.mark.timeout(600)


async def test_kill_9_at_random_points_under_load(installation: Installation) -> None:
    seed = int(os.environ.get("E2E_SEED", str(random.randrange(10**6))))
    rng = random.Random(seed)
    installation.start_worker()
    installation.await_registration()
    load = Load(config_of(installation))
    running = asyncio.create_task(load.run())
    recoveries = []
    try:
        for _ in range(kills()):
            await _progress(load, rng.randrange(5, 120))
            if rng.random() < 0.5:
                await asyncio.to_thread(installation.kill_engine)
                killed, traced = time.monotonic(), len(installation.traces("ran"))
                await asyncio.to_thread(installation.start_engine)
                await asyncio.to_thread(eventually, lambda before=traced: len(installation.traces("ran")) > before, 30)
                recoveries.append(time.monotonic() - killed)
            else:
                await asyncio.to_thread(installation.kill_worker)
                installation.start_worker()
        load.stop()
        async with asyncio.timeout(120):
            promises = await running
    except BaseException as error:
        error.add_note(
            f"E2E_SEED={seed}; {len(load.promises.acknowledged)} acknowledged, {len(load.promises.results)} answered"
        )
        raise
    assert promises.results.keys() == promises.acknowledged.keys()
    _check_results(installation, load)
    _check_database(installation, load)
    sys.stdout.write(
        f"seed {seed}: {kills()} kills, {len(promises.results)} runs, {promises.refused} refused, "
        f"engine recoveries (s): {[round(each, 2) for each in recoveries]}\n"
    )


async def _progress(load: Load, count: int) -> None:
    """Until so many more results came."""
    goal = len(load.promises.results) + count
    await aio_eventually(lambda: len(load.promises.results) >= goal, within_s=60)


def _check_results(installation: Installation, load: Load) -> None:
    """Each result is what one execution of that very run returned."""
    executed = set(installation.traces("ran"))
    for run_id, result in load.promises.results.items():
        assert result["n"] == load.promises.acknowledged[run_id]
        assert str(result["by"]).startswith(f"{run_id}/")
        assert result["by"] in executed


def _check_database(installation: Installation, load: Load) -> None:
    installation.stop()
    store = open_store(installation)
    try:
        with store.reader.connect() as reader:
            states = dict(reader.exec_driver_sql("SELECT id, state FROM tasks").fetchall())
            twice = reader.exec_driver_sql("SELECT count(*) FROM attempts WHERE outcome = 0").scalar()
    finally:
        store.close()
    assert set(load.promises.acknowledged) <= set(states)
    assert set(states.values()) == {3}, "every run is COMPLETED"
    assert twice == 0, "no earlier attempt of a completed run was completed too"


def test_a_killed_workers_task_runs_again_elsewhere_within_ten_seconds(installation: Installation) -> None:
    """With default settings."""
    installation.start_worker("first")
    installation.await_registration()
    hatchet = Hatchet(config=config_of(installation))
    ref = hatchet.runs.create("e2e-long", {"n": 1, "ms": 60_000})
    eventually(lambda: installation.traces("began"), within_s=20)
    second = installation.start_worker("second")
    eventually(lambda: len(installation.rows("SELECT 1 FROM workers WHERE state = 0")) == 2, within_s=20)
    killed = time.monotonic()
    installation.kill_worker()
    eventually(lambda: f"{ref.run.metadata.id}/1@{second}" in installation.traces("began"), within_s=10)
    assert time.monotonic() - killed < 10
