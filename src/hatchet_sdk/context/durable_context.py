"""The context of durable tasks.

The engine of this version does not offer the durable protocol yet, so everything that would need it raises.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Never, ParamSpec, TypeVar, overload

from pydantic import BaseModel

from hatchet_sdk.conditions import OrGroup, SleepCondition, UserEventCondition
from hatchet_sdk.context.task_context import Context
from hatchet_sdk.exceptions import DurableTasksNotSupportedError
from hatchet_sdk.utils.timedelta_to_expression import Duration

T = TypeVar("T")
P = ParamSpec("P")


class SleepResult(BaseModel):
    """What a durable sleep returns.

    Args:
        duration: how long it was.
    """

    duration: timedelta


class DurableContext(Context):
    """A context whose waits survive a restart of the worker.

    Raises (every `aio_` method of this class):
        DurableTasksNotSupportedError: this engine version does not offer durable tasks.
        ValueError: called in `mock_run`, which has no engine.
    """

    __slots__ = ()

    @property
    def invocation_count(self) -> int:
        """How often the run has been started or resumed."""
        return self._action.invocation_count

    @property
    def wait_index(self) -> int:
        """Number of waits so far."""
        return 0

    async def aio_wait_for(
        self,
        signal_key: str,
        *conditions: SleepCondition | UserEventCondition | OrGroup,
        label: str | None = None,
    ) -> dict[str, Any]:
        """Wait for conditions, all of them.

        Args:
            signal_key: name of the wait.
            conditions: sleeps, events, or `or_()` groups of them.
            label: shown in the dashboard.

        Returns:
            `{"CREATE": {<readable data key>: [<data>]}}`.
        """
        self._needs_durable_protocol("aio_wait_for()")

    async def aio_sleep_for(self, duration: Duration, label: str | None = None) -> SleepResult:
        """Sleep without depending on the worker.

        Args:
            duration: how long.
            label: shown in the dashboard.
        """
        self._needs_durable_protocol("aio_sleep_for()")

    async def aio_sleep_until(self, wake_at: datetime, label: str | None = None) -> SleepResult:
        """Sleep until a point in time.

        Args:
            wake_at: when to go on.
            label: shown in the dashboard.
        """
        self._needs_durable_protocol("aio_sleep_until()")

    @overload
    async def aio_wait_for_event(
        self,
        key: str,
        expression: str | None = None,
        *,
        payload_validator: None = None,
        scope: str | None = None,
        lookback_window: timedelta | None = None,
        label: str | None = None,
    ) -> dict[str, Any]: ...
    @overload
    async def aio_wait_for_event(
        self,
        key: str,
        expression: str | None = None,
        *,
        payload_validator: type[T],
        scope: str | None = None,
        lookback_window: timedelta | None = None,
        label: str | None = None,
    ) -> T: ...
    async def aio_wait_for_event(
        self,
        key: str,
        expression: str | None = None,
        *,
        payload_validator: type[Any] | None = None,
        scope: str | None = None,
        lookback_window: timedelta | None = None,
        label: str | None = None,
    ) -> Any:
        """Wait for one event and return its payload.

        Args:
            key: key of the event.
            expression: CEL over the payload (`input`).
            payload_validator: type to validate the payload to.
            scope: only events of that scope; needs `lookback_window`.
            lookback_window: also events that were pushed so long ago; needs `scope`.
            label: shown in the dashboard.

        Raises:
            ValueError: only one of `scope` and `lookback_window` is given.
        """
        if (scope is None) != (lookback_window is None):
            raise ValueError("scope and lookback_window must be given together")
        self._needs_durable_protocol("aio_wait_for_event()")

    async def aio_now(self) -> datetime:
        """The time (UTC) when this was first called; the same on replay."""
        self._needs_durable_protocol("aio_now()")

    async def _aio_memo(
        self, fn: Callable[P, Awaitable[T]], result_type: type[T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        self._needs_durable_protocol("_aio_memo()")

    def _needs_durable_protocol(self, what: str) -> Never:
        raise DurableTasksNotSupportedError(
            f"{what} needs durable tasks, which this engine version does not offer yet; the task is not retried"
        )
