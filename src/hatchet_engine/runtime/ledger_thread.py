"""The one thread that talks to the ledger. Leaner than an executor: commits are the most frequent hand-overs."""

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")

_Call = tuple[Callable[..., Any], tuple[Any, ...], "asyncio.Future[Any]"]


class LedgerThread:
    """Runs calls one after the other, in the order in which they were made. Bound to the loop that makes the first."""

    def __init__(self) -> None:
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._outstanding = 0

    @property
    def idle(self) -> bool:
        """Whether nothing runs or waits on the thread; then the loop may use the ledger itself."""
        return self._outstanding == 0

    def run(self, call: Callable[..., T], *args: Any) -> "asyncio.Future[T]":
        """Call it on the thread; the future gets what it returns or raises."""
        loop = self._loop
        if loop is None:
            loop = self._loop = asyncio.get_running_loop()
            self._thread = threading.Thread(target=self._work, args=(loop,), name="hatchet-ledger", daemon=True)
            self._thread.start()
        future: asyncio.Future[T] = loop.create_future()
        self._outstanding += 1
        self._calls.put((call, args, future))
        return future

    async def close(self) -> None:
        """Wait until everything that was asked for is done, then end the thread."""
        if self._thread is not None:
            self._calls.put(None)
            await asyncio.to_thread(self._thread.join)

    def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        while (item := self._calls.get()) is not None:
            call, args, future = item
            try:
                result = call(*args)
            except BaseException as error:
                loop.call_soon_threadsafe(self._fail, future, error)
            else:
                loop.call_soon_threadsafe(self._succeed, future, result)

    def _succeed(self, future: "asyncio.Future[T]", result: T) -> None:
        self._outstanding -= 1
        if not future.done():
            future.set_result(result)

    def _fail(self, future: "asyncio.Future[Any]", error: BaseException) -> None:
        self._outstanding -= 1
        if not future.done():
            future.set_exception(error)
