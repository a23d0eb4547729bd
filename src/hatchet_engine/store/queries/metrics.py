"""How much waits and runs at this moment. Reads live tasks only."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, case, func, select

from hatchet_engine.core.machine import TaskState
from hatchet_engine.store.schema import LIVE, tasks, tenants

_QUEUED = (TaskState.QUEUED, TaskState.BACKOFF)


@dataclass(frozen=True, slots=True)
class LiveCount:
    """Live task runs of one task name and action, either waiting or running. Times in microseconds."""

    name: str
    action: str
    running: bool
    count: int
    oldest: int
    """When the one that is longest in this state was queued or assigned."""
    oldest_first_attempt: int | None
    """The same among first attempts; None if there is none."""


@dataclass(frozen=True, slots=True)
class TenantRow:
    id: str
    name: str
    created_at: int


def live_counts(reader: Engine, tenant_id: str) -> Sequence[LiveCount]:
    """The tenant's live task runs by name and action."""
    running = case((tasks.c.state.in_([int(state) for state in _QUEUED]), 0), else_=1)
    since = case((tasks.c.assigned_at.is_not(None), tasks.c.assigned_at), else_=tasks.c.queued_at)
    first = case((tasks.c.retry_count == 0, since))
    statement = (
        select(tasks.c.name, tasks.c.action, running, func.count(), func.min(since), func.min(first))
        .where(tasks.c.tenant_id == tenant_id, LIVE)
        .group_by(tasks.c.name, tasks.c.action, running)
        .order_by(tasks.c.name, tasks.c.action)
    )
    with reader.connect() as connection:
        return [
            LiveCount(name, action, bool(is_running), count, oldest, oldest_first)
            for name, action, is_running, count, oldest, oldest_first in connection.execute(statement)
        ]


def find_tenant(reader: Engine, tenant_id: str) -> TenantRow | None:
    """The tenant with this id."""
    statement = select(tenants.c.id, tenants.c.name, tenants.c.created_at).where(tenants.c.id == tenant_id)
    with reader.connect() as connection:
        row = connection.execute(statement).one_or_none()
    return TenantRow(*row) if row is not None else None
