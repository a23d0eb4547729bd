"""How much of a stream may be under way to the disk at once."""

import asyncio
from typing import Any


class Window:
    """Counts commands whose future is not done. A reader waits here, so that the peer is slowed down by its own
    stream's flow control and not by a growing queue in the engine."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._open = 0
        self._room = asyncio.Event()
        self._room.set()

    def add(self, future: "asyncio.Future[Any]") -> None:
        """Count `future` until it is done."""
        self._open += 1
        if self._open >= self._size:
            self._room.clear()
        future.add_done_callback(self._done)

    async def room(self) -> None:
        """Return when another command may be sent."""
        await self._room.wait()

    def _done(self, _future: "asyncio.Future[Any]") -> None:
        self._open -= 1
        if self._open < self._size:
            self._room.set()
