"""A commit whose outcome is unknown is made again: the second time must not be seen."""

import pytest

from hatchet_engine.core.changes import AttemptOutcome, AttemptRecord, EventRecord
from hatchet_engine.core.machine import TaskState
from hatchet_engine.core.model import Workflow
from hatchet_engine.store.rows import WriteBatch
from tests.store.world import (
    Line,
    World,
    changed,
    child_of,
    contents,
    created,
    finished,
    joined,
    new_id,
    now,
)


def everything(world: World) -> WriteBatch:
    """A batch with rows of every kind."""
    running, ended, replayed = world.running_task(), world.running_task(), world.running_task()
    world.create(running, ended, replayed)
    world.write(finished(replayed, '{"first":1}'))
    changed(replayed, state=TaskState.QUEUED, retry_count=1, finished_at=None)
    newborn, spawned, settled = world.new_task(), world.new_task(origin=child_of(running)), world.new_task()
    workflow = Workflow(new_id(), f"other-{new_id()}", now())
    changes = joined(created(newborn, spawned, settled), finished(ended), finished(settled))
    changes.touched |= {running.id: changed(running, retry_count=1), replayed.id: replayed}
    del changes.touched[settled.id]
    changes.results[replayed.id] = (None, None)
    changes.archived = [(replayed.id, 0)]
    changes.attempts = [AttemptRecord(running.id, 0, AttemptOutcome.FAILED, None, 1, None, None, 2, "error")]
    changes.events = [
        EventRecord(running.id, 0, "FAILED", 2, "error"),
        EventRecord(running.id, 0, "FAILED", 2, "error"),
    ]
    changes.workflows = [workflow]
    changes.versions = [changed(world.new_version(1), workflow_id=workflow.id)]
    changes.workers = {world.worker.id: changed(world.worker, paused=True)}
    return world.batch(changes, lines=[Line(running.id, "same"), Line(running.id, "same")])


def test_the_batch_of_these_tests_has_rows_of_every_kind(world: World) -> None:
    batch = everything(world)
    lists = [name for name in WriteBatch.__slots__ if not name.startswith("_")]
    assert [name for name in lists if not getattr(batch, name)] == []


def test_a_batch_written_twice_is_written_once(world: World) -> None:
    batch = everything(world)
    world.store.ledger.commit(batch)
    once = contents(world.store)
    world.store.ledger.commit(batch)
    assert contents(world.store) == once


def test_equal_rows_of_one_batch_are_not_mistaken_for_one_written_twice(world: World) -> None:
    world.store.ledger.commit(everything(world))
    stored = contents(world.store)
    assert [line["message"] for line in stored["log_lines"]] == ["same", "same"]
    assert [event["message"] for event in stored["task_events"]] == ["error", "error"]


@pytest.mark.parametrize("count", [1, 5, 130, 300])
def test_the_rows_that_fill_a_statement_are_not_seen(world: World, count: int) -> None:
    """Whatever the number, no row is doubled."""
    tasks = [world.running_task() for _ in range(count)]
    events = [EventRecord(task.id, 0, "QUEUED", 1) for task in tasks]
    changes = created(*tasks)
    changes.events = events
    world.write(changes, lines=[Line(task.id, "hello") for task in tasks])
    stored = contents(world.store)
    assert [len(stored[name]) for name in ("tasks", "task_events", "log_lines")] == [count] * 3
