"""What a workflow and a task are declared with."""

from datetime import timedelta
from enum import StrEnum
from typing import Any, Final, NewType, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SkipValidation, TypeAdapter

from hatchet_sdk.types.concurrency import ConcurrencyExpression
from hatchet_sdk.types.idempotency import StatusBasedIdempotencyConfig, TTLBasedIdempotencyConfig
from hatchet_sdk.types.priority import Priority
from hatchet_sdk.types.sticky import StickyStrategy
from hatchet_sdk.utils.timedelta_to_expression import Duration
from hatchet_sdk.utils.typing import JSONSerializableMapping

R = TypeVar("R")
TWorkflowInput = TypeVar("TWorkflowInput")

BatchMemberId = NewType("BatchMemberId", str)
"""Id of the task run that a member of a batch belongs to."""

DEFAULT_SCHEDULE_TIMEOUT: Final = timedelta(minutes=5)
DEFAULT_EXECUTION_TIMEOUT: Final = timedelta(seconds=60)
DEFAULT_PRIORITY: Final = Priority.LOW


class EmptyModel(BaseModel):
    """Input or output of a task that declares none. It keeps whatever fields it is given, and cannot be changed."""

    model_config = ConfigDict(extra="allow", frozen=True)


class TaskDefaults(BaseModel):
    """Defaults for all tasks of a workflow.

    A task's argument that equals the built-in default is replaced by the value here, also if it was written out.
    """

    schedule_timeout: Duration | None = None
    execution_timeout: Duration | None = None
    priority: int | Priority | None = Field(gt=0, lt=4, default=None)
    retries: int | None = None
    backoff_factor: float | None = None
    backoff_max_seconds: int | None = None


NO_DEFAULTS: Final = TaskDefaults()


class DefaultFilter(BaseModel):
    """An event filter that is registered with the workflow.

    Args:
        expression: CEL over `input` (the event's payload), `payload` and `additional_metadata` that yields a bool.
        scope: only events of that scope are considered.
        payload: available as `payload` in the expression and as `ctx.filter_payload` in the task.
    """

    expression: str
    scope: str
    payload: JSONSerializableMapping = Field(default_factory=dict)


class WorkflowConfig(BaseModel):
    """A workflow's settings, resolved."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    name: str
    description: str | None = None
    version: str | None = None
    on_events: list[str] = Field(default_factory=list)
    on_crons: list[str] = Field(default_factory=list)
    cron_input: SkipValidation[Any] = None
    sticky: StickyStrategy | None = None
    concurrency: int | ConcurrencyExpression | list[ConcurrencyExpression] | None = None
    input_validator: SkipValidation[TypeAdapter[Any]]
    default_priority: int | Priority | None = None
    idempotency: TTLBasedIdempotencyConfig | StatusBasedIdempotencyConfig | None = None
    task_defaults: TaskDefaults = TaskDefaults()
    default_filters: list[DefaultFilter] = Field(default_factory=list)
    default_additional_metadata: JSONSerializableMapping = Field(default_factory=dict)


class BatchTaskConfig(BaseModel):
    """How task runs are collected into batches."""

    batch_max_size: int = Field(gt=0)
    batch_max_interval: timedelta | None = Field(default=None, gt=timedelta())
    batch_group_key: str | None = None
    batch_group_max_runs: int | None = Field(default=None, gt=0)
    broadcast_output: bool = False


class StepType(StrEnum):
    """The part a task plays in its workflow."""

    DEFAULT = "default"
    ON_FAILURE = "on_failure"
    ON_SUCCESS = "on_success"
