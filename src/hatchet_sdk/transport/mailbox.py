"""Handing work and results from one thread to the loop of another, with one wake-up for everything that is ready."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

Call = tuple[Callable[..., object], tuple[Any, ...]]


class Mailbox:
    """Calls for one loop, in the order in which they were posted. `post` may be used by any thread."""

    __slots__ = ("_awake", "_calls", "_outgoing", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._calls: deque[Call] = deque()
        self._awake = False
        self._outgoing: list[tuple[Mailbox, Call]] = []

    def post(self, call: Callable[[*Ts], object], *args: *Ts) -> None:
        """Have the loop call `call(*args)` soon. A loop that was closed meanwhile has nobody who waits: dropped."""
        self._calls.append((call, args))
        self._ring()

    def forward(self, to: "Mailbox", call: Callable[[*Ts], object], *args: *Ts) -> None:
        """Post to another loop, at the end of this loop's turn together with all else that is forwarded in it.

        Only on this mailbox's own loop. What many coroutines want in one turn travels as one bundle, instead of
        waking the other thread at the first of them.
        """
        if to.loop is self.loop:
            self.loop.call_soon(call, *args)
            return
        if not self._outgoing:
            self.loop.call_soon(self._send)
        self._outgoing.append((to, (call, args)))

    def _send(self) -> None:
        outgoing, self._outgoing = self._outgoing, []
        for to, call in outgoing:
            to._calls.append(call)
        for to in {to for to, _ in outgoing}:
            to._ring()

    def _ring(self) -> None:
        if self._awake:
            return
        self._awake = True
        try:
            if asyncio._get_running_loop() is self.loop:
                self.loop.call_soon(self._deliver)
            else:
                self.loop.call_soon_threadsafe(self._deliver)
        except RuntimeError:
            if not self.loop.is_closed():
                raise
            self._calls.clear()
            self._awake = False

    def _deliver(self) -> None:
        self._awake = False  # before counting: what is appended from here on asks for another delivery
        calls = self._calls
        for _ in range(len(calls)):
            call, args = calls.popleft()
            try:
                call(*args)
            except Exception as error:
                self.loop.call_exception_handler({"message": f"{call!r} failed", "exception": error})


class Mailboxes:
    """The mailbox of each loop that has asked for something."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_loop: dict[asyncio.AbstractEventLoop, Mailbox] = {}

    def of(self, loop: asyncio.AbstractEventLoop) -> Mailbox:
        mailbox = self._by_loop.get(loop)
        if mailbox is None:
            with self._lock:
                for known in [known for known in self._by_loop if known.is_closed()]:
                    del self._by_loop[known]
                mailbox = self._by_loop.setdefault(loop, Mailbox(loop))
        return mailbox


class Reply(Generic[T]):
    """What a coroutine on one loop awaits and another loop answers. The first answer counts."""

    __slots__ = ("_mailbox", "future")

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self.future: asyncio.Future[T] = mailbox.loop.create_future()

    def resolve(self, value: T) -> None:
        self._mailbox.post(_set_result, self.future, value)

    def fail(self, error: BaseException) -> None:
        self._mailbox.post(_set_exception, self.future, error)


def _set_result(future: asyncio.Future[T], value: T) -> None:
    if not future.done():
        future.set_result(value)


def _set_exception(future: asyncio.Future[Any], error: BaseException) -> None:
    if not future.done():
        if isinstance(error, asyncio.CancelledError):
            future.cancel()
        else:
            future.set_exception(error)
