"""What runs on the transport thread of one connection."""

import asyncio
from collections.abc import Sequence
from importlib import metadata
from typing import TYPE_CHECKING, Protocol

from hatchet_sdk.transport.channel import Channel
from hatchet_sdk.transport.frames import MESSAGE_OVERHEAD
from hatchet_sdk.transport.outcomes import OutcomeWait
from hatchet_sdk.transport.published_client import PublishedClient
from hatchet_sdk.transport.retry import patience_s
from hatchet_sdk.transport.run_events import RunEvents
from hatchet_sdk.transport.session_client import SessionClient
from hatchet_sdk.transport.thread import TransportThread
from hatchet_sdk.transport.triggers import RunCall, TriggerChunk
from hatchet_sdk.transport.unary import UnaryCalls

if TYPE_CHECKING:
    from hatchet_sdk.config import ClientConfig


def sdk_version() -> str:
    try:
        return metadata.version("hatchet-py")
    except metadata.PackageNotFoundError:
        return "unknown"


class Guest(Protocol):
    """Something else that lives on the transport thread: a worker's link."""

    async def suspend(self) -> None:
        """Let go of the channel until `resume`."""

    def resume(self) -> None:
        """The channel may be used again."""


class Services:
    """The thread, the channel and what speaks on it. `start`, `suspend` and `stop` are for other threads."""

    def __init__(self, config: "ClientConfig") -> None:
        self._config = config
        self.thread = TransportThread()
        self.channel = Channel(config)
        self.unary = UnaryCalls(self.channel, config.tenacity)
        self.largest_item = config.grpc_max_send_message_length - MESSAGE_OVERHEAD
        self._session = SessionClient(self.channel, sdk_version(), patience_s(config.tenacity), self._fall_back)
        self._published: PublishedClient | None = None
        self._pumps: dict[RunEvents, asyncio.Task[None]] = {}
        self._guests: list[Guest] = []
        self._started = False

    def start(self) -> None:
        """Start the thread, or let it go on after `suspend`."""
        self.thread.start()
        self.thread.mailbox.post(self._resume if self._started else self._begin)
        self._started = True

    def _begin(self) -> None:
        self.thread.spawn(self._session.session.run())

    def _resume(self) -> None:
        for guest in self._all_guests():
            guest.resume()

    def suspend(self) -> None:
        """Close the channel and end the thread; `start` lets everything go on."""
        self.thread.stop(self._let_go)

    async def _let_go(self) -> None:
        for guest in self._all_guests():
            await guest.suspend()
        await self.channel.close()
        await self.thread.settle()

    def stop(self) -> None:
        """End everything; who still waits gets an error."""
        if self.thread.stop(self._end):
            self.thread.loop.close()

    async def _end(self) -> None:
        self._client.close()
        self._session.session.close()
        await self.thread.cancel_tasks()
        await self.channel.close()
        await self.thread.settle()

    def _all_guests(self) -> list[Guest]:
        mine: list[Guest] = [self._session.session]
        return mine + ([self._published] if self._published else []) + self._guests

    def add_guest(self, guest: Guest) -> None:
        self._guests.append(guest)

    def remove_guest(self, guest: Guest) -> None:
        self._guests.remove(guest)

    # ---- on the transport's loop

    @property
    def _client(self) -> SessionClient | PublishedClient:
        return self._published or self._session

    def trigger(self, chunks: Sequence[TriggerChunk]) -> None:
        self._client.trigger(chunks)

    def watch(self, wait: OutcomeWait) -> None:
        self._client.watch(wait)

    def unwatch(self, wait: OutcomeWait) -> None:
        self._client.unwatch(wait)

    def give_up(self, call: RunCall) -> None:
        """Nobody waits for these runs any more; they go on."""
        if call.wait is not None:
            self._client.unwatch(call.wait)

    def pump(self, events: RunEvents) -> None:
        self._pumps[events] = self.thread.spawn(events.pump())

    def stop_pump(self, events: RunEvents) -> None:
        self._pumps.pop(events).cancel()

    def _fall_back(self, session: SessionClient) -> None:
        chunks, outcomes = session.hand_over()
        published = self._published = PublishedClient(self.channel, self.thread, self._config.tenacity, outcomes)
        self.thread.spawn(published.run())
        published.trigger(chunks)
