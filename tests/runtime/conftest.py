import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from hatchet_engine.core.changes import CancelAttempt
from hatchet_engine.core.commands import (
    ConnectWorker,
    RegisterWorker,
    RegisterWorkflow,
    StepEvent,
    StepEventKind,
    StepEvents,
    TriggerItem,
    TriggerRuns,
)
from hatchet_engine.core.definition import WorkflowDefinition
from hatchet_engine.runtime.engine import Engine
from hatchet_engine.runtime.records import Delivery, RunOutcome
from hatchet_engine.store.rows import WriteBatch
from hatchet_engine.store.store import Store


class Inbox:
    """A worker's stream that remembers, and a result sink that can be waited for."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.cancels: list[CancelAttempt] = []
        self.resets = 0
        self.outcomes: list[RunOutcome] = []
        self.changed = asyncio.Event()

    def deliver(self, assignments: list[Delivery], cancels: list[CancelAttempt]) -> None:
        self.deliveries += assignments
        self.cancels += cancels
        self.changed.set()

    def reset(self) -> None:
        self.resets += 1
        self.changed.set()

    def results(self, outcomes: list[RunOutcome]) -> None:
        self.outcomes += outcomes
        self.changed.set()

    async def until(self, condition: Callable[["Inbox"], bool]) -> None:
        """Wait for something to have arrived."""
        async with asyncio.timeout(10):
            while not condition(self):
                self.changed.clear()
                await self.changed.wait()


class Gate:
    """Stands before the ledger: holds commits back, or lets them fail."""

    def __init__(self, store: Store, loop: asyncio.AbstractEventLoop) -> None:
        self._commit = store.ledger.commit
        self._loop = loop
        self.open = threading.Event()
        self.open.set()
        self.error: Exception | None = None
        self.batches: list[WriteBatch] = []
        self.reached = asyncio.Event()

    def __call__(self, batch: WriteBatch) -> frozenset[str]:
        self._loop.call_soon_threadsafe(self.reached.set)
        self.open.wait(10)
        if self.error is not None:
            raise self.error
        self.batches.append(batch)
        return self._commit(batch)


class System:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock_offset = 0
        self.tenant = ""
        self.inline_rows = 0
        """The gate can only hold back commits on the ledger's thread."""

    async def start(self) -> None:
        self.store = Store.open(f"sqlite:///{self.path}")
        if not self.store.ledger.tenants():
            self.store.ledger.create_tenant("00000000-0000-4000-8000-000000000001", "default")
        self.tenant = self.store.ledger.tenants()[0].id
        self.gate = Gate(self.store, asyncio.get_running_loop())
        self.store.ledger.commit = self.gate  # type: ignore[method-assign]
        self.engine = Engine(self.store, clock=self.now, inline_rows=self.inline_rows)
        await self.engine.start()

    def now(self) -> int:
        from hatchet_engine.runtime.clock import system_clock

        return system_clock() + self.clock_offset

    async def stop(self) -> None:
        await self.engine.stop()
        self.store.close()

    async def do(self, command: Any) -> Any:
        return await self.engine.execute(self.tenant, command)

    async def workflow(self, **task: Any) -> None:
        raw = {"name": "work", "tasks": [{"readable_id": "work", "action": "svc:work", **task}]}
        new = self.engine.new_id
        await self.do(RegisterWorkflow(WorkflowDefinition.parse(raw), new(), new(), [new()]))

    async def worker(self, slots: int = 10) -> tuple[str, Inbox]:
        worker_id, inbox = self.engine.new_id(), Inbox()
        await self.do(RegisterWorker(worker_id, "w", ["svc:work"], {"default": slots}))
        session = self.engine.hub.attach_worker(self.tenant, worker_id, inbox)
        await self.do(ConnectWorker(worker_id, session, [], True))
        return worker_id, inbox

    async def trigger(self, count: int = 1, **item: Any) -> list[str]:
        items = [TriggerItem(self.engine.new_id(), "work", **item) for _ in range(count)]
        return list(await self.do(TriggerRuns(items)))

    async def complete(self, worker_id: str, run_id: str, attempt: int = 0, output: str = '{"ok":true}') -> bool:
        events = [StepEvent(run_id, attempt, StepEventKind.COMPLETED, output)]
        [current] = await self.do(StepEvents(worker_id, events))
        return bool(current)


@pytest.fixture
async def system(tmp_path: Path) -> AsyncIterator[System]:
    made = System(tmp_path / "hatchet.db")
    await made.start()
    yield made
    made.gate.open.set()
    await made.stop()
