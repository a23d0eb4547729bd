"""What transports talk to."""

import asyncio
import concurrent.futures
import logging
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeVar

from hatchet_engine.core import explain as explanation
from hatchet_engine.core.commands import Command, ReplayTasks, TriggerRuns
from hatchet_engine.core.machine import TERMINAL
from hatchet_engine.core.model import Task, Worker
from hatchet_engine.core.recovery import restore
from hatchet_engine.core.state import Tenant
from hatchet_engine.runtime.clock import Clock, system_clock
from hatchet_engine.runtime.hub import Hub, outcome_of
from hatchet_engine.runtime.ids import IdSource, Uuid7
from hatchet_engine.runtime.loop import INLINE_ROWS, BatchLoop
from hatchet_engine.runtime.payloads import PayloadCache
from hatchet_engine.runtime.records import LogRecord, RunOutcome
from hatchet_engine.store import queries
from hatchet_engine.store.store import Store

T = TypeVar("T")
logger = logging.getLogger("hatchet.engine")

_READERS = 4
_CHECKPOINT_PERIOD_S = 1.0


class Engine:
    """One engine process's state machine, bound to the asyncio loop that starts it (the engine loop)."""

    def __init__(
        self,
        store: Store,
        clock: Clock = system_clock,
        new_id: IdSource | None = None,
        inline_rows: int = INLINE_ROWS,
    ) -> None:
        self.store = store
        self.now = clock
        self.new_id = new_id or Uuid7()
        self.hub = Hub(self, clock)
        self.loop: asyncio.AbstractEventLoop | None = None
        self._batches = BatchLoop(store.ledger, clock, self.hub, PayloadCache(), self._recover, inline_rows)
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="hatchet-reader")
        self._replays = asyncio.Lock()
        self._checkpoints: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Recover the live state; afterwards commands are taken."""
        self.loop = asyncio.get_running_loop()
        await self._batches.start()
        self._checkpoints = asyncio.create_task(self._keep_log_short())

    async def stop(self) -> None:
        """Refuse new commands, commit what was taken."""
        if self._checkpoints is not None:
            self._checkpoints.cancel()
        await self._batches.stop()
        await asyncio.get_running_loop().run_in_executor(None, self._readers.shutdown)

    # commands

    def submit(self, tenant_id: str, command: Command) -> asyncio.Future[Any]:
        """The command's reply, once it is on disk. Engine loop only.

        Raises (through the future):
            CoreError: the command was refused and has changed nothing.
        """
        if (type(command) is TriggerRuns and command.resent) or type(command) is ReplayTasks:
            return asyncio.ensure_future(self.execute(tenant_id, command))
        return self._batches.submit(tenant_id, command)

    async def execute(self, tenant_id: str, command: Command) -> Any:
        """`submit` as a coroutine, with the facts that the command needs from the store."""
        if type(command) is ReplayTasks:
            async with self._replays:
                return await self._replay(tenant_id, command)
        if type(command) is TriggerRuns and command.resent:
            return await self._trigger_again(tenant_id, command)
        return await self._batches.submit(tenant_id, command)

    def run_from_thread(self, work: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Run a coroutine on the engine loop from another thread."""
        if self.loop is None:
            work.close()
            raise RuntimeError("the engine was not started")
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    async def append_logs(self, tenant_id: str, lines: Sequence[LogRecord]) -> None:
        """Store log lines; returns after the commit."""
        await self._batches.append_logs(tenant_id, list(lines))

    async def on_ledger_thread(self, fn: Callable[..., T], *args: Any) -> T:
        """Run something that writes to or reads from the ledger between two commits."""
        return await self._batches.on_ledger_thread(fn, *args)

    # reads

    async def read(self, query: Callable[..., T], *args: Any) -> T:
        """Run a read-side query, which blocks, in a reader thread."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, query, *args)

    async def finished(self, tenant_id: str, run_ids: Sequence[str]) -> list[RunOutcome]:
        """Outcomes of those of the runs that are finished and stored."""
        found = await self.read(queries.finished_outcomes, self.store.reader, tenant_id, run_ids)
        return [outcome_of(run_id, row.state, row.name, row.output, row.error) for run_id, row in found.items()]

    def is_live(self, tenant_id: str, task_id: str) -> bool:
        """Whether the task is in memory and not finished."""
        tenant = self._batches.tenants.get(tenant_id)
        task = tenant.tasks.get(task_id) if tenant is not None else None
        return task is not None and task.state not in TERMINAL

    def live_workers(self, tenant_id: str) -> list[Worker]:
        """The workers in memory, read only."""
        tenant = self._batches.tenants.get(tenant_id)
        return list(tenant.workers.values()) if tenant is not None else []

    def explain(self, tenant_id: str, task_id: str) -> list[explanation.Cause]:
        """Why a live task is not running; empty if it runs or is finished."""
        tenant = self._batches.tenants.get(tenant_id)
        return explanation.explain(tenant, task_id, self.now()) if tenant is not None else []

    @property
    def tenants(self) -> dict[str, Tenant]:
        """Live state by tenant, read only."""
        return self._batches.tenants

    # facts from the store

    async def _replay(self, tenant_id: str, command: ReplayTasks) -> Any:
        ledger, ids = self.store.ledger, list(command.task_ids)
        while True:
            held = self._in_memory(tenant_id, ids)
            tenant = self._batches.tenants.get(tenant_id)
            versions = dict(tenant.versions) if tenant is not None else {}
            finished: dict[str, Task] = await self._batches.on_ledger_thread(
                ledger.load_finished, tenant_id, ids, versions
            )
            # One that finished and left memory while the store was read is looked up again.
            if not held - self._in_memory(tenant_id, ids) - finished.keys():
                break
        return await self._batches.run_now(tenant_id, replace(command, finished=finished))

    async def _trigger_again(self, tenant_id: str, command: TriggerRuns) -> Any:
        ids = [item.run_id for item in command.items]
        while True:
            held = self._in_memory(tenant_id, ids)
            known = await self._batches.on_ledger_thread(self.store.ledger.existing_ids, tenant_id, ids)
            if not held - self._in_memory(tenant_id, ids) - known:
                break
        return await self._batches.run_now(tenant_id, replace(command, known=frozenset(known)))

    def _in_memory(self, tenant_id: str, ids: Sequence[str]) -> set[str]:
        tenant = self._batches.tenants.get(tenant_id)
        return {task_id for task_id in ids if tenant is not None and task_id in tenant.tasks}

    async def _recover(self) -> dict[str, Tenant]:
        return await self._batches.on_ledger_thread(self._load)

    def _load(self) -> dict[str, Tenant]:
        ledger = self.store.ledger
        now = self.now()
        return {row.id: restore(row.id, ledger.load_live(row.id), now) for row in ledger.tenants()}

    async def _keep_log_short(self) -> None:
        """Move the write-ahead log into the database in the background, never on the commit path."""
        seen = 0
        while True:
            await asyncio.sleep(_CHECKPOINT_PERIOD_S)
            if self._batches.commits != seen:
                seen = self._batches.commits
                try:
                    await self.read(self.store.checkpoint)
                except Exception:
                    logger.warning("checkpoint failed; it is tried again", exc_info=True)
