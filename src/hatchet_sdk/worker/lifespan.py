"""The worker's lifespan: an async generator with one `yield`."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

from hatchet_sdk.exceptions import LifespanSetupError
from hatchet_sdk.logger import logger

LifespanFn = Callable[[], AsyncGenerator[Any, Any]]


class Lifespan:
    """Runs on the user's loop."""

    def __init__(self, function: LifespanFn | None) -> None:
        self._function = function
        self._generator: AsyncGenerator[Any, Any] | None = None

    async def set_up(self) -> Any:
        """The yielded value; None without a lifespan.

        Raises:
            LifespanSetupError: it raised, or did not yield.
        """
        if self._function is None:
            return None
        generator = self._function()
        try:
            value = await anext(generator)
        except StopAsyncIteration:
            raise LifespanSetupError("the lifespan ended without a yield") from None
        except Exception as error:
            raise LifespanSetupError(f"the lifespan failed: {type(error).__name__}: {error}") from error
        self._generator = generator
        return value

    async def clean_up(self) -> None:
        """The part after the yield, once; its failure is logged."""
        generator, self._generator = self._generator, None
        if generator is None:
            return
        try:
            await anext(generator)
        except StopAsyncIteration:
            return
        except (Exception, asyncio.CancelledError):
            logger.exception("lifespan cleanup failed")
        else:
            logger.error("lifespan cleanup failed: the lifespan has a second yield")
            await generator.aclose()
