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
        found = self._whose_and_when()
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

    @property
    def created_at(self) -> ColumnElement[int]:
        """The time to compare and to sort by, so written that a better index than the one by time is used if there is.

        The children of a task are few, and so are the live tasks among all those of a month; but without statistics
        of its contents a database believes the index of tenant and time to be the best for everything.
        """
        has_better_index = self.parent_id is not None or (self.states and TERMINAL.isdisjoint(self.states))
        return tasks.c.created_at + 0 if has_better_index else tasks.c.created_at

    def _whose_and_when(self) -> list[ColumnElement[bool]]:
        tenant: ColumnElement[str] = tasks.c.tenant_id
        if self.parent_id is not None:
            tenant = tenant.concat("")
        found = [tenant == self.tenant_id]
        if self.since is not None:
            found.append(self.created_at >= self.since)
        if self.until is not None:
            found.append(self.created_at <= self.until)
        return found


def _states(states: Sequence[TaskState]) -> list[ColumnElement[bool]]:
    """One of the states; with the condition of the partial index that holds them all, so that it is used."""
    if not states:
        return [false()]
    if len(set(states)) == len(TaskState):
        return []
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
