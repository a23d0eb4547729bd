"""Threads for sync bodies."""

import asyncio
import contextvars
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from hatchet_sdk.logger import logger

R = TypeVar("R")

Job = Callable[[], object]
LATE_AFTER_S = 1.0


class ThreadPool:
    """Daemon threads, started when they are needed, at most `capacity` at once.

    A thread whose body was cancelled but goes on is written off: another one may be started in its place, up to
    `capacity` more; it ends when its body does.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)
        self._jobs: deque[tuple[float, Job]] = deque()
        self._idle = 0
        self._threads: set[threading.Thread] = set()
        self._written_off: set[int] = set()
        self._number = 0
        self._closed = False
        self._warned = False

    def submit(self, job: Job) -> None:
        """Run `job()` on a thread; it must not raise."""
        with self._lock:
            self._jobs.append((time.monotonic(), job))
            if self._idle >= len(self._jobs):
                self._work.notify()
            elif len(self._threads) < self._allowed():
                self._start_thread()

    def call(self, loop: asyncio.AbstractEventLoop, function: Callable[[], R]) -> "asyncio.Future[R]":
        """Run `function()` on a thread in a copy of the caller's context; a future of `loop`, the caller's."""
        future: asyncio.Future[R] = loop.create_future()
        context = contextvars.copy_context()

        def job() -> None:
            try:
                result = context.run(function)
            except BaseException as error:
                _settle(loop, future, None, error)
            else:
                _settle(loop, future, result, None)

        self.submit(job)
        return future

    def write_off(self, ident: int) -> None:
        """The thread will not be free soon, if ever."""
        with self._lock:
            if any(thread.ident == ident for thread in self._threads):
                self._written_off.add(ident)
                if self._jobs and len(self._threads) < self._allowed():
                    self._start_thread()

    def state(self) -> tuple[int, int, int]:
        """Threads, those of them that are written off, and jobs that wait for a thread."""
        return len(self._threads), len(self._written_off), len(self._jobs)

    def warn_when_exhausted(self) -> bool:
        """To be called now and then. Logs once when jobs wait because all threads are busy."""
        waiting = list(self._jobs)
        late = [since for since, _ in waiting if time.monotonic() - since > LATE_AFTER_S]
        if late and not self._warned:
            threads, written_off, jobs = self.state()
            logger.warning(
                "the thread pool is exhausted: %d task runs wait, the first for %.1f s; of %d threads %d still execute "
                "bodies that were cancelled or timed out. Check ctx.is_cancelled in long sync bodies, or let them run "
                "in a process",
                jobs,
                time.monotonic() - late[0],
                threads,
                written_off,
            )
        self._warned = bool(late)
        return self._warned

    def close(self) -> None:
        """Idle threads end; busy ones when their bodies do."""
        with self._lock:
            self._closed = True
            self._work.notify_all()

    def _allowed(self) -> int:
        return self._capacity + min(len(self._written_off), self._capacity)

    def _start_thread(self) -> None:
        self._number += 1
        thread = threading.Thread(target=self._work_off, name=f"hatchet-task-{self._number}", daemon=True)
        self._threads.add(thread)
        thread.start()

    def _work_off(self) -> None:
        me = threading.current_thread()
        try:
            while (job := self._next()) is not None:
                job()
                if me.ident in self._written_off:
                    break
        except SystemExit:
            logger.debug("%s was stopped", me.name)
        finally:
            with self._lock:
                self._threads.discard(me)
                self._written_off.discard(me.ident or 0)
                if self._jobs and not self._closed and len(self._threads) < self._allowed():
                    self._start_thread()

    def _next(self) -> Job | None:
        with self._lock:
            while not self._jobs:
                if self._closed:
                    return None
                self._idle += 1
                try:
                    self._work.wait()
                finally:
                    self._idle -= 1
            return self._jobs.popleft()[1]


def _settle(
    loop: asyncio.AbstractEventLoop, future: "asyncio.Future[Any]", result: Any, error: BaseException | None
) -> None:
    def settle() -> None:
        if future.done():
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    try:
        loop.call_soon_threadsafe(settle)
    except RuntimeError:
        logger.debug("the loop that waited for a thread was closed")
