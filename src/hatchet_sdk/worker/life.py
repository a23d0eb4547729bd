"""One life of a worker: from `start` to its end."""

import asyncio
import contextlib
import os
import platform
import socket
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hatchet_sdk.exceptions import LifespanSetupError
from hatchet_sdk.logger import logger
from hatchet_sdk.transport.mailbox import Mailbox
from hatchet_sdk.transport.services import sdk_version
from hatchet_sdk.worker.lifespan import Lifespan, LifespanFn
from hatchet_sdk.worker.links import Introduction
from hatchet_sdk.worker.live_port import LivePort
from hatchet_sdk.worker.log_capture import LogCapture
from hatchet_sdk.worker.loop_executor import LoopExecutor
from hatchet_sdk.worker.process_executor import ProcessExecutor
from hatchet_sdk.worker.process_messages import ChildSettings, ImportPath
from hatchet_sdk.worker.registry import Place, Registry
from hatchet_sdk.worker.runner import Executor, Runner
from hatchet_sdk.worker.signals import FORCED_STATUS, Signals
from hatchet_sdk.worker.station import Parts, Station
from hatchet_sdk.worker.thread_executor import ThreadExecutor
from hatchet_sdk.worker.thread_pool import ThreadPool
from hatchet_sdk.worker.watchdog import Watchdog

if TYPE_CHECKING:
    from hatchet_sdk.config import ClientConfig
    from hatchet_sdk.transport.connection import Connection

CLEAN_UP_WITHIN_S = 5.0
"""On a forced end."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be run."""

    name: str
    config: "ClientConfig"
    connection: "Connection"
    registry: Registry
    slots: Mapping[str, int]
    labels: Mapping[str, str | int]
    lifespan: LifespanFn | None
    processes: int
    handle_signals: bool


class Life:
    """Owns the user's event loop; `run` blocks its thread."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._lifespan = Lifespan(plan.lifespan)
        self._transport = plan.connection.services.thread.mailbox
        self._threads = ThreadPool(sum(plan.slots.values()))
        self._processes: ProcessExecutor | None = None
        self._mine: Mailbox | None = None
        self._finished = asyncio.Event()
        self._started = 0
        self.station: Station | None = None
        self.over: Future[None] = Future()
        """Done when `run` has ended."""

    def run(self) -> None:
        """Raises:
        SystemExit: with status 1, the engine refused the worker.
        """
        plan = self._plan
        signals = Signals(self._on_signal, self._on_forced, plan.config.force_shutdown_on_shutdown_signal)
        if plan.handle_signals:
            signals.install()
        try:
            with asyncio.Runner() as runner:
                runner.run(self._main())
        finally:
            signals.restore()
            self._threads.close()
            self.over.set_result(None)
        if self.station is not None and self.station.refusal is not None:
            raise SystemExit(1)

    async def _main(self) -> None:
        loop = asyncio.get_running_loop()
        self._mine = Mailbox(loop)
        try:
            value = await self._lifespan.set_up()
        except LifespanSetupError:
            logger.exception("the worker does not start")
            return
        station, port = self._build(loop, value)
        capture = LogCapture(port)
        if not self._plan.config.disable_log_capture:
            capture.attach(self._plan.config.logger)
        try:
            if self._processes is not None:
                await asyncio.to_thread(self._processes.warm_up)
            await self._plan.connection.call(station.begin)
            await self._finished.wait()
        finally:
            await self._lifespan.clean_up()
            if self._processes is not None:
                await asyncio.to_thread(self._processes.close)
            await self._plan.connection.call(station.end)
            capture.detach()

    def _build(self, loop: asyncio.AbstractEventLoop, lifespan_value: Any) -> tuple[Station, LivePort]:
        plan, transport = self._plan, self._transport
        runner = Runner(plan.registry, transport.loop, self._count_start)
        port = LivePort(runner, runner.live, transport, plan.labels)
        on_loop = LoopExecutor(loop, transport, runner.collect, port, self._threads)
        force_kill = plan.config.enable_force_kill_sync_threads
        in_threads = ThreadExecutor(self._threads, transport, runner.collect, port, force_kill)
        on_loop.lifespan = in_threads.lifespan = lifespan_value
        executors: dict[Place, Executor] = {Place.LOOP: on_loop, Place.THREAD: in_threads}
        if plan.registry.uses(Place.PROCESS):
            self._processes = self._build_processes(runner, port)
            executors[Place.PROCESS] = self._processes
        runner.executors = executors
        parts = Parts(
            services=plan.connection.services,
            config=plan.config,
            runner=runner,
            port=port,
            introduction=self._introduction(),
            labels=port.labels,
            threads=self._threads,
            watchdog=Watchdog(loop, threading.get_ident()),
        )
        self.station = Station(parts, self._on_finished)
        return self.station, port

    def _build_processes(self, runner: Runner, port: LivePort) -> ProcessExecutor:
        plan = self._plan
        size = plan.processes or min(sum(plan.slots.values()), os.cpu_count() or 1)
        settings = ChildSettings(
            lifespan=ImportPath.of(plan.lifespan) if plan.lifespan else None,
            capture_logs=not plan.config.disable_log_capture,
        )
        return ProcessExecutor(size, settings, self._transport, runner.collect, port)

    def _introduction(self) -> Introduction:
        plan = self._plan
        return Introduction(
            name=plan.name,
            actions=plan.registry.actions,
            slots=plan.slots,
            sdk_version=sdk_version(),
            language_version=platform.python_version(),
            os=platform.system(),
            host=f"{socket.gethostname()}:{os.getpid()}",
        )

    def _count_start(self, attempts: int) -> None:
        self._started += attempts
        limit = self._plan.config.terminate_worker_after_num_tasks
        if limit is not None and self._started >= limit and self.station is not None:
            self.station.drain(f"{self._started} task runs were started, as configured")

    # ---- from the transport's thread

    def _on_finished(self) -> None:
        assert self._mine is not None
        self._mine.post(self._finished.set)

    # ---- from signal handlers and other threads

    def drain(self, why: str) -> None:
        """Begin to leave gracefully."""
        if self.station is not None:
            self._transport.post(self.station.drain, why)
        elif self._mine is not None:
            # A signal handler runs inside the loop's turn, where the mailbox would not wake it.
            self._mine.loop.call_soon_threadsafe(self._finished.set)

    def _on_signal(self, name: str) -> None:
        self.drain(name)

    def _on_forced(self, name: str) -> None:
        self._transport.post(self._force, name)

    def _force(self, name: str) -> None:
        """On the transport's thread: the user's loop may be blocked."""
        logger.warning("%s: this worker ends at once; what it runs will run elsewhere", name)
        if self._processes is not None:
            self._processes.kill()
        self._transport.loop.call_later(CLEAN_UP_WITHIN_S, _exit_now)
        if self._mine is not None:
            self._mine.post(self._clean_up_and_exit)

    def _clean_up_and_exit(self) -> None:
        task = asyncio.get_running_loop().create_task(self._lifespan.clean_up())
        task.add_done_callback(lambda _: _exit_now())


def _exit_now() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(FORCED_STATUS)
