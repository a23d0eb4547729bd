"""What is committed is there, in every table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatchet_engine.core.changes import AttemptOutcome, AttemptRecord, Changes, EventRecord
from hatchet_engine.core.machine import TaskState, WorkerState
from hatchet_engine.core.model import Workflow
from hatchet_engine.store import schema
from hatchet_engine.store.errors import StoreRefused
from hatchet_engine.store.rows import WriteBatch, snapshot
from hatchet_engine.store.store import Store
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
    row,
    rows,
    tenant_an_example,
)


def test_a_created_task_is_a_whole_row(world: World) -> None:
    task = world.running_task(priority=3, queue_priority=4, queue_seq=7, slot_released=True, started_at=8)
    world.write(created(task, payload='{"a":1}', metadata='{"m":2}'))
    assert row(world.store, task.id) == {
        "id": task.id,
        "tenant_id": world.tenant_id,
        "workflow_id": world.workflow.id,
        "version_id": world.version.id,
        "step_id": world.version.steps[0].id,
        "action": "svc:work",
        "name": "work",
        "workflow_name": "work",
        "state": TaskState.RUNNING,
        "priority": 3,
        "queue_priority": 4,
        "queue_seq": 7,
        "retry_count": 0,
        "app_retries": 0,
        "internal_retries": 0,
        "worker_id": world.worker.id,
        "created_at": task.created_at,
        "queued_at": task.queued_at,
        "assigned_at": task.assigned_at,
        "started_at": 8,
        "finished_at": None,
        "deadline": task.deadline,
        "slot_released": 1,
        "parent_run_id": None,
        "parent_task_id": None,
        "child_index": None,
        "child_key": None,
        "input": '{"a":1}',
        "additional_metadata": '{"m":2}',
        "output": None,
        "error": None,
    }


@pytest.mark.parametrize("index, key", [(0, None), (-1, None), (None, ""), (3, "key")])
def test_a_spawned_task_keeps_its_origin(world: World, index: int | None, key: str | None) -> None:
    parent = world.running_task()
    child = world.new_task(origin=child_of(parent, index, key))
    world.create(parent, child)
    stored = row(world.store, child.id)
    assert (stored["parent_run_id"], stored["parent_task_id"]) == (parent.id, parent.id)
    assert (stored["child_index"], stored["child_key"]) == (index, key)


def test_a_finished_task_gets_its_result_and_keeps_its_input(world: World) -> None:
    task = world.running_task()
    world.write(created(task, payload='{"in":1}'))
    world.write(finished(task, '{"out":1}'))
    stored = row(world.store, task.id)
    assert (stored["state"], stored["finished_at"], stored["deadline"]) == (
        TaskState.COMPLETED,
        task.finished_at,
        None,
    )
    assert (stored["input"], stored["output"], stored["error"]) == ('{"in":1}', '{"out":1}', "")


def test_a_task_that_is_created_and_finished_in_one_batch_is_written_with_its_result(world: World) -> None:
    task = world.new_task(origin=child_of(world.new_task()))
    result = finished(task, "", "cancelled")
    world.write(Changes(created=[(task, "{}", "")], fresh={task.id}, results=result.results))
    stored = row(world.store, task.id)
    assert (stored["state"], stored["output"], stored["error"]) == (TaskState.COMPLETED, "", "cancelled")
    assert stored["parent_run_id"] is not None


def test_touching_a_task_leaves_its_result_alone(world: World) -> None:
    task = world.running_task()
    world.create(task)
    world.write(finished(task, '{"out":1}'))
    world.write(Changes(touched={task.id: changed(task, retry_count=5)}))
    stored = row(world.store, task.id)
    assert (stored["retry_count"], stored["output"]) == (5, '{"out":1}')


def test_a_replayed_task_leaves_its_last_attempt_behind(world: World) -> None:
    task = world.running_task(started_at=5)
    world.create(task)
    world.write(finished(task, '{"out":1}'))
    before = row(world.store, task.id)
    changed(task, state=TaskState.QUEUED, retry_count=1, finished_at=None, started_at=None, assigned_at=None)
    world.write(Changes(touched={task.id: task}, results={task.id: (None, None)}, archived=[(task.id, 0)]))
    assert rows(world.store, schema.attempts) == [
        {
            "task_id": task.id,
            "retry_count": 0,
            "outcome": AttemptOutcome.COMPLETED,
            "worker_id": world.worker.id,
            "queued_at": before["queued_at"],
            "assigned_at": before["assigned_at"],
            "started_at": 5,
            "ended_at": before["finished_at"],
            "output": '{"out":1}',
            "error": "",
        }
    ]
    after = row(world.store, task.id)
    assert (after["state"], after["output"], after["error"]) == (TaskState.QUEUED, None, None)


@pytest.mark.parametrize(
    "state, outcome",
    [
        (TaskState.COMPLETED, AttemptOutcome.COMPLETED),
        (TaskState.FAILED, AttemptOutcome.FAILED),
        (TaskState.CANCELLED, AttemptOutcome.CANCELLED),
    ],
)
def test_an_archived_attempt_ended_as_its_task_did(world: World, state: TaskState, outcome: AttemptOutcome) -> None:
    task = world.new_task(state=state, finished_at=9)
    world.create(task)
    world.write(Changes(archived=[(task.id, 0)]))
    assert [each["outcome"] for each in rows(world.store, schema.attempts)] == [outcome]


def test_only_a_finished_attempt_is_archived(world: World) -> None:
    running, later = world.running_task(), world.new_task(state=TaskState.FAILED, retry_count=2, finished_at=9)
    world.create(running, later)
    world.write(Changes(archived=[(running.id, 0), (later.id, 1)]))
    assert rows(world.store, schema.attempts) == []


def test_attempts_events_and_log_lines_are_kept(world: World) -> None:
    attempt = AttemptRecord("task", 2, AttemptOutcome.LOST, "worker", 1, 2, None, 4, "gone")
    event = EventRecord("task", 2, "REASSIGNED", 4, "worker lost", "worker")
    plain = EventRecord("task", 2, "RETRIED_BY_USER", 5)
    world.write(Changes(attempts=[attempt], events=[event, plain]), lines=[Line("task", "hello", 2, 9, "WARN", "{}")])
    (stored,) = rows(world.store, schema.attempts)
    assert list(stored.values()) == ["task", 2, AttemptOutcome.LOST, "worker", 1, 2, None, 4, None, "gone"]
    events = [
        (each["kind"], each["at"], each["worker_id"], each["message"]) for each in rows(world.store, schema.task_events)
    ]
    assert events == [("REASSIGNED", 4, "worker", "worker lost"), ("RETRIED_BY_USER", 5, None, "")]
    (line,) = rows(world.store, schema.log_lines)
    assert len(line.pop("id")) == schema.ID_LENGTH
    assert line == {
        "task_id": "task",
        "tenant_id": world.tenant_id,
        "retry_count": 2,
        "at": 9,
        "level": "WARN",
        "message": "hello",
        "metadata": "{}",
    }


def test_events_and_lines_come_in_the_order_in_which_they_were_written(world: World) -> None:
    for batch in range(3):
        events = [EventRecord("task", 0, "QUEUED", 1, f"{batch} {number}") for number in range(20)]
        world.write(Changes(events=events), lines=[Line("task", f"{batch} {number}") for number in range(20)])
    expected = [f"{batch} {number}" for batch in range(3) for number in range(20)]
    assert [each["message"] for each in rows(world.store, schema.task_events, "id")] == expected
    assert [each["message"] for each in rows(world.store, schema.log_lines, "id")] == expected


def test_a_worker_is_written_again_when_it_changes(world: World) -> None:
    worker = changed(world.worker, state=WorkerState.GONE, paused=True, blocked_frame="here", labels={"gpu": 2})
    world.write(Changes(workers={worker.id: worker}))
    (stored,) = rows(world.store, schema.workers)
    assert (stored["state"], stored["paused"], stored["blocked_frame"], stored["labels"]) == (
        WorkerState.GONE,
        True,
        "here",
        '{"gpu":2}',
    )


@tenant_an_example
@given(count=st.integers(0, 400))
def test_any_number_of_rows_is_written(count: int, store: Store) -> None:
    world = World(store)
    tasks = [world.running_task() for _ in range(count)]
    world.create(*tasks)
    ids = [task.id for task in tasks]
    assert world.store.ledger.existing_ids(world.tenant_id, ids) == set(ids)
    world.write(joined(*(finished(task, f'"{task.id}"') for task in tasks)))
    done = world.store.ledger.load_finished(world.tenant_id, ids, {})
    assert done.keys() == set(ids)


@pytest.mark.parametrize("name", ["\ud800", "x\udfffy"])
def test_text_that_cannot_be_stored_is_refused_and_leaves_no_trace(world: World, name: str) -> None:
    before = contents(world.store)
    good = world.new_task()
    with pytest.raises(StoreRefused, match="can't represent"):
        world.write(created(good), created(world.new_task(), payload=name))
    assert contents(world.store) == before
    world.create(good)
    assert world.live_tasks().keys() == {good.id}


def test_a_number_that_is_too_large_is_refused(world: World) -> None:
    with pytest.raises(StoreRefused, match="can't represent"):
        world.create(world.new_task(queue_seq=2**63))
    assert world.live_tasks() == {}


def test_rows_that_break_a_constraint_are_refused_whole(world: World) -> None:
    task = world.new_task()
    twin = Workflow(new_id(), world.workflow.name, 1)
    with pytest.raises(StoreRefused, match="UNIQUE"):
        world.write(joined(created(task)), Changes(workflows=[twin]))
    assert world.live_tasks() == {}


def test_a_run_id_that_is_taken_keeps_its_owner_and_the_others_are_stored(world: World, store: Store) -> None:
    other = World(store)
    theirs, mine = other.running_task(), world.new_task()
    other.create(theirs)
    world.create(mine)
    before = row(store, theirs.id), row(store, mine.id)
    stolen, again = world.new_task(id=theirs.id), world.new_task(id=mine.id, created_at=mine.created_at + 1)
    fine = [world.new_task() for _ in range(50)]
    changes = created(*fine, stolen, again)
    changes.note(stolen, "CANCELLED", 1)
    assert store.ledger.commit(world.batch(changes)) == {theirs.id, mine.id}
    assert (row(store, theirs.id), row(store, mine.id)) == before
    assert world.live_tasks().keys() == {mine.id, *(task.id for task in fine)}
    assert rows(store, schema.task_events) == []


def test_a_result_without_its_task_is_a_programming_error(world: World) -> None:
    with pytest.raises(ValueError, match="not touched"):
        snapshot(WriteBatch(), world.tenant_id, Changes(results={"task": ("", "")}))


def test_a_batch_counts_its_rows(world: World) -> None:
    assert not WriteBatch()
    task = world.running_task()
    batch = world.batch(created(task), finished(task), lines=[Line(task.id, "hello")])
    assert len(batch) == 3
