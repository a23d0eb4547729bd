"""What the public API sees of transport and worker, without either."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from hatchet_sdk.transport.records import RunOutcome, TaskOutcome, TriggerSpec
from hatchet_wire.published.dispatcher_pb2 import WorkflowEvent
from hatchet_wire.published.v1.workflows_pb2 import GetRunDetailsResponse

R = TypeVar("R")


class FakeConnection:
    """Keeps what is triggered; `answer` says how each run ends. Blocking calls run on a thread of its own."""

    def __init__(self) -> None:
        self.triggered: list[TriggerSpec] = []
        self.subscribed: list[bool] = []
        self.outcomes_by_run: dict[str, RunOutcome] = {}
        self.answer: Callable[[str, TriggerSpec], RunOutcome] = completed
        self.refuse: Exception | None = None
        self.details: GetRunDetailsResponse | None = None
        self.events: list[WorkflowEvent] = []
        self.threads: set[int] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    async def trigger(self, specs: Sequence[TriggerSpec], subscribe: bool = False) -> list[str]:
        self.threads.add(threading.get_ident())
        if self.refuse is not None:
            raise self.refuse
        ids = []
        for spec in specs:
            run_id = f"run-{len(self.triggered)}"
            self.triggered.append(spec)
            self.subscribed.append(subscribe)
            self.outcomes_by_run[run_id] = self.answer(run_id, spec)
            ids.append(run_id)
        return ids

    async def run(self, specs: Sequence[TriggerSpec]) -> list[RunOutcome]:
        return await self.outcomes(await self.trigger(specs, subscribe=True))

    async def outcome(self, run_id: str) -> RunOutcome:
        return self.outcomes_by_run[run_id]

    async def outcomes(self, run_ids: Sequence[str]) -> list[RunOutcome]:
        return [self.outcomes_by_run[run_id] for run_id in run_ids]

    async def engine_version(self) -> str | None:
        return "v0.101.27"

    async def run_details(self, external_id: str) -> GetRunDetailsResponse:
        assert self.details is not None
        return self.details

    async def stream_run_events(self, run_id: str) -> AsyncIterator[WorkflowEvent]:
        for event in self.events:
            yield event

    async def call(self, make: Callable[[], Coroutine[Any, Any, R]]) -> R:
        if asyncio.get_running_loop() is self._loop:
            return await make()
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(make(), self._loop))

    def block_on(self, coroutine: Coroutine[Any, Any, R]) -> R:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    @property
    def thread_id(self) -> int:
        ident = self._thread.ident
        assert ident is not None
        return ident

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


def completed(run_id: str, spec: TriggerSpec) -> RunOutcome:
    """The run's output is its input."""
    return run_with(run_id, spec, output=spec.input)


def failed(error: str) -> Callable[[str, TriggerSpec], RunOutcome]:
    return lambda run_id, spec: run_with(run_id, spec, status="FAILED", error=error)


def cancelled(run_id: str, spec: TriggerSpec) -> RunOutcome:
    return run_with(run_id, spec, status="CANCELLED", error="")


def run_with(run_id: str, spec: TriggerSpec, **fields: Any) -> RunOutcome:
    status = fields.pop("status", "COMPLETED")
    task = TaskOutcome(**{"task_id": run_id, "name": spec.workflow.lower(), "output": "", "error": None, **fields})
    return RunOutcome(run_id, status, [task])


@dataclass
class FakePort:
    """A worker that keeps what it is told."""

    worker_id: str = "worker-1"
    labels: dict[str, str | int] = field(default_factory=dict)
    cancelled: bool = False
    logs: list[tuple[str, int, str, str]] = field(default_factory=list)
    chunks: list[tuple[int, bytes]] = field(default_factory=list)
    refreshed: list[timedelta] = field(default_factory=list)
    released: list[tuple[str, int]] = field(default_factory=list)

    def is_cancelled(self, task_id: str, retry_count: int) -> bool:
        return self.cancelled

    def log(self, task_id: str, retry_count: int, level: str, message: str, metadata: str = "") -> None:
        self.logs.append((task_id, retry_count, level, message))

    def put_stream(self, task_id: str, retry_count: int, index: int, data: bytes) -> None:
        self.chunks.append((index, data))

    def refresh_timeout(self, task_id: str, retry_count: int, increment: timedelta) -> None:
        self.refreshed.append(increment)

    def release_slot(self, task_id: str, retry_count: int) -> None:
        self.released.append((task_id, retry_count))

    def upsert_labels(self, labels: Mapping[str, str | int]) -> None:
        self.labels.update(labels)
