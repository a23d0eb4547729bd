"""The thread that talks to the engine, with an event loop of its own."""

import asyncio
import concurrent.futures
import contextvars
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from hatchet_sdk.transport.mailbox import Mailbox

R = TypeVar("R")

STOP_WITHIN_S = 5.0
SETTLE_WITHIN_S = 2.0


class TransportThread:
    """A daemon thread that runs one loop. It can be suspended and go on later on another thread (around a fork).

    User code never runs here, so nothing that an application does can keep it from answering the engine.
    """

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.mailbox = Mailbox(self.loop)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._thread: threading.Thread | None = None

    @property
    def ident(self) -> int | None:
        return self._thread.ident if self._thread else None

    @property
    def running(self) -> bool:
        return self._thread is not None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="hatchet-transport", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    def spawn(self, coroutine: Coroutine[Any, Any, R], context: contextvars.Context | None = None) -> "asyncio.Task[R]":
        """Start a task that this thread keeps alive; only on this thread."""
        task = self.loop.create_task(coroutine, context=context)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def block_on(self, coroutine: Coroutine[Any, Any, R]) -> R:
        """Run a coroutine on this thread in a copy of the caller's context; wait for its result.

        Raises:
            RuntimeError: called on this very thread.
        """
        if threading.get_ident() == self.ident:
            coroutine.close()
            raise RuntimeError(
                "a blocking call of the SDK was made on the SDK's own thread, which would wait for itself; "
                "await the aio_ twin instead"
            )
        call = _BlockingCall(coroutine, contextvars.copy_context())
        self.mailbox.post(call.start, self)
        try:
            result: R = call.result.result()
        except BaseException:
            self.mailbox.post(call.cancel)
            raise
        return result

    def stop(self, cleanup: Callable[[], Coroutine[Any, Any, None]]) -> bool:
        """Run `cleanup()` on the loop, then end the thread; the loop can be started again.

        Returns:
            Whether the thread ended in time. Called on the thread itself it is only asked to end.
        """
        thread = self._thread
        if thread is None:
            return True
        self.loop.call_soon_threadsafe(lambda: self.spawn(self._stop(cleanup)))
        if thread is threading.current_thread():
            self._thread = None
            return False
        thread.join(STOP_WITHIN_S)
        if thread.is_alive():
            return False
        self._thread = None
        return True

    async def _stop(self, cleanup: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await cleanup()
        finally:
            self.loop.stop()

    async def cancel_tasks(self) -> None:
        """Cancel everything that was spawned, except the caller."""
        others = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def settle(self) -> None:
        """Wait until gRPC has finished its calls: an event for a loop that is closed would disturb other loops."""
        others = asyncio.all_tasks() - self._tasks
        if others:
            await asyncio.wait(others, timeout=SETTLE_WITHIN_S)


class _BlockingCall:
    """A coroutine that a thread waits for."""

    __slots__ = ("_context", "_coroutine", "_task", "result")

    def __init__(self, coroutine: Coroutine[Any, Any, Any], context: contextvars.Context) -> None:
        self._coroutine = coroutine
        self._context = context
        self._task: asyncio.Task[Any] | None = None
        self.result: concurrent.futures.Future[Any] = concurrent.futures.Future()

    def start(self, thread: TransportThread) -> None:
        self._task = thread.spawn(self._coroutine, self._context)
        self._task.add_done_callback(self._finish)

    def _finish(self, task: asyncio.Task[Any]) -> None:
        if task.cancelled():
            self.result.set_exception(concurrent.futures.CancelledError())
        elif (error := task.exception()) is not None:
            self.result.set_exception(error)
        else:
            self.result.set_result(task.result())

    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
