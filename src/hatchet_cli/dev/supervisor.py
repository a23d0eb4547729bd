"""Keeps one worker with the newest code running, without losing what an older one still runs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from enum import Enum, auto
from pathlib import Path

from hatchet_cli.dev.process import WorkerProcess
from hatchet_cli.dev.report import say, warn

READY_TIMEOUT_S = 15.0
"""A new worker that neither reports itself healthy nor ends within this time takes over all the same."""


class _Verdict(Enum):
    READY = auto()
    EXITED = auto()
    OUTDATED = auto()


class Supervisor:
    """Starts the worker, and a new one at every change of the code.

    The new worker is started at once. When it is ready, the old one is asked to stop: it takes no more work and
    finishes what it runs. If the new one ends before it is ready, the old one goes on.

    Args:
        launch: starts a worker process.
        grace_s: how long an old worker may drain before it is killed.
        keep_alive: whether to wait for the next change when the worker ends; without it the worker's end is ours.
    """

    def __init__(self, launch: Callable[[], Awaitable[WorkerProcess]], grace_s: float, keep_alive: bool) -> None:
        self._launch = launch
        self._grace_s = grace_s
        self._keep_alive = keep_alive
        self._current: WorkerProcess | None = None
        self._alive: dict[WorkerProcess, asyncio.Task[int]] = {}
        self._drains: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._stopping = asyncio.Event()
        self._changed_files: set[Path] = set()
        self._exit_code = 0

    async def run(self, changes: AsyncIterator[set[Path]] | None) -> int:
        """Run until `stop`, or until the worker ends if it is not kept alive.

        Args:
            changes: the files that changed, set by set; None: the code is not watched.

        Returns:
            0 after a stop, else 1 if the worker failed.
        """
        self._changed.set()
        attendants = [asyncio.create_task(self._keep_newest())]
        if changes is not None:
            attendants.append(asyncio.create_task(self._follow(changes)))
        stopping = asyncio.create_task(self._stopping.wait())
        done, _ = await asyncio.wait({stopping, *attendants}, return_when=asyncio.FIRST_COMPLETED)
        for attendant in (stopping, *attendants):
            attendant.cancel()
        await asyncio.gather(*attendants, return_exceptions=True)
        await self._shut_down()
        for task in done:
            task.result()  # an attendant that ended did so by an error
        return self._exit_code

    def stop(self) -> None:
        """Drain and end; called again, kill what still runs."""
        if not self._stopping.is_set():
            self._stopping.set()
            if self._alive:
                say("stopping: running tasks finish first; press Ctrl+C again to stop at once")
            return
        for process in self._alive:
            process.kill()

    async def _follow(self, changes: AsyncIterator[set[Path]]) -> None:
        async for files in changes:
            self._changed_files |= files
            self._changed.set()

    async def _keep_newest(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            if self._changed_files:
                say(f"{_names(self._changed_files)} changed: starting the new worker")
            changed, self._changed_files = self._changed_files, set()
            await self._replace(changed)

    async def _replace(self, changed: set[Path]) -> None:
        process = await self._launch()
        ended = asyncio.create_task(process.exited())
        self._alive[process] = ended
        ended.add_done_callback(lambda task: self._ended(process, task))
        verdict = await self._verdict(process, ended)
        if verdict is _Verdict.OUTDATED:
            if self._current is None:
                self._current = process  # better than none, should the newer code not start
            else:
                self._drain(process)
        elif verdict is _Verdict.EXITED:
            self._refused(ended.result(), changed)
        else:
            self._hand_over(process)

    async def _verdict(self, process: WorkerProcess, ended: "asyncio.Task[int]") -> _Verdict:
        ready = asyncio.create_task(process.ready())
        outdated = asyncio.create_task(self._changed.wait())
        try:
            await asyncio.wait({ready, ended, outdated}, timeout=READY_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
            outdated.cancel()
        if ended.done():
            return _Verdict.EXITED
        if outdated.done() and not ready.done():
            return _Verdict.OUTDATED
        if not ready.done():
            warn(f"the worker (pid {process.pid}) is not ready after {READY_TIMEOUT_S:g} s; it takes over all the same")
        return _Verdict.READY

    def _hand_over(self, process: WorkerProcess) -> None:
        old, self._current = self._current, process
        say(f"worker ready (pid {process.pid})")
        if old is not None and old.running:
            say(f"the previous worker (pid {old.pid}) finishes what it runs")
            self._drain(old)

    def _refused(self, code: int, changed: set[Path]) -> None:
        for problem in syntax_errors(changed):
            warn(problem)
        if self._current is not None and self._current.running:
            warn(f"the new worker ended ({_ending(code)}): the previous one (pid {self._current.pid}) goes on")
        else:
            self._worker_ended(code)

    def _ended(self, process: WorkerProcess, ended: "asyncio.Task[int]") -> None:
        self._alive.pop(process, None)
        if process is self._current:
            self._current = None
            if not self._stopping.is_set():
                self._worker_ended(ended.result())

    def _worker_ended(self, code: int) -> None:
        if self._keep_alive:
            warn(f"the worker ended ({_ending(code)}); it starts again when a file changes")
            return
        warn(f"the worker ended ({_ending(code)})")
        self._exit_code = 1 if code else 0
        self._stopping.set()

    def _drain(self, process: WorkerProcess) -> None:
        task = asyncio.create_task(self._drain_within_grace(process))
        self._drains.add(task)
        task.add_done_callback(self._drains.discard)

    async def _drain_within_grace(self, process: WorkerProcess) -> None:
        ended = self._alive.get(process)
        if ended is None:
            return
        process.drain()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(ended), self._grace_s)
            if not self._stopping.is_set():
                say(f"the previous worker (pid {process.pid}) has finished")
            return
        warn(f"worker {process.pid} still runs tasks after {self._grace_s:g} s (--grace): killing it")
        process.kill()
        await ended

    async def _shut_down(self) -> None:
        self._stopping.set()
        for process in list(self._alive):
            self._drain(process)
        while self._drains:
            await asyncio.gather(*self._drains)


def syntax_errors(files: set[Path]) -> list[str]:
    """One line for each Python file that cannot be compiled."""
    problems = []
    for path in sorted(files):
        if path.suffix != ".py" or not path.is_file():
            continue
        try:
            compile(path.read_bytes(), str(path), "exec")
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", None) or 1
            problems.append(f"{path.name}:{line}: {getattr(error, 'msg', error)}")
    return problems


def _names(files: set[Path]) -> str:
    names = sorted(path.name for path in files)
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _ending(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {-code}"
