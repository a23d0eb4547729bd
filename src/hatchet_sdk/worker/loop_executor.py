"""Runs async bodies on the user's event loop."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from hatchet_sdk.transport.mailbox import Mailbox
from hatchet_sdk.worker.attempt import Attempt, now_us

if TYPE_CHECKING:
    from hatchet_sdk.worker.port import WorkerPort
    from hatchet_sdk.worker.thread_pool import ThreadPool

Collect = Callable[[Sequence[Attempt], Sequence[Attempt]], None]

CANCEL_AFTER_S = 1.0
"""How long a body may look at `ctx.is_cancelled` before it is cancelled."""


class LoopExecutor:
    """`start` and `cancel` are called on the transport's loop, the rest runs on the user's.

    Args:
        loop: the user's loop.
        transport: mailbox of the transport's loop.
        collect: `Runner.collect`.
        port: for the contexts.
        threads: where sync bodies run whose dependencies need the loop.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        transport: Mailbox,
        collect: Collect,
        port: "WorkerPort",
        threads: "ThreadPool",
    ) -> None:
        self._loop = loop
        self._mailbox = Mailbox(loop)
        self._transport = transport
        self._collect = collect
        self._port = port
        self._threads = threads
        self._started: list[Attempt] = []
        self._ended: list[Attempt] = []
        self._flushing = False
        self.lifespan: Any = None

    def start(self, attempts: Sequence[Attempt]) -> None:
        self._mailbox.post(self._begin, attempts)

    def cancel(self, attempt: Attempt, at_once: bool) -> None:
        self._mailbox.post(self._cancel, attempt, at_once)

    def _begin(self, attempts: Sequence[Attempt]) -> None:
        create_task, now = self._loop.create_task, now_us()
        for attempt in attempts:
            if attempt.cancelled:
                self._ended.append(attempt)
                continue
            attempt.started_at = now
            run = self._run_in_thread if attempt.entry.thread_body else self._run
            attempt.handle = create_task(run(attempt))
            self._started.append(attempt)
        # The bodies take their first step before the flush: a body that ends in it needs no STARTED of its own.
        self._flush_soon()

    async def _run(self, attempt: Attempt) -> None:
        entry = attempt.entry
        try:
            context = entry.context(attempt.action, self._port, self.lifespan)
            value = await entry.task.aio_call(context)
            attempt.complete("" if value is None else entry.task.dump_output(value))
        except BaseException as error:
            self._failed(attempt, error)
        self._ended.append(attempt)
        if not self._flushing:
            self._flush_soon()

    async def _run_in_thread(self, attempt: Attempt) -> None:
        entry = attempt.entry
        try:
            context = entry.context(attempt.action, self._port, self.lifespan)
            async with entry.task.resolve_dependencies(context) as dependencies:
                value = await self._threads.call(self._loop, lambda: entry.task.call(context, dependencies))
            attempt.complete(entry.task.dump_output(value))
        except BaseException as error:
            self._failed(attempt, error)
        self._ended.append(attempt)
        self._flush_soon()

    def _failed(self, attempt: Attempt, error: BaseException) -> None:
        try:
            attempt.fail(error)
        finally:
            if isinstance(error, KeyboardInterrupt):
                raise error

    def _cancel(self, attempt: Attempt, at_once: bool) -> None:
        if isinstance(attempt.handle, asyncio.Task) and not attempt.handle.done():
            if at_once:
                attempt.handle.cancel()
            else:
                self._loop.call_later(CANCEL_AFTER_S, attempt.handle.cancel)

    def _flush_soon(self) -> None:
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        started, self._started = self._started, []
        ended, self._ended = self._ended, []
        self._transport.post(self._collect, started, ended)
