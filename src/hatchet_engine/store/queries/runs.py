"""Runs as the engine's own callers ask for them: by id, with states as the core names them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Engine, select

from hatchet_engine.core.machine import TERMINAL, TaskState
from hatchet_engine.store.queries.connection import portions
from hatchet_engine.store.schema import tasks


@dataclass(frozen=True, slots=True)
class RunTask:
    """One task of a run. `output` is JSON text, `error` the text the worker sent; `""` if there is none."""

    id: str
    state: TaskState
    output: str
    error: str
    retry_count: int


@dataclass(frozen=True, slots=True)
class RunDetails:
    """A run with its tasks by readable name. `input` and `additional_metadata` are JSON text, `""` if none."""

    run_id: str
    workflow_name: str
    input: str
    additional_metadata: str
    state: TaskState
    """QUEUED only while nothing of the run has been assigned; a run that waits for a retry is RUNNING."""
    tasks: Mapping[str, RunTask]

    @property
    def done(self) -> bool:
        return self.state in TERMINAL


class FinishedOutcome(NamedTuple):
    state: TaskState
    name: str
    output: str
    error: str


def run_details(reader: Engine, tenant_id: str, external_id: str) -> RunDetails | None:
    """The run with this run id or standalone task id, or None if the tenant has none."""
    statement = select(
        tasks.c.id,
        tasks.c.name,
        tasks.c.workflow_name,
        tasks.c.state,
        tasks.c.retry_count,
        tasks.c.app_retries,
        tasks.c.internal_retries,
        tasks.c.input,
        tasks.c.additional_metadata,
        tasks.c.output,
        tasks.c.error,
    ).where(tasks.c.id == external_id, tasks.c.tenant_id == tenant_id)
    with reader.connect() as connection:
        row = connection.execute(statement).one_or_none()
    if row is None:
        return None
    state = TaskState(row.state)
    has_run = row.app_retries + row.internal_retries > 0
    return RunDetails(
        run_id=row.id,
        workflow_name=row.workflow_name,
        input=row.input or "",
        additional_metadata=row.additional_metadata or "",
        state=TaskState.RUNNING if has_run and state not in TERMINAL else state,
        tasks={row.name: RunTask(row.id, state, row.output or "", row.error or "", row.retry_count)},
    )


def finished_outcomes(reader: Engine, tenant_id: str, ids: Sequence[str]) -> dict[str, FinishedOutcome]:
    """Outcomes of those runs among `ids` that are finished; unknown and unfinished ids are absent."""
    found: dict[str, FinishedOutcome] = {}
    terminal = [int(state) for state in TERMINAL]
    with reader.connect() as connection:
        for portion in portions(ids):
            statement = select(tasks.c.id, tasks.c.state, tasks.c.name, tasks.c.output, tasks.c.error).where(
                tasks.c.id.in_(portion), tasks.c.tenant_id == tenant_id, tasks.c.state.in_(terminal)
            )
            for row in connection.execute(statement):
                found[row.id] = FinishedOutcome(TaskState(row.state), row.name, row.output or "", row.error or "")
    return found
