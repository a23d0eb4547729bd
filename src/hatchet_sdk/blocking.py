"""Blocking twins of the SDK's coroutines."""

import functools
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar

if TYPE_CHECKING:
    from hatchet_sdk.transport.connection import Connection


class OnConnection(Protocol):
    """An object whose methods can be given blocking twins: it knows its connection."""

    @property
    def _connection(self) -> "Connection": ...


S = TypeVar("S", bound=OnConnection)
P = ParamSpec("P")
R = TypeVar("R")


def blocking(aio: Callable[Concatenate[S, P], Coroutine[Any, Any, R]]) -> Callable[Concatenate[S, P], R]:
    """The blocking twin of a method, for the class body: `run = blocking(aio_run)`.

    The coroutine runs on the thread of `self._connection`, in a copy of the caller's context variables.

    Raises (when called):
        RuntimeError: called on the connection's own thread, which would wait for itself.
    """

    @functools.wraps(aio)
    def call(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return self._connection.block_on(aio(self, *args, **kwargs))

    call.__name__ = aio.__name__.removeprefix("aio_")
    call.__qualname__ = aio.__qualname__.replace(aio.__name__, call.__name__)
    return call
