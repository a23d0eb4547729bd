"""The border between executing attempts and talking to an engine about them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import grpc

from hatchet_sdk.worker.action import Action
from hatchet_sdk.worker.attempt import Attempt, Key

if TYPE_CHECKING:
    from datetime import timedelta

Labels = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Introduction:
    """What a worker says about itself."""

    name: str
    actions: Sequence[str]
    slots: Mapping[str, int]
    sdk_version: str
    language_version: str
    os: str
    host: str


@dataclass(slots=True)
class Vitals:
    """What a heartbeat carries."""

    slots_used: Mapping[str, int] = field(default_factory=dict)
    loop_lag_s: float = 0.0
    blocked_frame: str = ""


class Receiver(Protocol):
    """Who executes. Called on the transport's loop."""

    def welcomed(self, worker_id: str) -> None:
        """A stream is open; the engine knows us by this id."""

    def disconnected(self) -> None:
        """The stream ended; another one will be opened."""

    def refused(self, error: grpc.RpcError) -> None:
        """The engine does not want us; no other stream will be opened."""

    def assigned(self, actions: list[Action]) -> None:
        """Execute these."""

    def cancelled(self, key: Key, reason: str) -> None:
        """The engine has given this attempt up."""

    def running(self) -> list[Key]:
        """The attempts whose outcome is still owed."""

    def vitals(self) -> Vitals:
        """For the heartbeat."""

    def heartbeat_answered(self) -> None:
        """The engine knows that we live."""


class Link(Protocol):
    """What can be told to an engine. Called on the transport's loop."""

    def started(self, attempts: Sequence[Attempt]) -> None: ...

    def ended(self, attempts: Sequence[Attempt]) -> None: ...

    def log(self, key: Key, at_us: int, level: str, message: str, metadata: str) -> None: ...

    def chunk(self, key: Key, index: int, data: bytes) -> None: ...

    def refresh(self, key: Key, increment: "timedelta") -> None: ...

    def release(self, key: Key) -> None: ...

    def upsert_labels(self, labels: Labels) -> None: ...

    async def run(self) -> None:
        """Connect and reconnect until `goodbye`, or until the engine refuses."""

    async def suspend(self) -> None:
        """Let go of the channel until `resume`."""

    def resume(self) -> None: ...

    async def pause(self) -> None:
        """Ask for no more assignments."""

    async def flush(self, within_s: float) -> bool:
        """Wait until the engine has acknowledged everything. False: not in time."""

    async def goodbye(self) -> None:
        """Leave for good."""
