"""The part of a running worker that lives on the transport's thread."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc

from hatchet_sdk.logger import logger
from hatchet_sdk.transport.frames import MESSAGE_OVERHEAD
from hatchet_sdk.worker.action import Action
from hatchet_sdk.worker.attempt import Key
from hatchet_sdk.worker.health import Health, HealthEndpoint
from hatchet_sdk.worker.links import Introduction, Labels, Link, Vitals
from hatchet_sdk.worker.published_link import PublishedLink
from hatchet_sdk.worker.runner import Runner
from hatchet_sdk.worker.session_link import SessionLink
from hatchet_sdk.worker.watchdog import PROBE_EVERY_S, Watchdog

if TYPE_CHECKING:
    from hatchet_sdk.config import ClientConfig
    from hatchet_sdk.transport.services import Services
    from hatchet_sdk.worker.live_port import LivePort
    from hatchet_sdk.worker.thread_pool import ThreadPool

CANCELLED_WITHIN_S = 10.0
"""How long a leaving worker waits for bodies that were cancelled."""
FLUSH_WITHIN_S = 30.0
START_WITHIN_S = 10.0
SILENT_AFTER_S = 30.0
MONITOR_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class Parts:
    """What a station works with."""

    services: "Services"
    config: "ClientConfig"
    runner: Runner
    port: "LivePort"
    introduction: Introduction
    labels: Labels
    threads: "ThreadPool"
    watchdog: Watchdog


class Station:
    """Receives what the engine says (links.Receiver), and keeps an eye on the rest of the worker.

    Args:
        finished: called once, when the worker has drained or the engine refused it.
    """

    def __init__(self, parts: Parts, finished: Callable[[], None]) -> None:
        self._parts = parts
        self._finished = finished
        self._thread = parts.services.thread
        self._loop = self._thread.loop
        self._link: Link = SessionLink(
            parts.services.channel,
            self,
            parts.introduction,
            parts.labels,
            parts.config.grpc_max_send_message_length - MESSAGE_OVERHEAD,
            self._fall_back,
        )
        parts.runner.link = self._link
        self._endpoint = (
            HealthEndpoint(parts.config.healthcheck, self.health) if parts.config.healthcheck.enabled else None
        )
        self._since = self._loop.time()
        self._heard_at: float | None = None
        self._monitored_at = self._since
        self._next_tick: asyncio.TimerHandle | None = None
        self._draining = False
        self._begun = False
        self._falls_back = False
        self.connected = False
        self.refusal: grpc.RpcError | None = None

    async def begin(self) -> None:
        """Raises:
        OSError: the port of the health endpoint is in use.
        """
        if self._endpoint is not None:
            await self._endpoint.start()
        self._begun = True
        self._parts.services.add_guest(self)
        self._run_link()
        self._tick()

    def _run_link(self) -> None:
        self._thread.spawn(self._link.run()).add_done_callback(self._link_ended)

    def _link_ended(self, run: "asyncio.Task[None]") -> None:
        """Refused, or the connection was closed under the worker: in both cases it is over."""
        if not run.cancelled() and (error := run.exception()) is not None:
            logger.error("the worker's link failed", exc_info=error)
        if not self._falls_back:
            self._finished()
        self._falls_back = False

    def _fall_back(self) -> None:
        logger.info("the engine does not know the session protocol; using the published calls")
        parts = self._parts
        self._link = PublishedLink(
            self._thread, parts.services.channel, parts.config, self, parts.introduction, parts.labels
        )
        parts.runner.link = self._link
        self._falls_back = True
        self._run_link()

    def _tick(self) -> None:
        self._next_tick = self._loop.call_later(PROBE_EVERY_S, self._tick)
        parts, now = self._parts, self._loop.time()
        parts.watchdog.tick(now)
        parts.threads.warn_when_exhausted()
        if parts.config.enable_thread_pool_monitoring and now - self._monitored_at >= MONITOR_EVERY_S:
            self._monitored_at = now
            logger.info("thread pool: %d threads, %d of them written off, %d runs wait", *parts.threads.state())

    # ---- a guest of the transport's thread

    async def suspend(self) -> None:
        await self._link.suspend()

    def resume(self) -> None:
        self._link.resume()

    # ---- what the engine says

    def welcomed(self, worker_id: str) -> None:
        if self._parts.port.worker_id != worker_id:
            logger.info("worker %s is connected as %s", self._parts.introduction.name, worker_id)
        self._parts.port.worker_id = worker_id
        self.connected = True
        self.heartbeat_answered()

    def disconnected(self) -> None:
        self.connected = False

    def refused(self, error: grpc.RpcError) -> None:
        self.connected = False
        self.refusal = error
        self._parts.runner.abandon()
        logger.error("the engine refuses this worker: %s: %s", error.code().name, error.details())
        self._finished()

    def assigned(self, actions: list[Action]) -> None:
        self._parts.runner.assigned(actions)

    def cancelled(self, key: Key, reason: str) -> None:
        self._parts.runner.cancelled(key, reason)

    def running(self) -> list[Key]:
        return self._parts.runner.running()

    def vitals(self) -> Vitals:
        watchdog = self._parts.watchdog
        return Vitals(self._parts.runner.slots_used(), watchdog.lag_s(self._loop.time()), watchdog.blocked_frame)

    def heartbeat_answered(self) -> None:
        self._heard_at = self._loop.time()

    # ---- health

    def health(self) -> Health:
        now = self._loop.time()
        lag = self._parts.watchdog.lag_s(now)
        threshold = self._parts.config.healthcheck.event_loop_block_threshold_seconds.total_seconds()
        if self._heard_at is None:
            status = "STARTING" if now - self._since < START_WITHIN_S and self.refusal is None else "UNHEALTHY"
        else:
            alive = self.connected and lag < threshold and now - self._heard_at < SILENT_AFTER_S
            status = "HEALTHY" if alive else "UNHEALTHY"
        return Health(status, lag)

    # ---- leaving

    def drain(self, why: str) -> None:
        """Take no more work, finish what runs, get it acknowledged."""
        if not self._draining:
            self._draining = True
            logger.info("%s: this worker finishes what it runs and leaves", why)
            self._thread.spawn(self._drain())

    async def _drain(self) -> None:
        await self._link.pause()
        await self._parts.runner.idle(CANCELLED_WITHIN_S)
        if not await self._link.flush(FLUSH_WITHIN_S):
            logger.error("the engine did not acknowledge everything in time; what it missed will run again")
        self._finished()

    async def end(self) -> None:
        """Say goodbye and let go of the thread."""
        if not self._begun:
            return
        if self._next_tick is not None:
            self._next_tick.cancel()
        if self.refusal is None:
            await self._link.goodbye()
        self.connected = False
        self._parts.services.remove_guest(self)
        if self._endpoint is not None:
            await self._endpoint.stop()
