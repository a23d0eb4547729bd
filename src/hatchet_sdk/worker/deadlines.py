"""Execution deadlines of attempts, as the worker sees them.

Deadlines that lie close together share one timer of the loop: thousands of attempts a second cost a few timers.
"""

import asyncio
import math
from collections.abc import Callable

from hatchet_sdk.worker.attempt import Attempt

TICK_S = 0.05
GRACE_S = 0.25
"""The engine's own verdict, which comes first if it can, is waited for so long."""


class Tick:
    """A point in time at which the attempts in it expire."""

    __slots__ = ("attempts", "number")

    def __init__(self, number: int) -> None:
        self.number = number
        """In units of `TICK_S` of the loop's time."""
        self.attempts: dict[Attempt, None] = {}

    def add(self, attempt: Attempt) -> None:
        self.attempts[attempt] = None
        attempt.tick = self


class Deadlines:
    """On the transport's loop. `expired` is called for each attempt whose time is over."""

    def __init__(self, loop: asyncio.AbstractEventLoop, expired: Callable[[Attempt], None]) -> None:
        self._loop = loop
        self._expired = expired
        self._ticks: dict[int, Tick] = {}

    def tick_in(self, seconds: float) -> Tick:
        """Where attempts belong that may go on for so long from now."""
        return self._tick(math.ceil((self._loop.time() + seconds + GRACE_S) / TICK_S))

    def extend(self, attempt: Attempt, by_s: float) -> None:
        tick = attempt.tick
        if tick is not None:
            self.discard(attempt)
            self._tick(tick.number + math.ceil(by_s / TICK_S)).add(attempt)

    def discard(self, attempt: Attempt) -> None:
        tick = attempt.tick
        if tick is not None:
            tick.attempts.pop(attempt, None)
            attempt.tick = None

    def _tick(self, number: int) -> Tick:
        tick = self._ticks.get(number)
        if tick is None:
            tick = self._ticks[number] = Tick(number)
            self._loop.call_at(number * TICK_S, self._fire, number)
        return tick

    def _fire(self, number: int) -> None:
        for attempt in self._ticks.pop(number).attempts:
            attempt.tick = None
            self._expired(attempt)
