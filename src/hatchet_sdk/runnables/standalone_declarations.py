"""The decorators that make standalone tasks."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, overload

from hatchet_sdk.runnables.annotations import Annotations, local_names
from hatchet_sdk.runnables.decorators import DurableStandaloneDecorator, StandaloneDecorator
from hatchet_sdk.runnables.eviction import DEFAULT_DURABLE_TASK_EVICTION_POLICY, EvictionPolicy
from hatchet_sdk.runnables.settings import Limits, default_slots, durable_slots, wanted_labels
from hatchet_sdk.runnables.standalone import Standalone
from hatchet_sdk.runnables.types import (
    DEFAULT_EXECUTION_TIMEOUT,
    DEFAULT_PRIORITY,
    DEFAULT_SCHEDULE_TIMEOUT,
    DefaultFilter,
    EmptyModel,
)
from hatchet_sdk.runnables.workflow_settings import declared_workflow
from hatchet_sdk.types.concurrency import ConcurrencyExpression, concurrency_rules
from hatchet_sdk.types.idempotency import IdempotencyConfig
from hatchet_sdk.types.labels import DesiredWorkerLabel
from hatchet_sdk.types.priority import Priority
from hatchet_sdk.types.rate_limit import RateLimit
from hatchet_sdk.types.sticky import StickyStrategy
from hatchet_sdk.utils.timedelta_to_expression import Duration
from hatchet_sdk.utils.typing import JSONSerializableMapping

if TYPE_CHECKING:
    from hatchet_sdk.client import Client

TWorkflowInput = TypeVar("TWorkflowInput")
Labels = dict[str, DesiredWorkerLabel] | list[DesiredWorkerLabel] | None
Concurrency = int | ConcurrencyExpression | list[ConcurrencyExpression] | None

WORKFLOW_SETTINGS = (
    "description",
    "input_validator",
    "on_events",
    "on_crons",
    "cron_input",
    "version",
    "sticky",
    "default_priority",
    "default_filters",
    "default_additional_metadata",
    "idempotency",
)


class StandaloneDeclarations:
    """The part of `Hatchet` that declares standalone tasks."""

    _client: "Client"

    @overload
    def task(
        self,
        *,
        name: str | None = None,
        description: str | None = None,
        input_validator: None = None,
        on_events: list[str] | None = None,
        on_crons: list[str] | None = None,
        cron_input: EmptyModel | None = None,
        version: str | None = None,
        sticky: StickyStrategy | None = None,
        default_priority: int | Priority = DEFAULT_PRIORITY,
        concurrency: Concurrency = None,
        schedule_timeout: Duration = DEFAULT_SCHEDULE_TIMEOUT,
        execution_timeout: Duration = DEFAULT_EXECUTION_TIMEOUT,
        retries: int = 0,
        rate_limits: list[RateLimit] | None = None,
        desired_worker_labels: Labels = None,
        backoff_factor: float | None = None,
        backoff_max_seconds: int | None = None,
        default_filters: list[DefaultFilter] | None = None,
        default_additional_metadata: JSONSerializableMapping | None = None,
        slot_cost: int | None = None,
        idempotency: IdempotencyConfig | None = None,
        process: bool = False,
    ) -> StandaloneDecorator[EmptyModel]: ...
    @overload
    def task(
        self,
        *,
        name: str | None = None,
        description: str | None = None,
        input_validator: type[TWorkflowInput],
        on_events: list[str] | None = None,
        on_crons: list[str] | None = None,
        cron_input: TWorkflowInput | None = None,
        version: str | None = None,
        sticky: StickyStrategy | None = None,
        default_priority: int | Priority = DEFAULT_PRIORITY,
        concurrency: Concurrency = None,
        schedule_timeout: Duration = DEFAULT_SCHEDULE_TIMEOUT,
        execution_timeout: Duration = DEFAULT_EXECUTION_TIMEOUT,
        retries: int = 0,
        rate_limits: list[RateLimit] | None = None,
        desired_worker_labels: Labels = None,
        backoff_factor: float | None = None,
        backoff_max_seconds: int | None = None,
        default_filters: list[DefaultFilter] | None = None,
        default_additional_metadata: JSONSerializableMapping | None = None,
        slot_cost: int | None = None,
        idempotency: IdempotencyConfig | None = None,
        process: bool = False,
    ) -> StandaloneDecorator[TWorkflowInput]: ...
    def task(
        self,
        *,
        name: str | None = None,
        description: str | None = None,
        input_validator: type[Any] | None = None,
        on_events: list[str] | None = None,
        on_crons: list[str] | None = None,
        cron_input: Any = None,
        version: str | None = None,
        sticky: StickyStrategy | None = None,
        default_priority: int | Priority = DEFAULT_PRIORITY,
        concurrency: Concurrency = None,
        schedule_timeout: Duration = DEFAULT_SCHEDULE_TIMEOUT,
        execution_timeout: Duration = DEFAULT_EXECUTION_TIMEOUT,
        retries: int = 0,
        rate_limits: list[RateLimit] | None = None,
        desired_worker_labels: Labels = None,
        backoff_factor: float | None = None,
        backoff_max_seconds: int | None = None,
        default_filters: list[DefaultFilter] | None = None,
        default_additional_metadata: JSONSerializableMapping | None = None,
        slot_cost: int | None = None,
        idempotency: IdempotencyConfig | None = None,
        process: bool = False,
    ) -> Any:
        """Make a standalone task. Decorates a function `(input, ctx)`, `def` or `async def`.

        Its return annotation types the result. Further parameters must be injected: `Annotated[T, Depends(fn)]`.

        Args:
            name: default: the function's name.
            description: shown in the dashboard.
            input_validator: type of the input: a pydantic model, a dataclass or a dict type; None: EmptyModel.
            on_events: event keys that start a run; `*` stands for any characters.
            on_crons: cron expressions (UTC) that start a run, with 5 fields or, with seconds, 6.
            cron_input: input of those runs.
            version: free text.
            sticky: keep related runs on one worker.
            default_priority: Priority.LOW, MEDIUM or HIGH.
            concurrency: limits on runs with the same key; an int limits all runs together.
            schedule_timeout: longest time in the queue; then the run is cancelled.
            execution_timeout: longest time of one attempt; then the attempt has failed.
            retries: how many attempts may follow a failed one.
            rate_limits: what one run takes from rate limits.
            desired_worker_labels: labels that its worker should have.
            backoff_factor: retry number k waits `backoff_factor ** k` seconds; None: no waiting.
            backoff_max_seconds: the longest of these waits.
            default_filters: filters of the events that start it.
            default_additional_metadata: metadata of every run.
            slot_cost: default slots that a run takes.
            idempotency: keep the same thing from being started twice.
            process: run the body in a process of its own, which is killed when the run is cancelled or takes too long
                (not in the published SDK).
        """
        settings = dict(locals())
        limits = Limits(schedule_timeout, execution_timeout, retries, backoff_factor, backoff_max_seconds)
        return self._standalone(settings, limits, slot_requests=default_slots(slot_cost), process=process)

    @overload
    def durable_task(
        self,
        *,
        name: str | None = None,
        description: str | None = None,
        input_validator: None = None,
        on_events: list[str] | None = None,
        on_crons: list[str] | None = None,
        cron_input: EmptyModel | None = None,
        version: str | None = None,
        sticky: StickyStrategy | None = None,
        default_priority: int | Priority = DEFAULT_PRIORITY,
        concurrency: Concurrency = None,
        schedule_timeout: Duration = DEFAULT_SCHEDULE_TIMEOUT,
        execution_timeout: Duration = DEFAULT_EXECUTION_TIMEOUT,
        retries: int = 0,
        rate_limits: list[RateLimit] | None = None,
        desired_worker_labels: Labels = None,
        backoff_factor: float | None = None,
        backoff_max_seconds: int | None = None,
        default_filters: list[DefaultFilter] | None = None,
        default_additional_metadata: JSONSerializableMapping | None = None,
        eviction_policy: EvictionPolicy | None = DEFAULT_DURABLE_TASK_EVICTION_POLICY,
        idempotency: IdempotencyConfig | None = None,
    ) -> DurableStandaloneDecorator[EmptyModel]: ...
    @overload
    def durable_task(
        self,
        *,
        name: str | None = None,
        description: str | None = None,
        input_validator: type[TWorkflowInput],
        on_events: list[str] | None = None,
        on_crons: list[str] | None = None,
        cron_input: TWorkflowInput | None = None,
        version: str | None = None,
        sticky: StickyStrategy | None = None,
        default_priority: int | Priority = DEFAULT_PRIORITY,
        concurrency: Concurrency = None,
        schedule_timeout: Duration = DEFAULT_SCHEDULE_TIMEOUT,
        execution_timeout: Duration = DEFAULT_EXECUTION_TIMEOUT,
        retries: int = 0,
        rate_limits: list[RateLimit] | None = None,
        desired_worker_labels: Labels = None,
        backoff_factor: float | None = None,
        backoff_max_seconds: int | None = None,
        default_filters: list[DefaultFilter] | None = None,
        default_additional_metadata: JSONSerializableMapping | None = None,
        eviction_policy: EvictionPolicy | None = DEFAULT_DURABLE_TASK_EVICTION_POLICY,
        idempotency: IdempotencyConfig | None = None,
    ) -> DurableStandaloneDecorator[TWorkflowInput]: ...
    def durable_task(
        self,
        *,
        name: str | None = None,
        description: str | None = None,
        input_validator: type[Any] | None = None,
        on_events: list[str] | None = None,
        on_crons: list[str] | None = None,
        cron_input: Any = None,
        version: str | None = None,
        sticky: StickyStrategy | None = None,
        default_priority: int | Priority = DEFAULT_PRIORITY,
        concurrency: Concurrency = None,
        schedule_timeout: Duration = DEFAULT_SCHEDULE_TIMEOUT,
        execution_timeout: Duration = DEFAULT_EXECUTION_TIMEOUT,
        retries: int = 0,
        rate_limits: list[RateLimit] | None = None,
        desired_worker_labels: Labels = None,
        backoff_factor: float | None = None,
        backoff_max_seconds: int | None = None,
        default_filters: list[DefaultFilter] | None = None,
        default_additional_metadata: JSONSerializableMapping | None = None,
        eviction_policy: EvictionPolicy | None = DEFAULT_DURABLE_TASK_EVICTION_POLICY,
        idempotency: IdempotencyConfig | None = None,
    ) -> Any:
        """Make a durable standalone task; its context is a `DurableContext`. Arguments as `task`, and:

        Args:
            eviction_policy: when a waiting run may leave its worker; None: never.
        """
        settings = dict(locals())
        limits = Limits(schedule_timeout, execution_timeout, retries, backoff_factor, backoff_max_seconds)
        return self._standalone(
            settings, limits, is_durable=True, slot_requests=durable_slots(), eviction_policy=eviction_policy
        )

    def _standalone(
        self, settings: dict[str, Any], limits: Limits, **task_settings: Any
    ) -> Callable[[Callable[..., Any]], Any]:
        """A decorator that makes a workflow of one task.

        Args:
            settings: the arguments of the decorator, by name.
            limits: those that a task always has.
            task_settings: further settings of the task.
        """
        task_settings.setdefault("concurrency", concurrency_rules(settings.get("concurrency")))
        task_settings["rate_limits"] = settings["rate_limits"]
        task_settings["desired_worker_labels"] = wanted_labels(settings["desired_worker_labels"])
        own = {key: settings[key] for key in WORKFLOW_SETTINGS if key in settings}

        def decorate(fn: Callable[..., Any]) -> Any:
            name = settings["name"] or fn.__name__
            workflow = declared_workflow(self._client, name=name, **own)
            annotations = Annotations(fn, local_names(sys._getframe(1)))
            return Standalone(workflow, workflow.add(fn, name, limits, annotations, task_settings))

        return decorate
