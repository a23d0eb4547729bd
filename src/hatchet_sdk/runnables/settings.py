"""From the arguments of the task decorators to the settings of a task."""

from datetime import timedelta
from typing import NamedTuple

from hatchet_sdk.runnables.types import (
    DEFAULT_EXECUTION_TIMEOUT,
    DEFAULT_SCHEDULE_TIMEOUT,
    BatchTaskConfig,
    TaskDefaults,
)
from hatchet_sdk.types.labels import DesiredWorkerLabel, DesiredWorkerLabels, labels_by_key
from hatchet_sdk.types.slot_types import SlotType
from hatchet_sdk.utils.timedelta_to_expression import Duration


class Limits(NamedTuple):
    """The settings of a task that a workflow can have defaults for."""

    schedule_timeout: Duration
    execution_timeout: Duration
    retries: int
    backoff_factor: float | None
    backoff_max_seconds: int | None


BUILT_IN = Limits(DEFAULT_SCHEDULE_TIMEOUT, DEFAULT_EXECUTION_TIMEOUT, 0, None, None)


def with_defaults(limits: Limits, defaults: TaskDefaults) -> Limits:
    """`limits`, where each that equals the built-in default is replaced by the workflow's default, if it has one."""

    def chosen(name: str) -> object:
        own, default = getattr(limits, name), getattr(defaults, name)
        return default if default is not None and own == getattr(BUILT_IN, name) else own

    return Limits(*(chosen(name) for name in Limits._fields))  # type: ignore[arg-type]


def default_slots(slot_cost: int | None) -> dict[str, int]:
    """What a run of a plain task takes.

    Raises:
        ValueError: it would take nothing.
    """
    if slot_cost is not None and slot_cost <= 0:
        raise ValueError(f"slot_cost must be 1 or more, not {slot_cost}")
    return {SlotType.DEFAULT.value: slot_cost or 1}


def durable_slots() -> dict[str, int]:
    """What a run of a durable task takes."""
    return {SlotType.DURABLE.value: 1}


def wanted_labels(labels: DesiredWorkerLabels) -> list[DesiredWorkerLabel]:
    """The labels of a decorator argument, which may have the deprecated dict form."""
    return list(labels_by_key(labels, stacklevel=5).values())


def batch_settings(
    batch_max_size: int,
    batch_max_interval: timedelta | None,
    batch_group_key: str | None,
    batch_group_max_runs: int | None,
    broadcast_output: bool,
) -> BatchTaskConfig:
    """The settings of a batch task.

    Raises:
        ValueError: one of the numbers is not positive.
    """
    return BatchTaskConfig(
        batch_max_size=batch_max_size,
        batch_max_interval=batch_max_interval,
        batch_group_key=batch_group_key,
        batch_group_max_runs=batch_group_max_runs,
        broadcast_output=broadcast_output,
    )
