"""Workers as they were stored last. What is alive at this moment, the engine knows better."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, select

from hatchet_engine.core.machine import WorkerState
from hatchet_engine.store.schema import workers


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """Times in microseconds; `actions` is a JSON array, `slots`, `labels` and `runtime` are JSON objects."""

    id: str
    tenant_id: str
    name: str
    state: WorkerState
    paused: bool
    registered_at: int
    last_seen: int
    actions: str
    slots: str
    labels: str
    runtime: str


_COLUMNS = (
    workers.c.id,
    workers.c.tenant_id,
    workers.c.name,
    workers.c.state,
    workers.c.paused,
    workers.c.registered_at,
    workers.c.last_seen,
    workers.c.actions,
    workers.c.slots,
    workers.c.labels,
    workers.c.runtime,
)


def workers_seen_since(reader: Engine, tenant_id: str, since: int) -> list[WorkerRow]:
    """The tenant's workers that were seen since then (microseconds), newest registration first."""
    statement = (
        select(*_COLUMNS)
        .where(workers.c.tenant_id == tenant_id, workers.c.last_seen >= since)
        .order_by(workers.c.registered_at.desc(), workers.c.id.desc())
    )
    with reader.connect() as connection:
        return [_worker(row) for row in connection.execute(statement)]


def find_worker(reader: Engine, worker_id: str) -> WorkerRow | None:
    """The worker with this id, of any tenant."""
    with reader.connect() as connection:
        row = connection.execute(select(*_COLUMNS).where(workers.c.id == worker_id)).one_or_none()
    return _worker(row) if row is not None else None


def _worker(row: Sequence[Any]) -> WorkerRow:
    values = list(row)
    values[3] = WorkerState(values[3])
    return WorkerRow(*values)
