"""The decorator that makes standalone batch tasks."""

from datetime import timedelta
from typing import Any, Literal, TypeVar, overload

from hatchet_sdk.runnables.decorators import BatchStandaloneDecorator, BroadcastStandaloneDecorator
from hatchet_sdk.runnables.settings import Limits, batch_settings, default_slots
from hatchet_sdk.runnables.standalone_declarations import StandaloneDeclarations
from hatchet_sdk.runnables.types import (
    DEFAULT_EXECUTION_TIMEOUT,
    DEFAULT_PRIORITY,
    DEFAULT_SCHEDULE_TIMEOUT,
    DefaultFilter,
    EmptyModel,
)
from hatchet_sdk.types.labels import DesiredWorkerLabel
from hatchet_sdk.types.rate_limit import RateLimit
from hatchet_sdk.types.sticky import StickyStrategy
from hatchet_sdk.utils.timedelta_to_expression import Duration

TWorkflowInput = TypeVar("TWorkflowInput")


class BatchDeclarations(StandaloneDeclarations):
    """The part of `Hatchet` that declares standalone batch tasks."""

    @overload
    def batch_task(
        self,
        *,
        name: str | None = None,
        description: str | None = None,
        input_validator: None = None,
        version: str | None = None,
        sticky: StickyStrategy | None = None,
        default_priority: int = DEFAULT_PRIORITY,
        schedule_timeout: Duration = DEFAULT_SCHEDULE_TIMEOUT,
        execution_timeout: Duration = DEFAULT_EXECUTION_TIMEOUT,
        rate_limits: list[RateLimit] | None = None,
        desired_worker_labels: dict[str, DesiredWorkerLabel] | None = None,
        backoff_factor: float | None = None,
        backoff_max_seconds: int | None = None,
        default_filters: list[DefaultFilter] | None = None,
        batch_max_size: int = 1,
        batch_max_interval: timedelta | None = None,
        batch_group_key: str | None = None,
        batch_group_max_runs: int | None = None,
        broadcast_output: Literal[False] = False,
    ) -> BatchStandaloneDecorator[EmptyModel]: ...
    @overload
    def batch_task(
        self,
        *,
        name: str | None = None,
        description: str | None = None,
        input_validator: None = None,
        version: str | None = None,
        sticky: StickyStrategy | None = None,
        default_priority: int = DEFAULT_PRIORITY,
        schedule_timeout: Duration = DEFAULT_SCHEDULE_TIMEOUT,
        execution_timeout: Duration = DEFAULT_EXECUTION_TIMEOUT,
        rate_limits: list[RateLimit] | None = None,
        desired_worker_labels: dict[str, DesiredWorkerLabel] | None = None,
        backoff_factor: float | None = None,
        backoff_max_seconds: int | None = None,
        default_filters: list[DefaultFilter] | None = None,
        batch_max_size: int = 1,
        batch_max_interval: timedelta | None = None,
        batch_group_key: str | None = None,
        batch_group_max_runs: int | None = None,
        broadcast_output: Literal[True],
    ) -> BroadcastStandaloneDecorator[EmptyModel]: ...
    @overload
    def batch_task(
        self,
        *,
        name: str | None = None,
        description: str | None = None,
        input_validator: type[TWorkflowInput],
        version: str | None = None,
        sticky: StickyStrategy | None = None,
        default_priority: int = DEFAULT_PRIORITY,
        schedule_timeout: Duration = DEFAULT_SCHEDULE_TIMEOUT,
        execution_timeout: Duration = DEFAULT_EXECUTION_TIMEOUT,
        rate_limits: list[RateLimit] | None = None,
        desired_worker_labels: dict[str, DesiredWorkerLabel] | None = None,
        backoff_factor: float | None = None,
        backoff_max_seconds: int | None = None,
        default_filters: list[DefaultFilter] | None = None,
        batch_max_size: int = 1,
        batch_max_interval: timedelta | None = None,
        batch_group_key: str | None = None,
        batch_group_max_runs: int | None = None,
        broadcast_output: Literal[False] = False,
    ) -> BatchStandaloneDecorator[TWorkflowInput]: ...
    @overload
    def batch_task(
        self,
        *,
        name: str | None = None,
        description: str | None = None,
        input_validator: type[TWorkflowInput],
        version: str | None = None,
        sticky: StickyStrategy | None = None,
        default_priority: int = DEFAULT_PRIORITY,
        schedule_timeout: Duration = DEFAULT_SCHEDULE_TIMEOUT,
        execution_timeout: Duration = DEFAULT_EXECUTION_TIMEOUT,
        rate_limits: list[RateLimit] | None = None,
        desired_worker_labels: dict[str, DesiredWorkerLabel] | None = None,
        backoff_factor: float | None = None,
        backoff_max_seconds: int | None = None,
        default_filters: list[DefaultFilter] | None = None,
        batch_max_size: int = 1,
        batch_max_interval: timedelta | None = None,
        batch_group_key: str | None = None,
        batch_group_max_runs: int | None = None,
        broadcast_output: Literal[True],
    ) -> BroadcastStandaloneDecorator[TWorkflowInput]: ...
    def batch_task(
        self,
        *,
        name: str | None = None,
        description: str | None = None,
        input_validator: type[Any] | None = None,
        version: str | None = None,
        sticky: StickyStrategy | None = None,
        default_priority: int = DEFAULT_PRIORITY,
        schedule_timeout: Duration = DEFAULT_SCHEDULE_TIMEOUT,
        execution_timeout: Duration = DEFAULT_EXECUTION_TIMEOUT,
        rate_limits: list[RateLimit] | None = None,
        desired_worker_labels: dict[str, DesiredWorkerLabel] | None = None,
        backoff_factor: float | None = None,
        backoff_max_seconds: int | None = None,
        default_filters: list[DefaultFilter] | None = None,
        batch_max_size: int = 1,
        batch_max_interval: timedelta | None = None,
        batch_group_key: str | None = None,
        batch_group_max_runs: int | None = None,
        broadcast_output: bool = False,
    ) -> Any:
        """Make a task that handles several runs in one call. Arguments as `task`, and:

        Args:
            batch_max_size: a batch of this size starts at once.
            batch_max_interval: a smaller one starts after this time.
            batch_group_key: CEL that yields a key; only runs with the same key share a batch.
            batch_group_max_runs: how many batches of one key may execute at once.
            broadcast_output: the function returns one output for all members, not a dict of outputs.
        """
        settings = dict(locals())
        batch = batch_settings(
            batch_max_size, batch_max_interval, batch_group_key, batch_group_max_runs, broadcast_output
        )
        limits = Limits(schedule_timeout, execution_timeout, 0, backoff_factor, backoff_max_seconds)
        return self._standalone(settings, limits, batch=batch, slot_requests=default_slots(None))
