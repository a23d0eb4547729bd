"""Two worlds from one body, for methods in which code of the application runs.

`blocking(aio_x)` runs a whole coroutine on the connection's thread. A method that serializes an input or validates an
output calls validators and serializers of the application, which must not hold that thread. Such a method is written
as a generator that yields what has to be awaited; everything between the yields runs on the caller's thread.
"""

import functools
from collections.abc import Callable, Coroutine, Generator
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar

from hatchet_sdk.blocking import OnConnection

S = TypeVar("S", bound=OnConnection)
P = ParamSpec("P")
R = TypeVar("R")

Steps: TypeAlias = Generator[Coroutine[Any, Any, Any], Any, R]


def aio_twin(steps: Callable[Concatenate[S, P], Steps[R]]) -> Callable[Concatenate[S, P], Coroutine[Any, Any, R]]:
    """The async method of a body: `aio_run = aio_twin(_run)`."""

    @functools.wraps(steps)
    async def call(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        body = steps(self, *args, **kwargs)
        try:
            waiting = next(body)
            while True:
                try:
                    result = await waiting
                except Exception as error:
                    waiting = body.throw(error)
                else:
                    waiting = body.send(result)
        except StopIteration as done:
            value: R = done.value
            return value
        finally:
            body.close()

    return _named(call, f"aio{steps.__name__}", steps)


def blocking_twin(steps: Callable[Concatenate[S, P], Steps[R]]) -> Callable[Concatenate[S, P], R]:
    """The blocking method of a body: `run = blocking_twin(_run)`."""

    @functools.wraps(steps)
    def call(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        body = steps(self, *args, **kwargs)
        try:
            waiting = next(body)
            while True:
                try:
                    result = self._connection.block_on(waiting)
                except Exception as error:
                    waiting = body.throw(error)
                else:
                    waiting = body.send(result)
        except StopIteration as done:
            value: R = done.value
            return value
        finally:
            body.close()

    return _named(call, steps.__name__.removeprefix("_"), steps)


def _named(call: Callable[P, R], name: str, steps: Callable[..., Any]) -> Callable[P, R]:
    call.__name__ = name
    call.__qualname__ = steps.__qualname__.removesuffix(steps.__name__) + name
    return call
