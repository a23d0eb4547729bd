"""What one task of a workflow declares, and the JSON form of its input and output."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import is_dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar, get_args, get_origin

from pydantic import BaseModel, TypeAdapter

from hatchet_sdk.conditions import Action, Condition, OrGroup, conditions_for
from hatchet_sdk.exceptions import IllegalTaskOutputError
from hatchet_sdk.runnables.annotations import Annotations
from hatchet_sdk.runnables.dependencies import Dependency, declared_dependencies
from hatchet_sdk.runnables.eviction import EvictionPolicy
from hatchet_sdk.runnables.types import BatchTaskConfig, EmptyModel, StepType
from hatchet_sdk.serde.codec import Codec, is_model_class
from hatchet_sdk.serde.json_text import InvalidPayload
from hatchet_sdk.types.concurrency import ConcurrencyExpression
from hatchet_sdk.types.labels import DesiredWorkerLabel
from hatchet_sdk.types.rate_limit import RateLimit
from hatchet_sdk.utils.timedelta_to_expression import Duration, as_timedelta

if TYPE_CHECKING:
    from hatchet_sdk.runnables.declaration import BaseWorkflow
    from hatchet_wire.published.v1.workflows_pb2 import CreateTaskOpts

R = TypeVar("R")
TWorkflowInput = TypeVar("TWorkflowInput")

_SCALARS = (str, bytes, int, float, list, tuple, set, frozenset)


class TaskDefinition(Generic[TWorkflowInput, R]):
    """The declared half of a `Task`."""

    def __init__(
        self,
        _fn: Callable[..., Any],
        is_durable: bool,
        type: StepType,
        workflow: "BaseWorkflow[TWorkflowInput]",
        name: str,
        execution_timeout: Duration,
        schedule_timeout: Duration,
        parents: "list[Any] | None",
        retries: int,
        rate_limits: list[RateLimit] | None,
        desired_worker_labels: list[DesiredWorkerLabel] | None,
        backoff_factor: float | None,
        backoff_max_seconds: int | None,
        concurrency: int | list[ConcurrencyExpression] | None,
        wait_for: Sequence[Condition | OrGroup] | None,
        skip_if: Sequence[Condition | OrGroup] | None,
        cancel_if: Sequence[Condition | OrGroup] | None,
        batch: BatchTaskConfig | None = None,
        slot_requests: dict[str, int] | None = None,
        eviction_policy: EvictionPolicy | None = None,
        annotations: Annotations | None = None,
        process: bool = False,
    ) -> None:
        if retries < 0:
            raise ValueError(f"retries of task '{name}' must not be negative")
        annotations = annotations or Annotations(_fn, {})
        self._fn = _fn
        self._workflow: BaseWorkflow[TWorkflowInput] = workflow
        self.is_async_function = inspect.iscoroutinefunction(_fn)
        self.is_durable = is_durable
        self.type = type
        self.name = name
        self.execution_timeout: timedelta = as_timedelta(execution_timeout)
        self.schedule_timeout: timedelta = as_timedelta(schedule_timeout)
        self.parents = list(parents or [])
        self.retries = retries
        self.rate_limits = list(rate_limits or [])
        self.desired_worker_labels = list(desired_worker_labels or [])
        self.backoff_factor = backoff_factor
        self.backoff_max_seconds = backoff_max_seconds
        self.concurrency: int | list[ConcurrencyExpression] = [] if concurrency is None else concurrency
        self.wait_for = conditions_for(Action.QUEUE, wait_for)
        self.skip_if = conditions_for(Action.SKIP, skip_if)
        self.cancel_if = conditions_for(Action.CANCEL, cancel_if)
        self.batch = batch
        self.slot_requests = slot_requests or {"durable" if is_durable else "default": 1}
        self.eviction_policy = eviction_policy
        self.process = process
        """Whether a worker runs the body in a process of its own."""
        self._dependencies: tuple[Dependency, ...] = () if batch else declared_dependencies(_fn, annotations)
        self._input: Codec[TWorkflowInput] = workflow._input
        declared = _output_type(annotations, batch)
        self._output: Codec[R] = Codec(declared, workflow._client.max_payload_bytes)
        self._output_may_be_none = _nothing in get_args(declared)
        self._output_class = declared if is_model_class(declared) else None
        self._check_data_keys()

    def _check_data_keys(self) -> None:
        keys = [condition.base.readable_data_key for condition in self.conditions]
        if len(keys) != len(set(keys)):
            raise ValueError(
                f"Conditions must have unique readable data keys. Task '{self.name}' has: {', '.join(sorted(keys))}"
            )

    @property
    def conditions(self) -> list[Condition]:
        """All conditions, whatever they lead to."""
        return [*self.wait_for, *self.skip_if, *self.cancel_if]

    @property
    def action_id(self) -> str:
        """What the engine calls this task: `<workflow name>:<task name>`, lower-case."""
        return f"{self._workflow.service_name}:{self.name}"

    @property
    def output_validator(self) -> TypeAdapter[R]:
        """Validates the task's output."""
        return self._output.adapter

    @property
    def output_validator_type(self) -> type[R]:
        """The declared return type; EmptyModel if there is none."""
        return self._output.declared

    @property
    def needs_loop_for_dependencies(self) -> bool:
        """Whether the body is sync but a dependency is async: resolve with `resolve_dependencies` before `call`."""
        return not self.is_async_function and any(dependency.needs_loop for dependency in self._dependencies)

    def to_proto(self, service_name: str) -> "CreateTaskOpts":
        """The task's part of the registration message."""
        from hatchet_sdk.runnables.registration import task_options

        return task_options(self, service_name)

    def parse_input(self, text: str) -> TWorkflowInput:
        """The input that a JSON text stands for.

        Raises:
            pydantic.ValidationError: it does not fit the input type.
        """
        return self._input.load(text)

    def load_output(self, text: str) -> R:
        """The output that a stored JSON text stands for.

        Raises:
            pydantic.ValidationError: it does not fit the return type.
        """
        if not text and self._output_may_be_none:
            return None  # type: ignore[return-value]  # R is a union with None
        return self._output.load(text)

    def dump_output(self, value: Any) -> str:
        """The JSON text to store for what the body returned; empty if that is falsy.

        Raises:
            IllegalTaskOutputError: neither a model, a dataclass nor a dict, or not storable as JSON.
        """
        # The declared class first: it is what nearly every body returns, and asking pydantic's ABCs takes longer.
        if type(value) is not self._output_class and not self._has_output(value):
            return ""
        try:
            return self._output.dump(value)
        except InvalidPayload as error:
            raise IllegalTaskOutputError(f"the output of task '{self.name}' {error}") from error

    def _has_output(self, value: Any) -> bool:
        if isinstance(value, dict):
            return bool(value)
        if value is None or (isinstance(value, _SCALARS) and not value):
            return False
        if isinstance(value, BaseModel) or (is_dataclass(value) and not isinstance(value, type)):
            return True
        raise IllegalTaskOutputError(
            f"task '{self.name}' returned {_kind_of(value)}; return a pydantic model, a dataclass, a dict or None"
        )


_nothing = type(None)


def _kind_of(value: Any) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else type(value).__name__


def _output_type(annotations: Annotations, batch: BatchTaskConfig | None) -> Any:
    declared = annotations.of("return")
    if batch and not batch.broadcast_output and get_origin(declared) is dict:
        declared = get_args(declared)[1]
    return EmptyModel if declared in (None, _nothing) else declared
