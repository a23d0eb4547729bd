"""Threads for sync bodies."""

import asyncio
import contextvars
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from hatchet_sdk.logger import logger

R = TypeVar("R")

Job = Callable[[], object]
LATE_AFTER_S = 1.0


class ThreadPool:
    """Daemon threads, started when they are needed, at most `capacity` at once.

    One thread is woken at a time, and wakes the next when it takes a job and leaves others: a thread that finds many
    short jobs does them itself, jobs that wait for something spread over the pool.

    A thread whose body was cancelled but goes on is written off: another one may be started in its place, up to
    `capacity` more; it ends when its body does.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._jobs: deque[tuple[float, Job]] = deque()
        self._bell: queue.SimpleQueue[None] = queue.SimpleQueue()
        """One item wakes one idle thread."""
        self._idle = 0
        self._waking = False
        self._threads: set[threading.Thread] = set()
        self._written_off: set[int] = set()
        self._number = 0
        self._closed = False
        self._warned = False

    def submit(self, jobs: Iterable[Job]) -> None:
        """Run each job on a thread; they must not raise."""
        now = time.monotonic()
        with self._lock:
            self._jobs.extend((now, job) for job in jobs)
            self._spread()

    def _spread(self) -> None:
        """With the lock held: have another thread come for what waits."""
        if not self._jobs or self._waking:
            return
        if self._idle:
            self._idle -= 1
            self._waking = True
            self._bell.put(None)
        elif len(self._threads) < self._allowed():
            self._waking = True
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

        self.submit((job,))
        return future

    def write_off(self, ident: int) -> None:
        """The thread will not be free soon, if ever."""
        with self._lock:
            if any(thread.ident == ident for thread in self._threads):
                self._written_off.add(ident)
                self._spread()

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
            for _ in range(self._idle):
                self._bell.put(None)
            self._idle = 0

    def _allowed(self) -> int:
        return self._capacity + min(len(self._written_off), self._capacity)

    def _start_thread(self) -> None:
        self._number += 1
        thread = threading.Thread(target=self._work_off, name=f"hatchet-task-{self._number}", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            self._waking = False
            logger.error("a thread for tasks could not be started; those there are go on: %s", error)
        else:
            self._threads.add(thread)

    def _work_off(self) -> None:
        me = threading.current_thread()
        with self._lock:
            self._waking = False
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
                if not self._closed:
                    self._spread()

    def _next(self) -> Job | None:
        while True:
            with self._lock:
                if self._jobs:
                    job = self._jobs.popleft()[1]
                    self._spread()
                    return job
                if self._closed:
                    return None
                self._idle += 1
            self._bell.get()
            with self._lock:
                self._waking = False


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
