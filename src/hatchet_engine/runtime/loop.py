"""The engine's heart: take what arrived, apply it, commit it in one transaction, then tell.

While a commit runs on the ledger's thread, arriving commands are applied to the next batch. When the commit is done its
effects are released and the next batch is committed. An idle engine adds no delay; a busy one writes large batches.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from hatchet_engine.core import apply as core
from hatchet_engine.core.commands import Command, SendFailed, Tick
from hatchet_engine.core.errors import AlreadyExists, CoreError, Unavailable
from hatchet_engine.core.runs import RunIds
from hatchet_engine.core.state import Tenant
from hatchet_engine.core.tasks import withdraw
from hatchet_engine.runtime.batch import Batch
from hatchet_engine.runtime.clock import Clock
from hatchet_engine.runtime.hub import Hub
from hatchet_engine.runtime.ledger_thread import LedgerThread
from hatchet_engine.runtime.payloads import Payload, PayloadCache
from hatchet_engine.runtime.records import LogRecord
from hatchet_engine.runtime.release import Release, Undelivered, collect_payloads
from hatchet_engine.store.errors import StoreError, StoreUnavailable
from hatchet_engine.store.ledger import Ledger
from hatchet_engine.store.rows import WriteBatch, add_log_lines, snapshot

T = TypeVar("T")
Written = tuple[frozenset[str], dict[str, Payload]]
"""Ids of new tasks that were not kept, and inputs that were read."""

logger = logging.getLogger("hatchet.engine")

_LONGEST_SLEEP_S = 60.0
"""A clock that jumps is noticed after this at the latest."""
INLINE_ROWS = 2
"""A batch of so few rows is committed on the loop: whatever comes meanwhile would have to wait for it anyway."""
_ABSENCE = 5_000_000
"""Microseconds by which a timer is late when the process was stopped or the clock was set."""
_ENGINE_STOPPING = "the engine is shutting down; try again when it is back"
_STORE_AWAY = "the engine's database is not available; nothing was done, try again"


class Recover(Protocol):
    async def __call__(self) -> dict[str, Tenant]: ...


class BatchLoop:
    """Runs commands. Everything but the commit happens on one asyncio loop."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        hub: Hub,
        cache: PayloadCache,
        recover: Recover,
        inline_rows: int = INLINE_ROWS,
    ) -> None:
        self._inline_rows = inline_rows
        self.tenants: dict[str, Tenant] = {}
        self._ledger = ledger
        self._clock = clock
        self._hub = hub
        self._cache = cache
        self._recover = recover
        self._release = Release(hub, cache)
        self._thread = LedgerThread()
        self._inbox: list[tuple[str, Command, asyncio.Future[Any]]] = []
        self._batch = Batch()
        self._drain_scheduled = False
        self._committing: asyncio.Future[Any] | None = None
        self._recovering: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at: int | None = None
        self._wakes_at = 0
        self._broken: Exception | None = None
        self._stopping = False
        self._idle = asyncio.Event()
        self._idle.set()
        self.commits = 0

    @property
    def _loop(self) -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    # intake

    def submit(self, tenant_id: str, command: Command) -> asyncio.Future[Any]:
        """Queue a command; the future gets its reply after the commit, or the CoreError that refused it."""
        future = self._loop.create_future()
        if self._accepts(future):
            self._inbox.append((tenant_id, command, future))
            self._wake()
        return future

    def _accepts(self, future: asyncio.Future[Any]) -> bool:
        """Whether commands are taken now; if not, the future gets the reason."""
        if self._stopping:
            future.set_exception(Unavailable(_ENGINE_STOPPING))
        elif self._recovering is not None:
            future.set_exception(Unavailable(_STORE_AWAY))
        return not future.done()

    def append_logs(self, tenant_id: str, lines: list[LogRecord]) -> asyncio.Future[None]:
        """Store log lines with the next batch."""
        future = self._loop.create_future()
        if not self._accepts(future):
            return future
        self._batch.logs.setdefault(tenant_id, []).extend(lines)
        self._batch.replies.append((future, None))
        self._wake()
        return future

    async def on_ledger_thread(self, fn: Callable[..., T], *args: Any) -> T:
        """Run a read between two commits: it sees every batch that was committed before.

        Raises:
            Unavailable: the engine is stopping, or its database is away.
        """
        if self._stopping:
            raise Unavailable(_ENGINE_STOPPING)
        try:
            return await self._thread.run(fn, *args)
        except StoreUnavailable as error:
            raise Unavailable(_STORE_AWAY) from error

    def _wake(self) -> None:
        if not self._drain_scheduled:
            self._drain_scheduled = True
            self._loop.call_soon(self._drain)

    # core

    def _drain(self) -> None:
        self._drain_scheduled = False
        inbox, self._inbox = self._inbox, []
        now = self._clock()
        for tenant_id, command, future in inbox:
            self._run(tenant_id, command, future, now)
        self._commit_if_free()

    def _run(self, tenant_id: str, command: Command, future: asyncio.Future[Any], now: int) -> None:
        tenant = self.tenants.get(tenant_id)
        if tenant is None:
            tenant = self.tenants[tenant_id] = Tenant(tenant_id)
        try:
            reply = core.apply(tenant, command, self._batch.of(tenant_id), now)
        except CoreError as error:
            if not future.done():
                future.set_exception(error)
        except Exception as error:
            # A rule is broken, and the state may be too: keep nothing of this batch.
            logger.exception("internal error in %s; the engine reloads its state", type(command).__name__)
            self._broken = error
            self._batch.replies.append((future, None))
        else:
            self._batch.replies.append((future, reply))

    def run_now(self, tenant_id: str, command: Command) -> asyncio.Future[Any]:
        """Apply without waiting for the inbox: for commands whose facts were just read."""
        future = self._loop.create_future()
        if self._accepts(future):
            self._run(tenant_id, command, future, self._clock())
            self._wake()
        return future

    # ledger

    def _commit_if_free(self) -> None:
        if self._committing is not None:
            return
        if self._broken is None and self._batch:
            self._idle.clear()
            batch = self._batch
            try:
                rows, payloads, missing = self._close(batch)
            except Exception as error:
                logger.exception("internal error at the end of a batch; the engine reloads its state")
                self._broken = error
            else:
                self._batch = Batch()
                if len(rows) <= self._inline_rows and not self._inbox and self._thread.idle:
                    self._committing = self._write_here(rows, missing)
                else:
                    self._committing = self._thread.run(self._write, rows, missing)
                self._committing.add_done_callback(lambda done: self._committed(batch, payloads, done))
                return
        if self._broken is not None:
            self._lose_memory(self._broken)
        else:
            self._idle.set()

    def _close(self, batch: Batch) -> tuple[WriteBatch, dict[str, Payload], list[str]]:
        """End the batch: assign, then freeze what must be written and find what must be sent."""
        rows, payloads, missing, now = WriteBatch(), dict[str, Payload](), list[str](), self._clock()
        for tenant_id, changes in batch.changes.items():
            core.finish(self.tenants[tenant_id], changes, now)
            snapshot(rows, tenant_id, changes)
            missing += collect_payloads(changes, self._cache, payloads)
        for tenant_id, lines in batch.logs.items():
            add_log_lines(rows, tenant_id, lines)
        return rows, payloads, missing

    def _write_here(self, rows: WriteBatch, missing: list[str]) -> asyncio.Future[Written]:
        """Commit on the loop itself: for a few rows the way to the thread and back takes longer than it saves."""
        future: asyncio.Future[Written] = self._loop.create_future()
        try:
            future.set_result(self._write(rows, missing))
        except Exception as error:
            future.set_exception(error)
        return future

    def _write(self, rows: WriteBatch, missing: list[str]) -> Written:
        """On the ledger thread: one transaction, then the inputs that its assignments need."""
        taken: frozenset[str] = frozenset()
        if rows:
            taken = self._ledger.commit(rows)
            self.commits += 1
        try:
            return taken, self._ledger.load_payloads(missing) if missing else {}
        except StoreError:
            # The batch is on disk: its replies are true. Only these assignments can't be handed over.
            logger.exception("the inputs of %d tasks could not be read; they are assigned again", len(missing))
            return taken, {}

    # release

    def _committed(self, batch: Batch, payloads: dict[str, Payload], done: asyncio.Future[Written]) -> None:
        self._committing = None
        error = done.exception()
        if error is not None:
            batch.fail(Unavailable(_STORE_AWAY))
            self._lose_memory(error)
            return
        taken, loaded = done.result()
        payloads.update(loaded)
        if taken:
            self._withdraw(batch, taken)
        for future, reply in batch.replies:
            if not future.done():
                future.set_result(reply)
        for tenant_id, changes in batch.changes.items():
            self._resubmit(tenant_id, self._release.effects(self.tenants[tenant_id], changes, payloads))
        self._arm_timer()
        if self._inbox:
            self._wake()
        else:
            self._commit_if_free()

    def _withdraw(self, batch: Batch, taken: frozenset[str]) -> None:
        """Run ids that a client made are not new: refuse the commands that brought them.

        Their other runs stay; a transport that bundled several calls into one command sends those again.
        """
        refused = AlreadyExists(f"the run id {min(taken)} is taken; make a new one for each run")
        for future, reply in batch.replies:
            if isinstance(reply, RunIds) and not taken.isdisjoint(reply) and not future.done():
                future.set_exception(refused)
        for tenant_id, changes in batch.changes.items():
            for task, _, _ in changes.created:
                if task.id in taken:
                    changes.forget(task.id)
                    self._cache.take(task.id)
                    withdraw(self.tenants[tenant_id], task, self._batch.of(tenant_id))

    def _resubmit(self, tenant_id: str, undelivered: Undelivered) -> None:
        for worker_id, attempts in undelivered:
            self._submit_own(tenant_id, SendFailed(worker_id, attempts))

    def _submit_own(self, tenant_id: str, command: Command) -> None:
        """A command of the engine itself: nobody waits for its reply."""
        if not self._stopping and self._recovering is None:
            future = self._loop.create_future()
            future.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._inbox.append((tenant_id, command, future))
            self._wake()

    # time

    def _arm_timer(self) -> None:
        deadlines = [at for tenant in self.tenants.values() if (at := tenant.next_deadline()) is not None]
        at = min(deadlines, default=None)
        if at == self._timer_at and self._timer is not None:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._timer_at = None, at
        if at is not None and not self._stopping:
            now = self._clock()
            delay = min(max(0.0, (at - now) / 1e6), _LONGEST_SLEEP_S)
            self._wakes_at = now + round(delay * 1e6)
            self._timer = self._loop.call_later(delay, self._tick)

    def _tick(self) -> None:
        self._timer = None
        now = self._clock()
        absent = now - self._wakes_at > _ABSENCE
        if absent:
            logger.warning("the engine did not run, or its clock jumped, for %.1f s", (now - self._wakes_at) / 1e6)
        due = [
            tenant_id
            for tenant_id, tenant in self.tenants.items()
            if (at := tenant.next_deadline()) is not None and at <= now
        ]
        for tenant_id in due:
            self._submit_own(tenant_id, Tick(after_absence=absent))
        if not due:
            self._arm_timer()

    # life

    async def start(self) -> None:
        """Load the live rows; then commands are taken."""
        self.tenants = await self._recover()
        self._arm_timer()

    async def stop(self) -> None:
        """Take no more commands, commit what was taken, end the thread."""
        self._stopping = True
        if self._timer is not None:
            self._timer.cancel()
        if self._recovering is not None:
            self._recovering.cancel()
        elif self._inbox or self._batch or self._committing is not None:
            self._idle.clear()
            self._wake()
            await self._idle.wait()
        await self._thread.close()

    def _lose_memory(self, error: BaseException) -> None:
        """Nobody was told anything of what was not committed. Forget all, load again, go on."""
        if isinstance(error, StoreUnavailable):
            logger.error("the database is not available; the engine waits for it: %s", error)
        elif error is not self._broken:
            logger.error("commit failed; the engine reloads its state", exc_info=error)
        self._broken = None
        refusal = Unavailable(_STORE_AWAY)
        self._batch.fail(refusal)
        self._batch = Batch()
        for _, _, future in self._inbox:
            if not future.done():
                future.set_exception(refusal)
        self._inbox.clear()
        self.tenants = {}
        self._cache.clear()
        self._hub.reset_workers()
        if self._stopping:
            self._idle.set()
        else:
            self._recovering = asyncio.ensure_future(self._reload())

    async def _reload(self) -> None:
        delay = 0.1
        while True:
            try:
                self.tenants = await self._recover()
            except Unavailable as error:
                logger.warning("still no database, trying again in %.1f s: %s", delay, error.__cause__ or error)
            except Exception:
                logger.exception("the state could not be reloaded, trying again in %.1f s", delay)
            else:
                break
            await asyncio.sleep(delay)
            delay = min(delay * 2, 5.0)
        self._recovering = None
        logger.info("the database is back; state reloaded")
        self._hub.ask_again()
        self._arm_timer()
