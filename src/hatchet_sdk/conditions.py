"""Extra conditions for a task to be queued, skipped or cancelled."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from hatchet_sdk.utils.timedelta_to_expression import Duration, timedelta_to_expr

if TYPE_CHECKING:
    from hatchet_sdk.config import ClientConfig
    from hatchet_sdk.runnables.task import Task
    from hatchet_wire.published.v1.shared.condition_pb2 import BaseMatchCondition, TaskConditions

TWorkflowInput = TypeVar("TWorkflowInput")
R = TypeVar("R")


class Action(Enum):
    """What happens when a condition is satisfied."""

    CREATE = 0
    QUEUE = 1
    CANCEL = 2
    SKIP = 3


@dataclass(frozen=True)
class BaseCondition:
    """What all kinds of conditions have.

    Args:
        readable_data_key: key of the condition's data in `ctx.trigger_data`.
        action: set when the condition is given to a task.
        or_group_id: conditions of one group are alternatives; groups are all needed.
        expression: CEL that must hold; empty: none.
    """

    readable_data_key: str
    action: Action | None = None
    or_group_id: str = ""
    expression: str = ""

    def to_proto(self) -> "BaseMatchCondition":
        from hatchet_wire.published.v1.shared import condition_pb2 as proto

        return proto.BaseMatchCondition(
            readable_data_key=self.readable_data_key,
            action=proto.Action.ValueType((self.action or Action.CREATE).value),
            or_group_id=self.or_group_id,
            expression=self.expression,
        )


class Condition(ABC):
    """Something that may become true. Use SleepCondition, UserEventCondition or ParentCondition."""

    def __init__(self, base: BaseCondition) -> None:
        self.base = base

    def in_group(self, or_group_id: str) -> "Condition":
        """A copy that belongs to a group of alternatives."""
        return self._with(replace(self.base, or_group_id=or_group_id))

    def for_action(self, action: Action) -> "Condition":
        """A copy that leads to an action."""
        return self._with(replace(self.base, action=action))

    def _with(self, base: BaseCondition) -> "Condition":
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__, base=base)
        return copy

    @abstractmethod
    def add_to(self, conditions: "TaskConditions", config: "ClientConfig") -> None:
        """Write the condition into a registration."""


class SleepCondition(Condition):
    """True after some time.

    Args:
        duration: how long.
        readable_data_key: key in `ctx.trigger_data`; default `sleep:<duration>`. Two sleeps of equal length in one task
            need keys of their own.
    """

    def __init__(self, duration: Duration, readable_data_key: str | None = None) -> None:
        self.duration = timedelta_to_expr(duration)
        super().__init__(BaseCondition(readable_data_key or f"sleep:{self.duration}"))

    def add_to(self, conditions: "TaskConditions", config: "ClientConfig") -> None:
        conditions.sleep_conditions.add(base=self.base.to_proto(), sleep_for=self.duration)


class UserEventCondition(Condition):
    """True once a matching event has been pushed.

    Args:
        event_key: key of the event, without namespace.
        expression: CEL over the event's payload (`input`); None: any event with that key.
        readable_data_key: key in `ctx.trigger_data`; default: the event key.
        scope: only events of that scope (durable waits only).
        consider_events_since: also events that were pushed since then (durable waits only).
    """

    def __init__(
        self,
        event_key: str,
        expression: str | None = None,
        readable_data_key: str | None = None,
        scope: str | None = None,
        consider_events_since: datetime | None = None,
    ) -> None:
        super().__init__(BaseCondition(readable_data_key or event_key, expression=expression or ""))
        self.event_key = event_key
        self.scope = scope
        self.consider_events_since = consider_events_since

    def add_to(self, conditions: "TaskConditions", config: "ClientConfig") -> None:
        condition = conditions.user_event_conditions.add(
            base=self.base.to_proto(), user_event_key=config.apply_namespace(self.event_key)
        )
        if self.scope is not None:
            condition.event_scope = self.scope
        if self.consider_events_since is not None:
            from hatchet_sdk.utils.datetimes import as_utc

            condition.consider_events_since.FromDatetime(as_utc(self.consider_events_since))


class ParentCondition(Condition):
    """True if a parent has completed and its output fits.

    Args:
        parent: a task that is also in `parents`.
        expression: CEL over the parent's output (`output`); None: any output.
        readable_data_key: key in `ctx.trigger_data`; default: a unique one.
    """

    def __init__(
        self, parent: "Task[TWorkflowInput, R]", expression: str | None = None, readable_data_key: str | None = None
    ) -> None:
        key = readable_data_key or f"parent:{parent.name}:{uuid4()}"
        super().__init__(BaseCondition(key, expression=expression or ""))
        self.parent: Task[Any, Any] = parent

    def add_to(self, conditions: "TaskConditions", config: "ClientConfig") -> None:
        conditions.parent_override_conditions.add(base=self.base.to_proto(), parent_readable_id=self.parent.name)


class OrGroup:
    """Alternatives: one satisfied condition is enough. Made by `or_`."""

    def __init__(self, conditions: list[Condition]) -> None:
        self.or_group_id = str(uuid4())
        self.conditions = conditions


def or_(*conditions: Condition) -> OrGroup:
    """Any of these conditions.

    Raises:
        ValueError: no condition given.
    """
    if not conditions:
        raise ValueError("or_() needs at least one condition")
    return OrGroup(list(conditions))


def flatten_conditions(conditions: Sequence[Condition | OrGroup]) -> list[Condition]:
    """Copies of all conditions, each with its group: a condition that stands alone is a group of its own."""
    flat: list[Condition] = []
    for condition in conditions:
        if isinstance(condition, OrGroup):
            flat.extend(member.in_group(condition.or_group_id) for member in condition.conditions)
        else:
            flat.append(condition.in_group(str(uuid4())))
    return flat


def conditions_for(action: Action, conditions: Sequence[Condition | OrGroup] | None) -> list[Condition]:
    """The conditions of one task argument, flattened, leading to its action."""
    return [condition.for_action(action) for condition in flatten_conditions(conditions or [])]
