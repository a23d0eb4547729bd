"""Open streams: one reader, one writer, one end.

The writer takes whatever has become ready while its previous message was written: an idle stream adds no delay, a
busy one writes few, large messages. What waits is counted in bytes; a peer that does not read is disconnected.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import grpc
from google.protobuf.message import Message
from grpc import aio

from hatchet_engine.transports.grpc.closing import SHUTTING_DOWN
from hatchet_engine.transports.grpc.rpc import Context, StreamEnded

MiB = 1024 * 1024

Out = TypeVar("Out", bound=Message)
Out_co = TypeVar("Out_co", bound=Message, covariant=True)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Backpressure:
    """When a peer counts as not reading."""

    limit_bytes: int = 64 * MiB
    """More than this waiting, and nothing taken for `patience_s`."""
    patience_s: float = 5.0
    silence_s: float = 30.0
    """Nothing taken for this long while anything waits."""
    ceiling_bytes: int = 512 * MiB
    """More than this waiting, however fast the peer reads."""
    frames_in_flight: int = 32
    """Frames of one stream that are read and not yet on disk; the next is read when one of them is."""


class Pending(Protocol[Out_co]):
    """What waits to be written to one stream."""

    waiting_bytes: int

    def take(self) -> Out_co | None:
        """The next message, None if nothing waits."""
        ...


class Messages(Generic[Out]):
    """Single messages in order."""

    def __init__(self) -> None:
        self.waiting_bytes = 0
        self._queue: deque[tuple[Out, int]] = deque()

    def put(self, message: Out, size: int) -> None:
        """Append a message of about `size` bytes."""
        self._queue.append((message, size))
        self.waiting_bytes += size

    def take(self) -> Out | None:
        if not self._queue:
            return None
        message, size = self._queue.popleft()
        self.waiting_bytes -= size
        return message


@dataclass(frozen=True, slots=True)
class End:
    code: grpc.StatusCode
    message: str


class OpenStreams:
    """All streams of a server. They never end by themselves, so a shutdown must end them."""

    def __init__(self) -> None:
        self._streams: set[Stream] = set()
        self._closing: End | None = None

    def __len__(self) -> int:
        return len(self._streams)

    def add(self, stream: "Stream") -> None:
        self._streams.add(stream)
        if self._closing is not None:
            stream.end(self._closing.code, self._closing.message)

    def discard(self, stream: "Stream") -> None:
        self._streams.discard(stream)

    def close(self) -> None:
        """End every stream, also those that open from now on, with UNAVAILABLE: clients reconnect."""
        self._closing = End(grpc.StatusCode.UNAVAILABLE, SHUTTING_DOWN)
        for stream in list(self._streams):
            stream.end(self._closing.code, self._closing.message)


class Stream:
    """One open stream of replies. Everything is called on the engine loop."""

    def __init__(self, context: Context, pending: Pending[Any], limits: Backpressure, streams: OpenStreams) -> None:
        self._context = context
        self._pending = pending
        self._limits = limits
        self._streams = streams
        self._loop = asyncio.get_running_loop()
        self._ready = asyncio.Event()
        self._finishing = False
        self._ended: asyncio.Future[End] = self._loop.create_future()
        self._writing_since: float | None = None

    @property
    def is_open(self) -> bool:
        return not self._ended.done()

    def wake(self) -> None:
        """Something was added to `pending`."""
        self._ready.set()
        if self._pending.waiting_bytes > self._limits.ceiling_bytes:
            self._too_slow()

    def finish(self) -> None:
        """Write what waits, then end with OK."""
        self._finishing = True
        self._ready.set()

    def end(self, code: grpc.StatusCode, message: str) -> None:
        """End now; what waits is dropped. Only the first call counts."""
        if not self._ended.done():
            self._ended.set_result(End(code, message))

    async def run(self, reader: Coroutine[Any, Any, None] | None = None) -> None:
        """Write, and run `reader` beside it, until `end`, `finish`, or the peer is gone.

        Args:
            reader: what to do with incoming messages. The stream goes on when it returns; an error ends the stream.

        Raises:
            CoreError: raised by the reader.
            StreamEnded: by `end`, with another status than OK.
        """
        # Clients take a stream for open when its headers are there; and a status cannot be sent beside a first message.
        await self._context.send_initial_metadata(())
        self._streams.add(self)
        writer = asyncio.create_task(self._write())
        tasks = {writer, *([asyncio.create_task(reader)] if reader is not None else ())}
        waiting: set[asyncio.Future[Any]] = {*tasks, self._ended}
        try:
            while not self._ended.done() and not writer.done():
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                if any(_peer_is_gone(task) for task in tasks & done):
                    return
        finally:
            self._streams.discard(self)
            was_ended = self._ended.done()
            self.end(grpc.StatusCode.CANCELLED, "the stream is over")
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if was_ended and self._ended.result().code is not grpc.StatusCode.OK:
            end = self._ended.result()
            raise StreamEnded(end.code, end.message)

    async def _write(self) -> None:
        while True:
            message = self._pending.take()
            if message is None:
                if self._finishing:
                    return
                self._ready.clear()
                await self._ready.wait()
                continue
            self._writing_since = self._loop.time()
            watch = self._loop.call_later(self._limits.patience_s, self._check_progress, self._writing_since)
            try:
                await self._context.write(message)
            finally:
                watch.cancel()
                self._writing_since = None

    def _check_progress(self, since: float) -> None:
        if self._writing_since != since or not self.is_open:
            return
        waited = self._loop.time() - since
        if waited >= self._limits.silence_s or self._pending.waiting_bytes > self._limits.limit_bytes:
            self._too_slow()
        else:
            self._loop.call_later(self._limits.patience_s, self._check_progress, since)

    def _too_slow(self) -> None:
        if self.is_open:
            waiting = self._pending.waiting_bytes
            _log.warning("disconnected %s: it does not read, %d bytes wait for it", self._context.peer(), waiting)
            self.end(grpc.StatusCode.RESOURCE_EXHAUSTED, f"{waiting} bytes wait for you and you do not read them")


def _peer_is_gone(task: "asyncio.Task[None]") -> bool:
    """Whether a reader or writer ended because there is nobody to read from or write to; its own error is raised."""
    error = task.exception() if not task.cancelled() else None
    if error is not None and not isinstance(error, aio.BaseError):
        raise error
    return error is not None
