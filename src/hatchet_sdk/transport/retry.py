"""Retries of unary calls, as `ClientConfig.tenacity` says."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import grpc
import tenacity

from hatchet_sdk.transport.errors import rpc_error

if TYPE_CHECKING:
    from hatchet_sdk.config import TenacityConfig

R = TypeVar("R")

NEVER_RETRIED = frozenset(
    {
        grpc.StatusCode.UNIMPLEMENTED,
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.ALREADY_EXISTS,
        grpc.StatusCode.UNAUTHENTICATED,
        grpc.StatusCode.PERMISSION_DENIED,
    }
)
"""Codes that another attempt would not change. NOT_FOUND is one too unless the caller expects it to go away."""


def is_worth_retrying(error: BaseException, retry_not_found: bool) -> bool:
    if not isinstance(error, grpc.RpcError):
        return False
    code = error.code()
    return code not in NEVER_RETRIED and (code is not grpc.StatusCode.NOT_FOUND or retry_not_found)


async def with_retries(
    call: Callable[[], Awaitable[R]],
    config: "TenacityConfig",
    *,
    retry_not_found: bool = False,
    attempts: int | None = None,
    longest_wait_s: float | None = None,
) -> R:
    """Await `call()` until it succeeds, at most `attempts` times (default: as configured; 0 or less: once).

    Raises:
        grpc.RpcError: of the last attempt.
    """
    most = config.max_attempts if attempts is None else attempts
    not_found = retry_not_found or config.retry_not_found
    wait = (
        config.wait()
        if longest_wait_s is None
        else tenacity.wait_random_exponential(multiplier=0.1, max=longest_wait_s)
    )
    retrying = tenacity.AsyncRetrying(
        stop=tenacity.stop_after_attempt(max(most, 1)),
        wait=wait,
        retry=tenacity.retry_if_exception(lambda error: is_worth_retrying(error, not_found)),
        before_sleep=config.before_sleep,
        reraise=True,
    )

    async def attempt() -> R:
        try:
            return await call()
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise rpc_error(grpc.StatusCode.CANCELLED, "the channel was closed during the call") from None

    return await retrying(attempt)


def backoff_s(first_s: float, failures: int, longest_s: float) -> float:
    """The pause after so many failures in a row (at least 1): doubles with each, up to `longest_s`."""
    doublings = min(failures - 1, 30)  # an outage of hours would overflow a float
    return min(first_s * 2.0**doublings, longest_s)


def patience_s(config: "TenacityConfig") -> float:
    """How long a stream that can't be opened keeps triggers waiting: as long as the retries of a unary call take."""
    return float(min(2 ** max(config.max_attempts - 1, 0) - 1, 60))
