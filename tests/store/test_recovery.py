"""What was live comes back equal."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatchet_engine.core.changes import Changes
from hatchet_engine.core.durations import DAY, SECOND
from hatchet_engine.core.machine import TERMINAL, TaskState, WorkerState
from hatchet_engine.core.model import Origin, Task, Workflow
from hatchet_engine.store.errors import StoreError
from hatchet_engine.store.store import Store
from tests.store.world import (
    World,
    changed,
    contents,
    created,
    finished,
    new_id,
    now,
    task_facts,
    tenant_an_example,
    version_facts,
    worker_facts,
)

counts = st.integers(0, 2**31 - 1)
times = st.integers(0, 2**63 - 1)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
ids = st.uuids().map(str)
origins = st.builds(
    Origin,
    st.none() | ids,
    st.none() | ids,
    st.none() | st.integers(-(2**31), 2**31 - 1),
    st.none() | texts,
).filter(lambda origin: origin != Origin(None, None, None, None))
attributes = st.fixed_dictionaries(
    {
        "state": st.sampled_from(TaskState),
        "queue_priority": st.integers(1, 4),
        "queue_seq": times,
        "retry_count": counts,
        "app_retries": counts,
        "internal_retries": counts,
        "worker_id": st.none() | ids,
        "queued_at": times,
        "assigned_at": st.none() | times,
        "started_at": st.none() | times,
        "finished_at": st.none() | times,
        "deadline": st.none() | times,
        "slot_released": st.booleans(),
    }
)
births = st.fixed_dictionaries({"priority": st.integers(1, 3), "created_at": times, "origin": st.none() | origins})


@pytest.mark.timeout(600)  # A failure is searched for its smallest form, with a few commits each time.
@tenant_an_example
@given(data=st.data())
def test_every_attribute_of_every_task_comes_back(data: st.DataObject, store: Store) -> None:
    """Whatever batches created, changed and finished tasks, and whichever of them were written twice."""
    world = World(store)
    memory: dict[str, Task] = {}
    payloads: dict[str, tuple[str, str]] = {}
    for _ in range(data.draw(st.integers(1, 4))):
        changes = Changes()
        for birth in data.draw(st.lists(births, max_size=3)):
            task = world.new_task(**birth, **data.draw(attributes))
            payloads[task.id] = data.draw(st.tuples(texts, texts))
            changes.created.append((task, *payloads[task.id]))
            changes.fresh.add(task.id)
            memory[task.id] = task
        for task_id in data.draw(st.lists(st.sampled_from(sorted(memory)), unique=True)) if memory else ():
            changes.touch(changed(memory[task_id], **data.draw(attributes)))
        for task in memory.values():
            if task.state in TERMINAL and (task.id in changes.fresh or task.id in changes.touched):
                changes.results[task.id] = (data.draw(texts), data.draw(texts))
        batch = world.write(changes)
        if data.draw(st.booleans()):
            store.ledger.commit(batch)

    expected = {task_id: task_facts(task) for task_id, task in memory.items()}
    live = {task_id: task_facts(task) for task_id, task in world.live_tasks().items()}
    over = store.ledger.load_finished(world.tenant_id, list(memory), {world.version.id: world.version})
    assert live == {task_id: facts for task_id, facts in expected.items() if facts["state"] not in TERMINAL}
    assert {task_id: task_facts(task) for task_id, task in over.items()} == {
        task_id: facts for task_id, facts in expected.items() if facts["state"] in TERMINAL
    }
    assert store.ledger.load_payloads(list(memory)) == payloads


def test_what_one_process_wrote_the_next_one_loads(world: World, open_store: Callable[[], Store]) -> None:
    parent = world.running_task(queue_seq=41, started_at=3)
    child = world.new_task(origin=Origin(parent.id, parent.id, 0, None), queue_seq=42)
    world.create(parent, child)
    before = contents(world.store)
    world.store.close()
    store = open_store()
    assert contents(store) == before
    loaded = store.ledger.load_live(world.tenant_id)
    assert {task.id: task_facts(task) for task in loaded.tasks} == {
        task.id: task_facts(task) for task in (parent, child)
    }
    assert [worker_facts(worker) for worker in loaded.workers] == [worker_facts(world.worker)]
    assert loaded.workflows == [world.workflow]
    assert [version_facts(version) for version in loaded.versions] == [version_facts(world.version)]
    assert loaded.queue_seq == 42


def test_a_tenant_loads_nothing_of_another(world: World, store: Store) -> None:
    other = World(store)
    task = other.running_task()
    other.create(task)
    assert world.live_tasks() == {}
    assert store.ledger.existing_ids(world.tenant_id, [task.id]) == set()
    other.write(finished(task))
    assert store.ledger.load_finished(world.tenant_id, [task.id], {}) == {}
    loaded = store.ledger.load_live(world.tenant_id)
    assert [worker.id for worker in loaded.workers] == [world.worker.id]
    assert [version.id for version in loaded.versions] == [world.version.id]


def test_an_empty_tenant_loads_as_such(store: Store) -> None:
    store.ledger.create_tenant("tenant", "empty")
    loaded = store.ledger.load_live("tenant")
    assert (loaded.workflows, loaded.versions, loaded.workers, list(loaded.tasks), loaded.queue_seq) == (
        [],
        [],
        [],
        [],
        0,
    )


def test_versions_that_are_newest_or_in_use_are_loaded(world: World) -> None:
    used, unused, newest = (world.new_version(number, retries=number) for number in (2, 3, 4))
    task = world.new_task(step=used.steps[0])
    over = world.new_task(step=unused.steps[0], state=TaskState.FAILED, finished_at=1)
    world.write(Changes(versions=[used, unused, newest]), created(task, over))
    loaded = world.store.ledger.load_live(world.tenant_id)
    assert [version.number for version in loaded.versions] == [2, 4]
    (live,) = loaded.tasks
    assert live.step in loaded.versions[0].steps


def test_a_workflow_without_live_tasks_is_loaded_with_its_newest_version(world: World) -> None:
    idle = Workflow(new_id(), "idle", now())
    version = changed(world.new_version(1), workflow_id=idle.id)
    world.write(Changes(workflows=[idle], versions=[version]))
    loaded = world.store.ledger.load_live(world.tenant_id)
    assert {workflow.name for workflow in loaded.workflows} == {"work", "idle"}
    assert {version.id for version in loaded.versions} == {world.version.id, version.id}


def test_a_replayed_task_brings_its_version_along(world: World) -> None:
    old = world.new_version(2, retries=7)
    tasks = [world.new_task(step=version.steps[0], state=TaskState.FAILED) for version in (old, world.version)]
    world.write(Changes(versions=[old]), created(*tasks))
    loaded = world.store.ledger.load_finished(
        world.tenant_id, [task.id for task in tasks], {world.version.id: world.version}
    )
    assert version_facts(loaded[tasks[0].id].step.version) == version_facts(old)
    assert loaded[tasks[1].id].step is world.version.steps[0]


@pytest.mark.parametrize(
    "state, seen_ago, loaded",
    [
        (WorkerState.CONNECTED, SECOND, True),
        (WorkerState.LOST, SECOND, True),
        (WorkerState.GONE, SECOND, False),
        (WorkerState.CONNECTED, 9 * DAY, True),
        (WorkerState.DISCONNECTED, 9 * DAY, True),
        (WorkerState.LOST, DAY + SECOND, False),
    ],
)
def test_workers_that_may_come_back_are_loaded(world: World, state: WorkerState, seen_ago: int, loaded: bool) -> None:
    worker = world.new_worker(state=state, last_seen=now() - seen_ago)
    world.write(Changes(workers={worker.id: worker}))
    found = world.store.ledger.load_live(world.tenant_id).workers
    assert (worker.id in {each.id for each in found}) is loaded


def test_a_worker_that_has_a_live_task_is_loaded_whatever_became_of_it(world: World) -> None:
    worker = world.new_worker(state=WorkerState.GONE, last_seen=1)
    task = world.running_task(worker_id=worker.id)
    world.write(Changes(workers={worker.id: worker}), created(task))
    found = world.store.ledger.load_live(world.tenant_id).workers
    assert {each.id for each in found} == {world.worker.id, worker.id}


def test_everything_about_a_worker_comes_back(world: World) -> None:
    worker = world.new_worker(
        actions=("svc:work", "svc:other"),
        slots={"default": 3, "durable": 100},
        free={"default": 3, "durable": 100},
        labels={"gpu": 2, "name": "2"},
        runtime={"sdk_version": "1", "os": "Linux"},
        paused=True,
        session_protocol=True,
        last_seen=now(),
        blocked_frame="app.py:3",
    )
    world.write(Changes(workers={worker.id: worker}))
    (loaded,) = [each for each in world.store.ledger.load_live(world.tenant_id).workers if each.id == worker.id]
    assert worker_facts(loaded) == worker_facts(worker)
    assert (loaded.free, loaded.held) == (worker.slots, {})


def test_loaded_tasks_share_what_is_equal(world: World) -> None:
    """A large backlog must not cost a copy of every id and number."""
    world.create(*(world.running_task() for _ in range(3)))
    tasks = list(world.live_tasks().values())
    assert len({id(task.step) for task in tasks}) == 1
    assert len({id(task.worker_id) for task in tasks}) == 1
    assert all(task.state is TaskState.RUNNING for task in tasks)


def test_a_task_without_its_version_is_an_error_that_names_it(world: World) -> None:
    task = world.new_task(step=world.new_version(9).steps[0])
    world.create(task)
    with pytest.raises(StoreError, match=task.id):
        world.store.ledger.load_live(world.tenant_id)


def test_payloads_of_unknown_tasks_are_left_out(world: World) -> None:
    tasks = [world.new_task() for _ in range(70)]
    world.write(*(created(task, payload=f'{{"n":"{task.id}"}}', metadata="é\u2028\t") for task in tasks))
    wanted = [*(task.id for task in tasks), "unknown"]
    expected = {task.id: (f'{{"n":"{task.id}"}}', "é\u2028\t") for task in tasks}
    assert world.store.ledger.load_payloads(wanted) == expected
    assert world.store.ledger.load_payloads([]) == {}
