"""Keeps account of the attempts of this worker. Everything here runs on the transport's loop."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Protocol

from hatchet_sdk.exceptions import TaskRunError
from hatchet_sdk.logger import logger
from hatchet_sdk.worker.action import Action
from hatchet_sdk.worker.attempt import Attempt, Key
from hatchet_sdk.worker.deadlines import Deadlines
from hatchet_sdk.worker.duration_text import duration_text
from hatchet_sdk.worker.links import Link
from hatchet_sdk.worker.registry import Place, Registry

TIMED_OUT = "timed out"


class Executor(Protocol):
    """Runs bodies somewhere. Called on the transport's loop; answers through `Runner.collect`."""

    def start(self, attempts: Sequence[Attempt]) -> None: ...

    def cancel(self, attempt: Attempt, at_once: bool) -> None:
        """Stop the body if that is possible: soon, or at once."""


class UnknownAction(Exception):
    """The engine assigned something that this worker does not have."""


class Runner:
    """Args:
    registry: the tasks.
    link: what the engine is told through; None until there is one.
    count_start: called with the number of attempts that are about to start.
    """

    def __init__(self, registry: Registry, loop: asyncio.AbstractEventLoop, count_start: Callable[[int], None]) -> None:
        self._registry = registry
        self._count_start = count_start
        self._deadlines = Deadlines(loop, self._expired)
        self.live: dict[Key, Attempt] = {}
        """Attempts whose bodies have not ended, also the cancelled ones."""
        self.owed = 0
        """How many of them are not cancelled."""
        self.executors: dict[Place, Executor] = {}
        self.link: Link | None = None
        self._changed = asyncio.Event()

    # ---- from the engine

    def assigned(self, actions: Sequence[Action]) -> None:
        by_place: dict[Place, list[Attempt]] = {}
        live, find = self.live, self._registry.find
        before = len(live)
        timeout: timedelta | None = None
        for action in actions:
            entry = find(action.action_id)
            if entry is None:
                self._refuse(action)
                continue
            if not action.workflow_name:
                entry.complete(action)
            attempt = Attempt(action, entry)
            if attempt.key in live:
                continue  # the engine was not sure that we have it
            live[attempt.key] = attempt
            if timeout is None or action.execution_timeout is not timeout:
                timeout = action.execution_timeout = action.execution_timeout or entry.task.execution_timeout
                tick = self._deadlines.tick_in(timeout.total_seconds())
            tick.add(attempt)
            by_place.setdefault(entry.place, []).append(attempt)
        started = len(live) - before
        self.owed += started
        for place, attempts in by_place.items():
            self.executors[place].start(attempts)
        self._count_start(started)

    def _refuse(self, action: Action) -> None:
        logger.error("the engine assigned %s, which this worker does not have", action.action_id)
        attempt = Attempt(action, next(iter(self._registry.entries)))
        error = UnknownAction(f"this worker does not have the task {action.action_id}")
        attempt.fail_with(TaskRunError.from_exception(error, action.task_id).serialize(include_metadata=True))
        self._linked.ended((attempt,))

    def cancelled(self, key: Key, reason: str) -> None:
        attempt = self.live.get(key)
        if attempt is not None and not attempt.cancelled:
            logger.info("%s: %s", attempt.name, reason or "cancelled")
            self._give_up(attempt, at_once=False)

    def _expired(self, attempt: Attempt) -> None:
        if attempt.cancelled or attempt.ending is not None:
            return
        action = attempt.action
        text = f"Task exceeded timeout of {duration_text(action.execution_timeout or timedelta())}"
        logger.warning("%s: %s", attempt.name, text)
        # A record of its own: the body may still end and write into the attempt.
        verdict = Attempt(action, attempt.entry)
        verdict.started_at = attempt.started_at
        verdict.fail_with(text)
        self._give_up(attempt, at_once=True)
        self._linked.ended((verdict,))

    def _give_up(self, attempt: Attempt, at_once: bool) -> None:
        attempt.cancelled = True
        self.owed -= 1
        self._deadlines.discard(attempt)
        self.executors[attempt.entry.place].cancel(attempt, at_once)
        self._changed.set()

    # ---- from the executors

    def collect(self, started: Sequence[Attempt], ended: Sequence[Attempt]) -> None:
        """Bodies began or ended. One that is in both, or has ended meanwhile, needs no STARTED of its own."""
        live, deadlines = self.live, self._deadlines
        begun = [
            attempt for attempt in started if attempt.ending is None and not attempt.cancelled and not attempt.told
        ]
        if begun:
            for attempt in begun:
                attempt.told = True
            self._linked.started(begun)
        owed = []
        for attempt in ended:
            if live.pop(attempt.key, None) is not None and not attempt.cancelled:
                deadlines.discard(attempt)
                owed.append(attempt)
        if owed:
            self.owed -= len(owed)
            self._linked.ended(owed)
        if ended:
            self._changed.set()

    # ---- from the bodies, through the port

    def log(self, key: Key, at_us: int, level: str, message: str, metadata: str) -> None:
        self._linked.log(key, at_us, level, message, metadata)

    def chunk(self, key: Key, index: int, data: bytes) -> None:
        self._linked.chunk(key, index, data)

    def refresh(self, key: Key, increment: timedelta) -> None:
        attempt = self.live.get(key)
        if attempt is not None and not attempt.cancelled:
            self._deadlines.extend(attempt, increment.total_seconds())
        self._linked.refresh(key, increment)

    def release(self, key: Key) -> None:
        attempt = self.live.get(key)
        if attempt is not None:
            attempt.released = True
        self._linked.release(key)

    def upsert_labels(self, labels: Mapping[str, str | int]) -> None:
        self._linked.upsert_labels(labels)

    # ---- account

    @property
    def _linked(self) -> Link:
        assert self.link is not None
        return self.link

    def running(self) -> list[Key]:
        return [key for key, attempt in self.live.items() if not attempt.cancelled]

    def slots_used(self) -> dict[str, int]:
        used: dict[str, int] = {}
        for attempt in self.live.values():
            if not attempt.cancelled and not attempt.released:
                for kind, units in attempt.entry.slots:
                    used[kind] = used.get(kind, 0) + units
        return used

    def abandon(self) -> None:
        """Nobody wants to hear of the live attempts any more."""
        for attempt in self.live.values():
            attempt.cancelled = True
        self.owed = 0

    async def idle(self, cancelled_within_s: float) -> None:
        """Wait until every body has ended; for cancelled ones, which may never end, only so long."""
        loop = asyncio.get_running_loop()
        deadline: float | None = None
        while self.live:
            self._changed.clear()
            if self.owed:
                deadline = None
            elif deadline is None:
                deadline = loop.time() + cancelled_within_s
            try:
                async with asyncio.timeout_at(deadline):
                    await self._changed.wait()
            except TimeoutError:
                names = ", ".join(attempt.name for attempt in self.live.values())
                logger.warning("not waiting any longer for bodies that were cancelled: %s", names)
                return
