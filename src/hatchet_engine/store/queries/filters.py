"""What the lists can be narrowed by, as conditions on the `tasks` table."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Text, and_, case, cast, false, func, or_, select

from hatchet_engine.core.machine import TERMINAL, TaskState
from hatchet_engine.store.schema import LIVE, UNSUCCESSFUL, tasks


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Times in microseconds, both ends included. None means: not narrowed by this; an empty list matches nothing."""

    tenant_id: str
    since: int | None = None
    until: int | None = None
    states: Sequence[TaskState] | None = None
    workflow_ids: Sequence[str] | None = None
    worker_id: str | None = None
    parent_id: str | None = None
    metadata: Sequence[tuple[str, str]] = ()
    """Key and value of the run's metadata, values as text."""
    every_pair: bool = False
    """Whether all pairs must match; else one is enough."""
    also_metadata: tuple[str, str] | None = None
    """One more pair that must match in any case."""

    def conditions(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = [tasks.c.tenant_id == self.tenant_id]
        if self.since is not None:
            found.append(tasks.c.created_at >= self.since)
        if self.until is not None:
            found.append(tasks.c.created_at <= self.until)
        if self.states is not None:
            found += _states(self.states)
        if self.workflow_ids is not None:
            found.append(tasks.c.workflow_id.in_(self.workflow_ids) if self.workflow_ids else false())
        if self.worker_id is not None:
            found.append(tasks.c.worker_id == self.worker_id)
        if self.parent_id is not None:
            found.append(tasks.c.parent_task_id == self.parent_id)
        if self.metadata:
            pairs = [metadata_has(key, value) for key, value in self.metadata]
            found.append(and_(*pairs) if self.every_pair else or_(*pairs))
        if self.also_metadata is not None:
            found.append(metadata_has(*self.also_metadata))
        return found


def _states(states: Sequence[TaskState]) -> list[ColumnElement[bool]]:
    """One of the states; with the condition of the partial index that holds them all, so that it is used."""
    if not states:
        return [false()]
    one_of = tasks.c.state.in_([int(state) for state in states])
    if TERMINAL.isdisjoint(states):
        return [LIVE, one_of]
    if {TaskState.FAILED, TaskState.CANCELLED}.issuperset(states):
        return [UNSUCCESSFUL, one_of]
    return [one_of]


def metadata_has(key: str, value: str) -> ColumnElement[bool]:
    """Whether the run's metadata has this pair: text as it is, other values as their JSON text."""
    stored = func.coalesce(func.nullif(tasks.c.additional_metadata, ""), "{}")
    pairs = func.json_each(stored).table_valued("key", "value", "type")
    words = {"true": "true", "false": "false", "null": "null"}
    text = case(words, value=pairs.c.type, else_=cast(pairs.c.value, Text))
    return select(1).select_from(pairs).where(pairs.c.key == key, text == value).exists()
