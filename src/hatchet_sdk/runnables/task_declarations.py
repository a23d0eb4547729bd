"""The decorators that add tasks to a workflow."""

import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from hatchet_sdk.conditions import Condition, OrGroup
from hatchet_sdk.runnables.annotations import Annotations, local_names
from hatchet_sdk.runnables.declaration import BaseWorkflow
from hatchet_sdk.runnables.decorators import (
    BatchTaskDecorator,
    BroadcastTaskDecorator,
    DurableTaskDecorator,
    TaskDecorator,
)
from hatchet_sdk.runnables.eviction import DEFAULT_DURABLE_TASK_EVICTION_POLICY, EvictionPolicy
from hatchet_sdk.runnables.settings import (
    Limits,
    batch_settings,
    default_slots,
    durable_slots,
    wanted_labels,
    with_defaults,
)
from hatchet_sdk.runnables.task import Task
from hatchet_sdk.runnables.types import DEFAULT_EXECUTION_TIMEOUT, DEFAULT_SCHEDULE_TIMEOUT, StepType
from hatchet_sdk.types.concurrency import ConcurrencyExpression
from hatchet_sdk.types.labels import DesiredWorkerLabel
from hatchet_sdk.types.rate_limit import RateLimit
from hatchet_sdk.utils.timedelta_to_expression import Duration

if TYPE_CHECKING:
    from hatchet_sdk.runnables.standalone import Standalone

TWorkflowInput = TypeVar("TWorkflowInput")
Labels = dict[str, DesiredWorkerLabel] | list[DesiredWorkerLabel] | None
Conditions = Sequence[Condition | OrGroup] | None

_SUFFIXES = {StepType.DEFAULT: "", StepType.ON_FAILURE: "-on-failure", StepType.ON_SUCCESS: "-on-success"}


class TaskDeclarations(BaseWorkflow[TWorkflowInput]):
    """The declaring half of a `Workflow`."""

    _default_tasks: list[Task[TWorkflowInput, Any]]
    _on_failure_task: Task[TWorkflowInput, Any] | None
    _on_success_task: Task[TWorkflowInput, Any] | None

    @property
    def tasks(self) -> list[Task[TWorkflowInput, Any]]:
        """All tasks in the order of their declaration, then the handlers of success and failure."""
        handlers = (self._on_success_task, self._on_failure_task)
        return [*self._default_tasks, *(task for task in handlers if task is not None)]

    def task(
        self,
        name: str | None = None,
        schedule_timeout: Duration = DEFAULT_SCHEDULE_TIMEOUT,
        execution_timeout: Duration = DEFAULT_EXECUTION_TIMEOUT,
        parents: list[Task[TWorkflowInput, Any]] | None = None,
        retries: int = 0,
        rate_limits: list[RateLimit] | None = None,
        desired_worker_labels: Labels = None,
        backoff_factor: float | None = None,
        backoff_max_seconds: int | None = None,
        concurrency: int | list[ConcurrencyExpression] | None = None,
        wait_for: Conditions = None,
        skip_if: Conditions = None,
        cancel_if: Conditions = None,
        slot_cost: int | None = None,
        *,
        process: bool = False,
    ) -> TaskDecorator[TWorkflowInput]:
        """Add a task. Decorates a function `(input, ctx)`, plain or async; its return annotation types the result.

        Args:
            name: default: the function's name; lower-cased.
            schedule_timeout: longest time in the queue; then the run is cancelled.
            execution_timeout: longest time of one attempt; then the attempt has failed.
            parents: tasks that must have completed before.
            retries: how many attempts may follow a failed one.
            rate_limits: what one run takes from rate limits.
            desired_worker_labels: labels that its worker should have.
            backoff_factor: retry number k waits `backoff_factor ** k` seconds; None: no waiting.
            backoff_max_seconds: the longest of these waits.
            concurrency: limits on runs with the same key.
            wait_for: conditions that must be satisfied before it is queued.
            skip_if: conditions under which it is skipped.
            cancel_if: conditions under which it is cancelled.
            slot_cost: default slots that a run takes.
            process: run the body in a process of its own, which is killed when the run is cancelled or takes too long
                (not in the published SDK).
        """
        limits = Limits(schedule_timeout, execution_timeout, retries, backoff_factor, backoff_max_seconds)
        return self._adds(
            name,
            with_defaults(limits, self._config.task_defaults),
            parents=parents,
            rate_limits=rate_limits,
            desired_worker_labels=wanted_labels(desired_worker_labels),
            concurrency=concurrency,
            wait_for=wait_for,
            skip_if=skip_if,
            cancel_if=cancel_if,
            slot_requests=default_slots(slot_cost),
            process=process,
        )

    def durable_task(
        self,
        name: str | None = None,
        schedule_timeout: Duration = DEFAULT_SCHEDULE_TIMEOUT,
        execution_timeout: Duration = DEFAULT_EXECUTION_TIMEOUT,
        parents: list[Task[TWorkflowInput, Any]] | None = None,
        retries: int = 0,
        rate_limits: list[RateLimit] | None = None,
        desired_worker_labels: Labels = None,
        backoff_factor: float | None = None,
        backoff_max_seconds: int | None = None,
        concurrency: int | list[ConcurrencyExpression] | None = None,
        wait_for: Conditions = None,
        skip_if: Conditions = None,
        cancel_if: Conditions = None,
        eviction_policy: EvictionPolicy | None = DEFAULT_DURABLE_TASK_EVICTION_POLICY,
    ) -> DurableTaskDecorator[TWorkflowInput]:
        """Add a durable task; its context is a `DurableContext`. Arguments as `task`, and:

        Args:
            eviction_policy: when a waiting run may leave its worker; None: never.
        """
        limits = Limits(schedule_timeout, execution_timeout, retries, backoff_factor, backoff_max_seconds)
        return self._adds(
            name,
            with_defaults(limits, self._config.task_defaults),
            is_durable=True,
            parents=parents,
            rate_limits=rate_limits,
            desired_worker_labels=wanted_labels(desired_worker_labels),
            concurrency=concurrency,
            wait_for=wait_for,
            skip_if=skip_if,
            cancel_if=cancel_if,
            slot_requests=durable_slots(),
            eviction_policy=eviction_policy,
        )

    @overload
    def batch_task(
        self,
        name: str | None = None,
        *,
        batch_max_size: int,
        batch_max_interval: timedelta | None = None,
        batch_group_key: str | None = None,
        batch_group_max_runs: int | None = None,
        broadcast_output: Literal[False] = False,
        schedule_timeout: Duration = DEFAULT_SCHEDULE_TIMEOUT,
        execution_timeout: Duration = DEFAULT_EXECUTION_TIMEOUT,
        parents: list[Task[TWorkflowInput, Any]] | None = None,
        rate_limits: list[RateLimit] | None = None,
        desired_worker_labels: Labels = None,
        backoff_factor: float | None = None,
        backoff_max_seconds: int | None = None,
    ) -> BatchTaskDecorator[TWorkflowInput]: ...
    @overload
    def batch_task(
        self,
        name: str | None = None,
        *,
        batch_max_size: int,
        batch_max_interval: timedelta | None = None,
        batch_group_key: str | None = None,
        batch_group_max_runs: int | None = None,
        broadcast_output: Literal[True],
        schedule_timeout: Duration = DEFAULT_SCHEDULE_TIMEOUT,
        execution_timeout: Duration = DEFAULT_EXECUTION_TIMEOUT,
        parents: list[Task[TWorkflowInput, Any]] | None = None,
        rate_limits: list[RateLimit] | None = None,
        desired_worker_labels: Labels = None,
        backoff_factor: float | None = None,
        backoff_max_seconds: int | None = None,
    ) -> BroadcastTaskDecorator[TWorkflowInput]: ...
    def batch_task(
        self,
        name: str | None = None,
        *,
        batch_max_size: int,
        batch_max_interval: timedelta | None = None,
        batch_group_key: str | None = None,
        batch_group_max_runs: int | None = None,
        broadcast_output: bool = False,
        schedule_timeout: Duration = DEFAULT_SCHEDULE_TIMEOUT,
        execution_timeout: Duration = DEFAULT_EXECUTION_TIMEOUT,
        parents: list[Task[TWorkflowInput, Any]] | None = None,
        rate_limits: list[RateLimit] | None = None,
        desired_worker_labels: Labels = None,
        backoff_factor: float | None = None,
        backoff_max_seconds: int | None = None,
    ) -> Any:
        """Add a task that handles several runs in one call. Arguments as `task`, and:

        Args:
            batch_max_size: a batch of this size starts at once.
            batch_max_interval: a smaller one starts after this time.
            batch_group_key: CEL that yields a key; only runs with the same key share a batch.
            batch_group_max_runs: how many batches of one key may execute at once.
            broadcast_output: the function returns one output for all members, not a dict of outputs.
        """
        limits = Limits(schedule_timeout, execution_timeout, 0, backoff_factor, backoff_max_seconds)
        return self._adds(
            name,
            limits,
            parents=parents,
            rate_limits=rate_limits,
            desired_worker_labels=wanted_labels(desired_worker_labels),
            slot_requests=default_slots(None),
            batch=batch_settings(
                batch_max_size, batch_max_interval, batch_group_key, batch_group_max_runs, broadcast_output
            ),
        )

    def on_failure_task(
        self,
        name: str | None = None,
        schedule_timeout: Duration = DEFAULT_SCHEDULE_TIMEOUT,
        execution_timeout: Duration = DEFAULT_EXECUTION_TIMEOUT,
        retries: int = 0,
        rate_limits: list[RateLimit] | None = None,
        backoff_factor: float | None = None,
        backoff_max_seconds: int | None = None,
        concurrency: int | list[ConcurrencyExpression] | None = None,
    ) -> TaskDecorator[TWorkflowInput]:
        """Add the task that runs when another one has finally failed. Arguments as `task`.

        Raises:
            ValueError (when decorating): there is one already.
        """
        limits = Limits(schedule_timeout, execution_timeout, retries, backoff_factor, backoff_max_seconds)
        return self._adds(name, limits, StepType.ON_FAILURE, rate_limits=rate_limits, concurrency=concurrency)

    def on_success_task(
        self,
        name: str | None = None,
        schedule_timeout: Duration = DEFAULT_SCHEDULE_TIMEOUT,
        execution_timeout: Duration = DEFAULT_EXECUTION_TIMEOUT,
        retries: int = 0,
        rate_limits: list[RateLimit] | None = None,
        backoff_factor: float | None = None,
        backoff_max_seconds: int | None = None,
        concurrency: int | list[ConcurrencyExpression] | None = None,
    ) -> TaskDecorator[TWorkflowInput]:
        """Add the task that runs when all others have completed. Arguments as `task`.

        Raises:
            ValueError (when decorating): there is one already.
        """
        limits = Limits(schedule_timeout, execution_timeout, retries, backoff_factor, backoff_max_seconds)
        return self._adds(name, limits, StepType.ON_SUCCESS, rate_limits=rate_limits, concurrency=concurrency)

    def add_task(self, task: "Standalone[TWorkflowInput, Any]") -> None:
        """Add a copy of a standalone task's task."""
        self._default_tasks.append(task._task.copy_for(self))

    def _adds(
        self, name: str | None, limits: Limits, kind: StepType = StepType.DEFAULT, **settings: Any
    ) -> Callable[[Callable[..., Any]], Any]:
        """A decorator that makes a task of a function and adds it."""

        def decorate(fn: Callable[..., Any]) -> Any:
            annotations = Annotations(fn, local_names(sys._getframe(1)))
            return self.add(fn, name or fn.__name__, limits, annotations, settings, kind)

        return decorate

    def add(
        self,
        fn: Callable[..., Any],
        name: str,
        limits: Limits,
        annotations: Annotations,
        settings: dict[str, Any],
        kind: StepType = StepType.DEFAULT,
    ) -> Task[TWorkflowInput, Any]:
        """Make a task of a function and add it; the decorators end here."""
        common = dict.fromkeys(
            ("parents", "rate_limits", "desired_worker_labels", "concurrency", "wait_for", "skip_if", "cancel_if")
        )
        task: Task[TWorkflowInput, Any] = Task(
            _fn=fn,
            type=kind,
            workflow=self,
            name=name.lower() + _SUFFIXES[kind],
            annotations=annotations,
            **limits._asdict(),
            **{"is_durable": False, **common, **settings},
        )
        self._place(task)
        return task

    def _place(self, task: Task[TWorkflowInput, Any]) -> None:
        if task.type is StepType.ON_FAILURE:
            if self._on_failure_task is not None:
                raise ValueError(f"workflow '{self.name}' has an on-failure task already")
            self._on_failure_task = task
        elif task.type is StepType.ON_SUCCESS:
            if self._on_success_task is not None:
                raise ValueError(f"workflow '{self.name}' has an on-success task already")
            self._on_success_task = task
        else:
            self._default_tasks.append(task)
