"""Keeping one session stream open: hello, welcome, frames both ways, reconnect."""

import asyncio
import random
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from grpc import StatusCode, aio

from hatchet_sdk.logger import logger
from hatchet_sdk.transport.errors import rpc_error
from hatchet_sdk.transport.retry import backoff_s

if TYPE_CHECKING:
    from hatchet_sdk.transport.channel import ByteStream

Inbound = TypeVar("Inbound")
Inbound_contra = TypeVar("Inbound_contra", contravariant=True)


WELCOME_WITHIN_S = 10.0
FIRST_DELAY_S = 0.05
LONGEST_DELAY_S = 0.5


class Speaker(Protocol[Inbound_contra]):
    """What is said on a session stream. All of it is called on the transport's loop."""

    def wants_stream(self) -> bool:
        """Whether there is anything to say or to wait for; without it no stream is opened."""

    def hello(self) -> bytes:
        """The first frame of a new stream."""

    def welcome(self, frame: Inbound_contra) -> None:
        """The first frame that came back. What the last stream did not get across has to be said again."""

    def frames(self) -> Iterator[bytes]:
        """Everything that is ready. When the generator goes on, the frame that it yielded has been written."""

    def receive(self, frame: Inbound_contra) -> None:
        """A later frame."""

    def lost(self, error: aio.AioRpcError) -> bool:
        """The stream ended, or could not be opened. False: do not open another one."""


class Session(Generic[Inbound]):
    """Runs a speaker's streams, one after the other."""

    def __init__(self, open_stream: "Callable[[], ByteStream]", speaker: Speaker[Inbound]) -> None:
        self._open_stream = open_stream
        self._speaker = speaker
        self._ready = asyncio.Event()
        self._resumed = asyncio.Event()
        self._resumed.set()
        self._conversation: asyncio.Task[None] | None = None
        self._closing = False
        self._finishing = False
        self._over = asyncio.Event()
        self.connected = False

    def wake(self) -> None:
        """There is something to send."""
        self._ready.set()

    async def run(self) -> None:
        """Open streams until the speaker wants no more of them, or `close`."""
        try:
            await self._run()
        finally:
            self._over.set()

    async def _run(self) -> None:
        failures = 0
        while not self._closing:
            while not self._resumed.is_set():  # it may be cleared again before this wakes up
                await self._resumed.wait()
            if not self._speaker.wants_stream():
                await self._ready.wait()
                self._ready.clear()
                continue
            try:
                await self._hold_conversation()
            except aio.AioRpcError as error:
                failures = 1 if self.connected else failures + 1
                if self._ended(error):
                    return
            except Exception as error:
                logger.exception("a session stream failed; opening another one")
                failures += 1
                if self._ended(rpc_error(StatusCode.INTERNAL, f"{type(error).__name__}: {error}")):
                    return
            await self._pause(failures)

    def _ended(self, error: aio.AioRpcError) -> bool:
        """Whether that was the last stream."""
        self.connected = False
        return self._closing or (self._resumed.is_set() and not self._speaker.lost(error))

    async def _pause(self, failures: int) -> None:
        if self._resumed.is_set() and not self._closing:
            await asyncio.sleep(backoff_s(FIRST_DELAY_S, failures, LONGEST_DELAY_S) * random.uniform(0.5, 1))

    async def _hold_conversation(self) -> None:
        """One stream, as a task of its own: a call that is cancelled early can leave a write waiting for ever.

        Raises:
            AioRpcError: always, in the end.
        """
        conversation = self._conversation = asyncio.get_running_loop().create_task(self._converse())
        try:
            await asyncio.wait([conversation])
        finally:
            self._conversation = None
            conversation.cancel()
        if conversation.cancelled():
            raise rpc_error(StatusCode.CANCELLED, "the stream was ended here")
        conversation.result()

    async def _converse(self) -> None:
        """One stream, from hello to its end.

        Raises:
            AioRpcError: always, in the end.
        """
        stream = self._open_stream()
        writer: asyncio.Task[None] | None = None
        try:
            self._speaker.welcome(await self._introduce(stream))
            self.connected = True
            writer = asyncio.get_running_loop().create_task(self._write(stream))
            while True:
                self._speaker.receive(await _read(stream))
        except asyncio.InvalidStateError:
            raise await _ending(stream) from None
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise rpc_error(StatusCode.CANCELLED, "the stream was ended here") from None
        finally:
            if writer is not None:
                writer.cancel()
            stream.cancel()

    async def _introduce(self, stream: "ByteStream") -> Inbound:
        """Say hello; the engine's welcome."""
        try:
            async with asyncio.timeout(WELCOME_WITHIN_S):
                await stream.write(self._speaker.hello())
                frame: Inbound = await _read(stream)
                return frame
        except TimeoutError:
            raise rpc_error(StatusCode.DEADLINE_EXCEEDED, "the engine did not answer the hello") from None

    async def _write(self, stream: "ByteStream") -> None:
        self._ready.set()
        try:
            while True:
                await self._ready.wait()
                self._ready.clear()
                for frame in self._speaker.frames():
                    await stream.write(frame)
                if self._finishing:
                    await stream.done_writing()
                    return
        except (aio.AioRpcError, asyncio.InvalidStateError):
            stream.cancel()  # the reader reports how the stream ended
        except Exception:
            logger.exception("a frame could not be made; opening another stream")
            stream.cancel()

    async def suspend(self) -> None:
        """End the stream and open no other until `resume`."""
        self._resumed.clear()
        self._drop()

    def resume(self) -> None:
        self._resumed.set()

    async def finish(self, within_s: float) -> None:
        """Send what is ready, then end the stream for good, together with the engine if it does so in time."""
        self._finishing = self._closing = True
        self._resumed.set()
        self._ready.set()
        if self.connected:
            try:
                async with asyncio.timeout(within_s):
                    await self._over.wait()
            except TimeoutError:
                logger.warning("the engine did not end the stream within %s s", within_s)
        self._drop()

    def close(self) -> None:
        """End the stream for good."""
        self._closing = True
        self._resumed.set()
        self._ready.set()
        self._drop()

    def _drop(self) -> None:
        if self._conversation is not None:
            self._conversation.cancel()


async def _read(stream: "ByteStream") -> Any:
    frame = await stream.read()
    if frame is aio.EOF:
        raise await _ending(stream)
    return frame


async def _ending(stream: "ByteStream") -> aio.AioRpcError:
    """How a stream ended, as an error even if the engine ended it without one."""
    code, details = await stream.code(), await stream.details()
    return aio.AioRpcError(code, aio.Metadata(), aio.Metadata(), details=details or "the engine ended the stream")
