"""Waiting for something that another thread or process does. Nothing else in the tests lets time pass."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

T = TypeVar("T")

POLL_S = 0.02


def eventually(fn: Callable[[], T], within_s: float = 5.0, poll_s: float = POLL_S) -> T:
    """Call `fn` until what it returns is true, and return that.

    An AssertionError in `fn` means "not yet"; any other exception leaves at once.

    Args:
        fn: what to try; cheap, without side effects.
        within_s: give up after so many seconds.
        poll_s: pause between two tries, in seconds.

    Raises:
        AssertionError: it did not come true in time; with the last value or the last failed assertion.
    """
    deadline = time.monotonic() + within_s
    while True:
        value, failed = attempt(fn)
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not true within {within_s} s; last: {failed or value!r}") from failed
        time.sleep(poll_s)


@overload
async def aio_eventually(fn: Callable[[], Awaitable[T]], within_s: float = 5.0, poll_s: float = POLL_S) -> T: ...


@overload
async def aio_eventually(fn: Callable[[], T], within_s: float = 5.0, poll_s: float = POLL_S) -> T: ...


async def aio_eventually(fn: Callable[[], Any], within_s: float = 5.0, poll_s: float = POLL_S) -> Any:
    """`eventually` for tests that run on a loop; `fn` may be a coroutine function."""
    deadline = time.monotonic() + within_s
    while True:
        failed: AssertionError | None = None
        value: Any = None
        try:
            answer = fn()
            value = await answer if inspect.isawaitable(answer) else answer
        except AssertionError as error:
            failed = error
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not true within {within_s} s; last: {failed or value!r}") from failed
        await asyncio.sleep(poll_s)


def attempt(fn: Callable[[], T]) -> tuple[T | None, AssertionError | None]:
    try:
        return fn(), None
    except AssertionError as error:
        return None, error


async def pause(seconds: float) -> None:
    """For the bodies of tasks under test that have to take some time."""
    await asyncio.sleep(seconds)
