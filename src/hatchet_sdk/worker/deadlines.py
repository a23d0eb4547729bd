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


class Deadlines:
    """On the transport's loop. `expired` is called for each attempt whose time is over."""

    def __init__(self, loop: asyncio.AbstractEventLoop, expired: Callable[[Attempt], None]) -> None:
        self._loop = loop
        self._expired = expired
        self._ticks: dict[int, dict[Attempt, None]] = {}

    def set(self, attempt: Attempt, in_s: float) -> None:
        """The attempt may go on for `in_s` seconds from now."""
        self._enter(attempt, math.ceil((self._loop.time() + in_s + GRACE_S) / TICK_S))

    def extend(self, attempt: Attempt, by_s: float) -> None:
        if attempt.deadline:
            tick = attempt.deadline + math.ceil(by_s / TICK_S)
            self.discard(attempt)
            self._enter(attempt, tick)

    def discard(self, attempt: Attempt) -> None:
        tick = self._ticks.get(attempt.deadline)
        if tick is not None:
            tick.pop(attempt, None)
        attempt.deadline = 0

    def _enter(self, attempt: Attempt, number: int) -> None:
        attempt.deadline = number
        tick = self._ticks.get(number)
        if tick is None:
            tick = self._ticks[number] = {}
            self._loop.call_at(number * TICK_S, self._fire, number)
        tick[attempt] = None

    def _fire(self, number: int) -> None:
        for attempt in self._ticks.pop(number):
            attempt.deadline = 0
            self._expired(attempt)
