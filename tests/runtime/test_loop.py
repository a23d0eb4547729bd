"""Batches, commits, release, and the loss of the database, on a real SQLite file."""

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from hatchet_engine.core import tasks
from hatchet_engine.core.commands import (
    CancelTasks,
    DisconnectWorker,
    ReplayTasks,
    StepEvent,
    StepEventKind,
    StepEvents,
    TriggerItem,
    TriggerRuns,
)
from hatchet_engine.core.errors import AlreadyExists, InvalidArgument, Unavailable
from hatchet_engine.core.machine import TaskState, WorkerState
from hatchet_engine.runtime.payloads import PayloadCache
from hatchet_engine.runtime.records import RunOutcome
from hatchet_engine.store import queries
from hatchet_engine.store.rows import WriteBatch
from hatchet_engine.store.store import StoreUnavailable
from tests.runtime.conftest import Inbox, System
from tests.support.waiting import aio_eventually


async def test_nothing_is_told_before_the_commit(system: System) -> None:
    await system.workflow()
    _, inbox = await system.worker()
    system.gate.open.clear()
    system.gate.reached.clear()
    pending = asyncio.ensure_future(system.trigger())
    await system.gate.reached.wait()
    assert not pending.done()
    assert inbox.deliveries == []
    system.gate.open.set()
    [run_id] = await pending
    assert [delivery.assigned.task_id for delivery in inbox.deliveries] == [run_id]


async def test_a_few_rows_are_committed_on_the_loop_and_many_on_the_thread(tmp_path: Path) -> None:
    system = System(tmp_path / "hatchet.db")
    system.inline_rows = 2
    await system.start()
    threads: list[str] = []
    commit = system.gate._commit
    system.gate._commit = lambda batch: threads.append(threading.current_thread().name) or commit(batch)
    try:
        await system.workflow()
        worker_id, inbox = await system.worker()
        threads.clear()
        [run_id] = await system.trigger()
        assert await system.complete(worker_id, run_id)
        await system.trigger(50)
        assert threads == ["MainThread", "MainThread", "hatchet-ledger"]
        assert len(inbox.deliveries) == 11
        system.gate.error = StoreUnavailable("disk full")
        with pytest.raises(Unavailable):
            await system.trigger()
        system.gate.error = None
        await aio_eventually(lambda: not system.engine._batches._recovering)
        await system.trigger()
    finally:
        await system.stop()


async def test_what_arrives_during_a_commit_becomes_one_batch(system: System) -> None:
    await system.workflow()
    system.gate.open.clear()
    system.gate.reached.clear()
    first = asyncio.ensure_future(system.trigger())
    await system.gate.reached.wait()
    later = [asyncio.ensure_future(system.trigger()) for _ in range(20)]
    before = len(system.gate.batches)
    system.gate.open.set()
    await asyncio.gather(first, *later)
    assert len(system.gate.batches) - before == 2


async def test_a_refused_command_does_not_harm_its_neighbours(system: System) -> None:
    await system.workflow()
    good, bad = asyncio.ensure_future(system.trigger()), system.do(TriggerRuns([TriggerItem("x", "missing")]))
    with pytest.raises(InvalidArgument):
        await bad
    assert len(await good) == 1


async def test_create_and_assign_is_one_row_and_one_commit(system: System) -> None:
    await system.workflow()
    worker_id, inbox = await system.worker()
    before = len(system.gate.batches)
    [run_id] = await system.trigger(input='{"a":1}')
    [batch] = system.gate.batches[before:]
    assert len(batch) == 1
    assert (inbox.deliveries[0].input, inbox.deliveries[0].assigned.worker_id) == ('{"a":1}', worker_id)
    assert await system.complete(worker_id, run_id)


async def test_results_reach_who_asked_before_during_and_long_after(system: System) -> None:
    await system.workflow()
    worker_id, _ = await system.worker()
    [run_id] = await system.trigger()
    early, late = Inbox(), Inbox()
    watch = system.engine.hub.watch_results(system.tenant, early.results)
    watch.add([run_id, "11111111-1111-4111-8111-111111111111"])
    await system.complete(worker_id, run_id)
    await early.until(lambda inbox: bool(inbox.outcomes))
    system.engine.hub.watch_results(system.tenant, late.results).add([run_id])
    await late.until(lambda inbox: bool(inbox.outcomes))
    for inbox in (early, late):
        [outcome] = inbox.outcomes
        assert (outcome.run_id, outcome.state, outcome.tasks[0].output) == (run_id, TaskState.COMPLETED, '{"ok":true}')


async def test_a_replay_is_accepted_and_awaited_anew(system: System) -> None:
    await system.workflow()
    worker_id, inbox = await system.worker()
    [run_id] = await system.trigger(input='{"n":7}')
    await system.complete(worker_id, run_id, output='{"n":1}')
    assert await system.do(ReplayTasks([run_id, system.engine.new_id()])) == [run_id]
    results = Inbox()
    system.engine.hub.watch_results(system.tenant, results.results).add([run_id])
    await inbox.until(lambda inbox: len(inbox.deliveries) == 2)
    assert (inbox.deliveries[1].input, inbox.deliveries[1].assigned.retry_count) == ('{"n":7}', 1)
    assert results.outcomes == []
    await system.complete(worker_id, run_id, 1, '{"n":2}')
    await results.until(lambda inbox: bool(inbox.outcomes))
    assert results.outcomes[0].tasks[0].output == '{"n":2}'


async def test_a_trigger_sent_again_after_its_end_makes_no_second_run(system: System) -> None:
    await system.workflow()
    worker_id, inbox = await system.worker()
    [run_id] = await system.trigger()
    await system.complete(worker_id, run_id)
    assert await system.do(TriggerRuns([TriggerItem(run_id, "work")], resent=True)) == [run_id]
    assert len(inbox.deliveries) == 1


async def test_a_run_id_that_is_taken_refuses_its_call_and_harms_nobody(system: System) -> None:
    await system.workflow()
    worker_id, inbox = await system.worker()
    [taken] = await system.trigger(input='{"first":1}')
    await system.complete(worker_id, taken, output='{"kept":1}')
    fresh = system.engine.new_id()
    good = asyncio.ensure_future(system.trigger())
    with pytest.raises(AlreadyExists, match=taken):
        await system.do(TriggerRuns([TriggerItem(fresh, "work"), TriggerItem(taken, "work", '{"second":1}')]))
    [run_id] = await good
    assert await system.do(CancelTasks([fresh])) == [fresh]
    assert [d.input for d in inbox.deliveries if d.assigned.task_id == taken] == ['{"first":1}']
    assert await system.complete(worker_id, run_id)
    details = queries.run_details(system.store.reader, system.tenant, taken)
    assert details is not None
    assert details.tasks["work"].output == '{"kept":1}'
    tenant = system.engine.tenants[system.tenant]
    assert (tenant.workers[worker_id].held, tenant.workers[worker_id].free) == ({}, {"default": 10})
    assert inbox.resets == 0


async def test_inputs_that_the_cache_did_not_keep_are_read_again(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PayloadCache, "add", lambda self, task, payload: None)
    await system.workflow()
    run_ids = await system.trigger(3, input='{"big":"payload"}', additional_metadata='{"k":"v"}')
    _, inbox = await system.worker()
    await inbox.until(lambda inbox: len(inbox.deliveries) == 3)
    assert [delivery.assigned.task_id for delivery in inbox.deliveries] == run_ids
    assert {(d.input, d.additional_metadata) for d in inbox.deliveries} == {('{"big":"payload"}', '{"k":"v"}')}


async def test_timeouts_fire_by_themselves(system: System) -> None:
    await system.workflow(timeout="50ms")
    _, inbox = await system.worker()
    [run_id] = await system.trigger()
    await inbox.until(lambda inbox: bool(inbox.cancels))
    assert (inbox.cancels[0].task_id, inbox.cancels[0].reason) == (run_id, "timed out")


async def test_a_worker_without_a_stream_gets_nothing_and_the_task_waits(system: System) -> None:
    await system.workflow()
    worker_id, inbox = await system.worker()
    system.gate.open.clear()
    system.gate.reached.clear()
    triggered = asyncio.ensure_future(system.trigger())
    await system.gate.reached.wait()
    system.engine.hub.detach_worker(system.tenant, worker_id, 1)
    gone = system.engine.submit(system.tenant, DisconnectWorker(worker_id, 1))
    system.gate.open.set()
    await gone
    [run_id] = await triggered
    task = system.engine.tenants[system.tenant].tasks[run_id]
    await aio_eventually(lambda: task.state is TaskState.QUEUED)
    assert (task.retry_count, inbox.deliveries) == (1, [])


async def test_a_lost_database_loses_nothing_that_was_acknowledged(system: System) -> None:
    await system.workflow()
    worker_id, inbox = await system.worker()
    [kept] = await system.trigger()
    system.gate.error = StoreUnavailable("disk full")
    with pytest.raises(Unavailable):
        await system.trigger()
    assert inbox.resets == 1
    system.gate.error = None

    await aio_eventually(lambda: system.engine.is_live(system.tenant, kept))
    await system.trigger()
    assert system.engine.tenants[system.tenant].tasks[kept].worker_id == worker_id
    assert not system.engine.is_live(system.tenant, "missing")


async def test_a_broken_rule_costs_its_batch_and_not_the_engine(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    await system.workflow()
    [kept] = await system.trigger()

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(tasks, "cancel", broken)
        with pytest.raises(Unavailable):
            await system.do(CancelTasks([kept]))
    await aio_eventually(lambda: system.engine.is_live(system.tenant, kept))
    assert await system.do(CancelTasks([kept])) == [kept]


async def test_what_was_read_before_the_database_was_lost_is_not_applied_after(system: System) -> None:
    await system.workflow()
    worker_id, _ = await system.worker()
    [run_id] = await system.trigger()
    await system.complete(worker_id, run_id)
    system.gate.open.clear()
    system.gate.reached.clear()
    system.gate.error = StoreUnavailable("disk full")
    failing = asyncio.ensure_future(system.trigger())
    await system.gate.reached.wait()
    replay = asyncio.ensure_future(system.do(ReplayTasks([run_id])))
    again = asyncio.ensure_future(system.do(TriggerRuns([TriggerItem(run_id, "work")], resent=True)))
    await asyncio.wait([failing, replay, again], timeout=0.05)
    system.gate.open.set()
    for refused in (failing, replay, again):
        with pytest.raises(Unavailable):
            await refused
    system.gate.error = None

    async def replayed() -> bool:
        try:
            return await system.do(ReplayTasks([run_id])) == [run_id]
        except Unavailable:
            return False

    await aio_eventually(replayed)
    assert system.engine.is_live(system.tenant, run_id)


async def test_an_unreadable_input_costs_its_assignment_and_not_the_batch(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PayloadCache, "add", lambda self, task, payload: None)
    await system.workflow()
    [run_id] = await system.trigger(input='{"n":1}')
    load, failures = system.store.ledger.load_payloads, [StoreUnavailable("read error")]

    def fails_once(ids: list[str]) -> dict[str, tuple[str, str]]:
        if failures:
            raise failures.pop()
        return load(ids)

    monkeypatch.setattr(system.store.ledger, "load_payloads", fails_once)
    _, inbox = await system.worker()
    await inbox.until(lambda inbox: bool(inbox.deliveries))
    [delivery] = inbox.deliveries
    assert (delivery.assigned.task_id, delivery.assigned.retry_count, delivery.input) == (run_id, 1, '{"n":1}')
    assert inbox.resets == 0


async def test_who_waits_for_a_result_is_answered_although_a_read_failed(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    await system.workflow()
    worker_id, _ = await system.worker()
    [run_id] = await system.trigger()
    await system.complete(worker_id, run_id)
    read, failures = system.engine.finished, [StoreUnavailable("read error")]

    async def fails_once(tenant_id: str, run_ids: Sequence[str]) -> list[RunOutcome]:
        if failures:
            raise failures.pop()
        return await read(tenant_id, run_ids)

    monkeypatch.setattr(system.engine, "finished", fails_once)
    results = Inbox()
    system.engine.hub.watch_results(system.tenant, results.results).add([run_id])
    await results.until(lambda inbox: bool(inbox.outcomes))


async def test_waiters_are_asked_for_again_when_the_state_was_reloaded(system: System) -> None:
    await system.workflow()
    worker_id, _ = await system.worker()
    [run_id] = await system.trigger()
    results = Inbox()
    system.engine.hub.watch_results(system.tenant, results.results).add([run_id])
    commit = system.gate._commit

    def persisted_but_reported_as_failed(batch: WriteBatch) -> frozenset[str]:
        commit(batch)
        system.gate._commit = commit
        raise StoreUnavailable("the answer was lost")

    system.gate._commit = persisted_but_reported_as_failed
    with pytest.raises(Unavailable):
        await system.complete(worker_id, run_id, output='{"told":1}')
    await results.until(lambda inbox: bool(inbox.outcomes))
    assert results.outcomes[0].tasks[0].output == '{"told":1}'


async def test_an_engine_that_was_stopped_for_a_while_blames_nobody(system: System) -> None:
    await system.workflow(timeout="1s")
    worker_id, inbox = await system.worker()
    [run_id] = await system.trigger()
    system.clock_offset = 3_600_000_000
    system.engine._batches._tick()
    await system.trigger()
    assert (inbox.cancels, system.engine.live_workers(system.tenant)[0].state) == ([], WorkerState.CONNECTED)
    assert await system.complete(worker_id, run_id)


async def test_a_stopping_engine_commits_what_it_took_and_refuses_the_rest(system: System) -> None:
    await system.workflow()
    taken = [system.engine.submit(system.tenant, TriggerRuns([TriggerItem(system.engine.new_id(), "work")]))]
    stopping = asyncio.ensure_future(system.stop())
    await asyncio.sleep(0)
    refused = system.engine.submit(system.tenant, TriggerRuns([TriggerItem(system.engine.new_id(), "work")]))
    with pytest.raises(Unavailable):
        await refused
    await stopping
    [[run_id]] = await asyncio.gather(*taken)
    await system.start()
    assert system.engine.is_live(system.tenant, run_id)


async def test_a_restart_goes_on_where_the_last_engine_stopped(system: System) -> None:
    await system.workflow(retries=2)
    worker_id, _ = await system.worker(slots=2)
    run_ids = await system.trigger(4)
    await system.do(StepEvents(worker_id, [StepEvent(run_ids[0], 0, StepEventKind.FAILED, "boom")]))
    tenant = system.engine.tenants[system.tenant]
    before = {task.id: (task.state, task.retry_count, task.worker_id) for task in tenant.tasks.values()}
    await system.stop()
    await system.start()
    tenant = system.engine.tenants[system.tenant]
    assert {task.id: (task.state, task.retry_count, task.worker_id) for task in tenant.tasks.values()} == before
    details = queries.run_details(system.store.reader, system.tenant, run_ids[0])
    assert details is not None
