"""Which calls are made again, as `ClientConfig.tenacity` says."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import tenacity

from hatchet_sdk.clients.rest.exceptions import (
    NotFoundException,
    RestTransportError,
    ServiceException,
    TooManyRequestsException,
)

if TYPE_CHECKING:
    from hatchet_sdk.config import TenacityConfig

P = ParamSpec("P")
R = TypeVar("R")


def tenacity_retry(func: Callable[P, R], config: "TenacityConfig") -> Callable[P, R]:
    """`func` (plain or async), called again while it fails in a way that may pass.

    Args:
        func: what to call.
        config: how often, and with which pauses; `max_attempts` of 0 or less: `func` itself.
    """
    if config.max_attempts <= 0:
        return func
    return tenacity.retry(
        reraise=True,
        wait=config.wait(),
        stop=tenacity.stop_after_attempt(config.max_attempts),
        before_sleep=config.before_sleep,
        retry=tenacity.retry_if_exception(lambda error: tenacity_should_retry(error, config)),
    )(func)


def tenacity_should_retry(ex: BaseException, config: "TenacityConfig | None" = None) -> bool:
    """Whether a failed call may succeed when it is made again.

    REST: 5xx and 404; 429 and missing answers only if configured, the latter only for configured methods.
    gRPC: everything but statuses that another attempt would not change.
    """
    if isinstance(ex, ServiceException | NotFoundException):
        return True
    if isinstance(ex, TooManyRequestsException):
        return config is not None and config.retry_429
    if isinstance(ex, RestTransportError):
        return (
            config is not None
            and config.retry_transport_errors
            and ex.http_method in {method.value for method in config.retry_transport_methods}
        )
    # An error of gRPC can only exist if gRPC has been loaded; asking must not load it.
    if "grpc" in sys.modules:
        from hatchet_sdk.transport.retry import is_worth_retrying

        return is_worth_retrying(ex, retry_not_found=config is not None and config.retry_not_found)
    return False
