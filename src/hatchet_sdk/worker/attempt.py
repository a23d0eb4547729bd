"""One attempt while this worker executes it."""

import asyncio
import time
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from hatchet_sdk.exceptions import NonRetryableException, TaskRunError
from hatchet_sdk.logger import logger

if TYPE_CHECKING:
    from hatchet_sdk.worker.action import Action
    from hatchet_sdk.worker.deadlines import Tick
    from hatchet_sdk.worker.registry import Entry

Key = tuple[str, int]
"""Task id and retry count."""


class Ending(IntEnum):
    """How a body ended; the numbers are those of StepEvent.Kind."""

    COMPLETED = 2
    FAILED = 3


def now_us() -> int:
    return time.time_ns() // 1000


class Attempt:
    """Written by the thread that executes it and by the transport's thread, each field by one of them.

    `ending` is set last: who sees it sees the rest.
    """

    __slots__ = (
        "action",
        "announce",
        "cancelled",
        "ended_at",
        "ending",
        "entry",
        "handle",
        "key",
        "payload",
        "released",
        "should_not_retry",
        "started_at",
        "tick",
        "told",
    )

    def __init__(self, action: "Action", entry: "Entry") -> None:
        self.action = action
        self.entry = entry
        self.key: Key = (action.task_id, action.retry_count)
        self.cancelled = False
        """Nothing more is reported; what the body still does is discarded."""
        self.announce = False
        """The body's start is to be reported by whoever begins it."""
        self.told = False
        """Its start has been reported."""
        self.released = False
        self.tick: Tick | None = None
        self.handle: Any = None
        """What the executor needs to stop it."""
        self.started_at = 0
        self.ended_at = 0
        self.payload = ""
        self.should_not_retry = False
        self.ending: Ending | None = None

    @property
    def name(self) -> str:
        """For messages."""
        return f"{self.action.task_name} ({self.action.task_id}, attempt {self.action.retry_count + 1})"

    def complete(self, output: str) -> None:
        """The body returned; `output` is JSON text or empty."""
        self.payload = output
        self.ended_at = now_us()
        self.ending = Ending.COMPLETED

    def fail(self, error: BaseException) -> None:
        """The body raised."""
        exception = error if isinstance(error, Exception) else _as_exception(error)
        self.should_not_retry = isinstance(error, NonRetryableException)
        self._log_failure(exception)
        self.fail_with(TaskRunError.from_exception(exception, self.action.task_id).serialize(include_metadata=True))

    def fail_with(self, text: str) -> None:
        """The attempt failed; `text` is the error as it is stored."""
        self.payload = text
        self.ended_at = now_us()
        self.ending = Ending.FAILED

    def _log_failure(self, error: Exception) -> None:
        if self.cancelled:
            logger.debug("%s raised %s after it was cancelled; discarded", self.name, type(error).__name__)
        elif self.should_not_retry:
            logger.info("%s failed and is not to be retried: %s: %s", self.name, type(error).__name__, error)
        elif self.action.retry_count < self.action.retries:
            logger.info("%s failed and will be retried: %s: %s", self.name, type(error).__name__, error)
        else:
            logger.error("%s failed", self.name, exc_info=error)


class BodyLeft(Exception):
    """The body of a task raised something that would end the process."""


def _as_exception(error: BaseException) -> Exception:
    """`sys.exit()` or a stray CancelledError in a body fails the attempt, not the worker."""
    if isinstance(error, asyncio.CancelledError):
        text = "the body raised asyncio.CancelledError, although the run was not cancelled"
    else:
        text = f"the body raised {type(error).__name__}: {error}"
    return BodyLeft(text).with_traceback(error.__traceback__)
