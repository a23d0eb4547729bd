"""Who is told what: worker streams, waiters for results, watchers of a run. Lives on the engine loop."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from hatchet_engine.core.changes import AttemptFailed, CancelAttempt, TaskFinished
from hatchet_engine.core.machine import TaskState
from hatchet_engine.runtime.chunks import GAP_WAIT_S, ChunkOrder
from hatchet_engine.runtime.records import Delivery, RunEvent, RunEventKind, RunOutcome, TaskOutcome, WorkerSink

logger = logging.getLogger("hatchet.engine")

_LOOK_UP_AGAIN_S = 0.5

ResultSink = Callable[[list[RunOutcome]], None]
RunSink = Callable[[list[RunEvent]], None]


class FinishedRuns(Protocol):
    """Where the hub learns about runs that it will not hear of: finished before somebody asked."""

    def is_live(self, tenant_id: str, task_id: str) -> bool: ...

    async def finished(self, tenant_id: str, run_ids: Sequence[str]) -> list[RunOutcome]: ...


class Hub:
    def __init__(self, runs: FinishedRuns, now: Callable[[], int]) -> None:
        self._runs = runs
        self._now = now
        self._sessions = 0
        self._workers: dict[tuple[str, str], tuple[int, WorkerSink]] = {}
        self._waiters: dict[tuple[str, str], list[ResultWatch]] = {}
        self._watches: dict[tuple[str, str], list[RunWatch]] = {}
        self._chunks: dict[tuple[str, str], ChunkOrder] = {}
        self._lookups: set[asyncio.Task[None]] = set()

    # workers

    def attach_worker(self, tenant_id: str, worker_id: str, sink: WorkerSink) -> int:
        """Route what this worker gets to the sink; the newest stream wins. Returns the session number."""
        self._sessions += 1
        self._workers[tenant_id, worker_id] = (self._sessions, sink)
        return self._sessions

    def detach_worker(self, tenant_id: str, worker_id: str, session: int) -> None:
        """The stream ended; nothing happens if a newer one took over."""
        current = self._workers.get((tenant_id, worker_id))
        if current is not None and current[0] == session:
            del self._workers[tenant_id, worker_id]

    def deliver(
        self, tenant_id: str, worker_id: str, assignments: list[Delivery], cancels: list[CancelAttempt]
    ) -> bool:
        """Hand over to the worker's stream; False if there is none."""
        current = self._workers.get((tenant_id, worker_id))
        if current is None:
            return False
        current[1].deliver(assignments, cancels)
        return True

    def reset_workers(self) -> None:
        """End all worker streams: the engine forgot what they were told."""
        streams = list(self._workers.values())
        self._workers.clear()
        for _, sink in streams:
            sink.reset()

    # results

    def watch_results(self, tenant_id: str, sink: ResultSink) -> "ResultWatch":
        return ResultWatch(self, tenant_id, sink)

    def await_runs(self, watch: "ResultWatch", run_ids: Iterable[str], fresh: bool) -> None:
        unheard = []
        for run_id in run_ids:
            watches = self._waiters.setdefault((watch.tenant_id, run_id), [])
            if watch not in watches:
                watches.append(watch)
            watch.run_ids.add(run_id)
            if not fresh and not self._runs.is_live(watch.tenant_id, run_id):
                unheard.append(run_id)
        if unheard:
            self._start_look_up(watch, unheard)

    def forget_runs(self, watch: "ResultWatch", run_ids: Iterable[str]) -> None:
        for run_id in run_ids:
            watch.run_ids.discard(run_id)
            watches = self._waiters.get((watch.tenant_id, run_id), [])
            if watch in watches:
                watches.remove(watch)
            if not watches:
                self._waiters.pop((watch.tenant_id, run_id), None)

    def ask_again(self) -> None:
        """The engine forgot what it knew: runs may have finished without anybody having been told."""
        per_watch: dict[ResultWatch, list[str]] = {}
        for (tenant_id, run_id), watches in self._waiters.items():
            if not self._runs.is_live(tenant_id, run_id):
                for watch in watches:
                    per_watch.setdefault(watch, []).append(run_id)
        for watch, run_ids in per_watch.items():
            self._start_look_up(watch, run_ids)

    def _start_look_up(self, watch: "ResultWatch", run_ids: list[str]) -> None:
        lookup = asyncio.ensure_future(self._look_up(watch, run_ids))
        self._lookups.add(lookup)
        lookup.add_done_callback(self._lookups.discard)

    async def _look_up(self, watch: "ResultWatch", run_ids: list[str]) -> None:
        while True:
            try:
                outcomes = await self._runs.finished(watch.tenant_id, run_ids)
                break
            except Exception:
                logger.warning("the outcomes of %d runs could not be read; trying again", len(run_ids), exc_info=True)
            await asyncio.sleep(_LOOK_UP_AGAIN_S)
            if watch.run_ids.isdisjoint(run_ids):
                return
        # A run may have been replayed, or answered, while the store was read.
        wanted = [
            outcome
            for outcome in outcomes
            if outcome.run_id in watch.run_ids and not self._runs.is_live(watch.tenant_id, outcome.run_id)
        ]
        if wanted:
            self.forget_runs(watch, [outcome.run_id for outcome in wanted])
            watch.sink(wanted)

    # run events

    def watch_run(self, tenant_id: str, run_id: str, sink: RunSink) -> "RunWatch":
        """Tell the sink what happens to the run from now on; at once that it was created, if it is not finished."""
        watch = RunWatch(self, tenant_id, run_id, sink)
        self._watches.setdefault((tenant_id, run_id), []).append(watch)
        if self._runs.is_live(tenant_id, run_id):
            sink([RunEvent("STARTED", run_id, self._now())])
        return watch

    def unwatch_run(self, watch: "RunWatch") -> None:
        watches = self._watches.get((watch.tenant_id, watch.run_id), [])
        if watch in watches:
            watches.remove(watch)
        if not watches:
            self._watches.pop((watch.tenant_id, watch.run_id), None)

    def publish_chunk(self, tenant_id: str, task_id: str, retry_count: int, index: int | None, data: bytes) -> None:
        """Fan a stream chunk out to the run's watchers, in index order."""
        key = (tenant_id, task_id)
        order = self._chunks.get(key)
        if order is None:
            order = self._chunks[key] = ChunkOrder(retry_count)
        self._send_chunks(key, order, order.put(retry_count, index, data.decode("utf-8", "replace")))
        if order.held:
            asyncio.get_running_loop().call_later(GAP_WAIT_S, self._give_up_gap, key, order, order.expected)

    def _give_up_gap(self, key: tuple[str, str], order: ChunkOrder, expected: int) -> None:
        if order.held and order.expected == expected:
            self._send_chunks(key, order, order.flush())

    def _send_chunks(self, key: tuple[str, str], order: ChunkOrder, chunks: list[tuple[int | None, str]]) -> None:
        if chunks and key in self._watches:
            at = self._now()
            events = [
                RunEvent("STREAM", key[1], at, order.retry_count, payload=text, index=index) for index, text in chunks
            ]
            self._tell(key, events)

    def _tell(self, key: tuple[str, str], events: list[RunEvent]) -> None:
        for watch in list(self._watches.get(key, ())):
            watch.sink(events)

    # release

    def attempt_failed(self, tenant_id: str, effect: AttemptFailed) -> None:
        key = (tenant_id, effect.task_id)
        if key in self._watches:
            retries = effect.step.step.retries
            event = RunEvent("FAILED", effect.task_id, self._now(), effect.retry_count, retries, effect.error)
            self._tell(key, [event])

    def tasks_finished(self, tenant_id: str, effects: list[TaskFinished]) -> None:
        """Answer the waiters; one call of a sink per batch, however many of its runs finished."""
        answers: dict[ResultWatch, list[RunOutcome]] = {}
        for effect in effects:
            key = (tenant_id, effect.task_id)
            watches = self._waiters.pop(key, None)
            if watches is not None:
                outcome = _outcome(effect)
                for watch in watches:
                    watch.run_ids.discard(effect.task_id)
                    answers.setdefault(watch, []).append(outcome)
            if key in self._chunks:
                order = self._chunks.pop(key)
                self._send_chunks(key, order, order.flush())
            if key in self._watches:
                self._tell(key, [_last_event(effect, self._now())])
        for watch, outcomes in answers.items():
            watch.sink(outcomes)


class ResultWatch:
    """One subscriber's interest in results. Each run id is answered once; the same id may be added again."""

    __slots__ = ("_hub", "run_ids", "sink", "tenant_id")

    def __init__(self, hub: Hub, tenant_id: str, sink: ResultSink) -> None:
        self._hub = hub
        self.tenant_id = tenant_id
        self.sink = sink
        self.run_ids: set[str] = set()

    def add(self, run_ids: Iterable[str], fresh: bool = False) -> None:
        """Wait for these runs; those that finished long ago are answered soon, unknown ids keep waiting.

        Args:
            fresh: the runs are about to be created, so the store need not be asked for them.
        """
        self._hub.await_runs(self, run_ids, fresh)

    def discard(self, run_ids: Iterable[str]) -> None:
        self._hub.forget_runs(self, list(run_ids))

    def close(self) -> None:
        self._hub.forget_runs(self, list(self.run_ids))


class RunWatch:
    """A subscriber to the live events of one run."""

    __slots__ = ("_hub", "run_id", "sink", "tenant_id")

    def __init__(self, hub: Hub, tenant_id: str, run_id: str, sink: RunSink) -> None:
        self._hub = hub
        self.tenant_id = tenant_id
        self.run_id = run_id
        self.sink = sink

    def close(self) -> None:
        self._hub.unwatch_run(self)


_KINDS: dict[TaskState, RunEventKind] = {
    TaskState.COMPLETED: "COMPLETED",
    TaskState.FAILED: "FAILED",
    TaskState.CANCELLED: "CANCELLED",
}


def outcome_of(run_id: str, state: TaskState, name: str, output: str, error: str) -> RunOutcome:
    """The outcome of a standalone run."""
    shown = None if state is TaskState.COMPLETED else error
    return RunOutcome(run_id, state, [TaskOutcome(run_id, name, output, shown)])


def _outcome(effect: TaskFinished) -> RunOutcome:
    return outcome_of(effect.task_id, effect.state, effect.step.step.name, effect.output, effect.error)


def _last_event(effect: TaskFinished, now: int) -> RunEvent:
    payload = effect.output if effect.state is TaskState.COMPLETED else effect.error
    retries = effect.step.step.retries
    kind = _KINDS[effect.state]
    return RunEvent(kind, effect.task_id, now, effect.retry_count, retries, payload, hangup=True)
