"""The statements that write the rows of a batch, in the order in which they run.

Writing the same batch again changes nothing: inserts leave a row that is there alone, updates set what is set.
"""

from collections.abc import Sequence

from sqlalchemy import CTE, Column, ColumnElement, Table, case, func, literal_column, select, true, update
from sqlalchemy.dialects import sqlite

from hatchet_engine.core.changes import AttemptOutcome
from hatchet_engine.core.machine import TERMINAL, TaskState
from hatchet_engine.store import rows, schema
from hatchet_engine.store.statements import RowsStatement, batch_of, number

_OUTCOMES = {
    TaskState.COMPLETED: AttemptOutcome.COMPLETED,
    TaskState.FAILED: AttemptOutcome.FAILED,
    TaskState.CANCELLED: AttemptOutcome.CANCELLED,
}
"""What the last attempt of a finished task counts as when a replay makes it an earlier one."""


class Writes:
    """`in_order`: attribute of WriteBatch -> the statement for its rows."""

    def __init__(self) -> None:
        tasks, attempts = schema.tasks, schema.attempts
        self.in_order: dict[str, RowsStatement] = {
            "workflows": _upsert(schema.workflows, rows.WORKFLOW, ("name",)),
            "versions": _insert(schema.workflow_versions, rows.VERSION),
            "workers": _upsert(schema.workers, rows.WORKER, rows.WORKER[2:]),
            "archived": _archive(),
            "created": _insert(tasks, rows.CREATED),
            "spawned": _insert(tasks, rows.SPAWNED),
            "settled": _insert(tasks, rows.SETTLED),
            "updated": _update_tasks(rows.UPDATED),
            "finished": _update_tasks(rows.FINISHED),
            "attempts": _insert(attempts, rows.ATTEMPT),
            "events": _insert(schema.task_events, rows.EVENT),
            "logs": _insert(schema.log_lines, rows.LOG_LINE),
        }


def _insert(table: Table, names: Sequence[str]) -> RowsStatement:
    batch = batch_of("batch", table, names)
    chosen = select(*(_given(batch, name) for name in names)).where(true())
    insert = sqlite.insert(table).from_select(names, chosen)
    return RowsStatement(insert.on_conflict_do_nothing(index_elements=table.primary_key), batch)


def _upsert(table: Table, names: Sequence[str], changing: Sequence[str]) -> RowsStatement:
    batch = batch_of("batch", table, names)
    insert = sqlite.insert(table).from_select(names, select(*(batch.c[name] for name in names)).where(true()))
    changed = {name: insert.excluded[name] for name in changing}
    return RowsStatement(insert.on_conflict_do_update(index_elements=table.primary_key, set_=changed), batch)


def _update_tasks(names: Sequence[str]) -> RowsStatement:
    tasks = schema.tasks
    batch = batch_of("batch", tasks, names)
    changed = {tasks.c[name]: _given(batch, name) for name in names if name != "id"}
    return RowsStatement(update(tasks).values(changed).where(tasks.c.id == batch.c.id), batch)


def _archive() -> RowsStatement:
    """Copy finished rows into `attempts`. When the batch is written again they are at a later attempt: no copy."""
    tasks = schema.tasks
    batch = batch_of("batch", tasks, rows.ARCHIVED)
    copied: dict[str, ColumnElement[object]] = {
        "task_id": tasks.c.id,
        "retry_count": tasks.c.retry_count,
        "outcome": case({number(state): number(outcome) for state, outcome in _OUTCOMES.items()}, value=tasks.c.state),
        "worker_id": tasks.c.worker_id,
        "queued_at": tasks.c.queued_at,
        "assigned_at": tasks.c.assigned_at,
        "started_at": tasks.c.started_at,
        "ended_at": tasks.c.finished_at,
        "output": tasks.c.output,
        "error": tasks.c.error,
    }
    chosen = (
        select(*copied.values())
        .select_from(batch.join(tasks, (tasks.c.id == batch.c.id) & (tasks.c.retry_count == batch.c.retry_count)))
        .where(tasks.c.state.in_([number(state) for state in sorted(TERMINAL)]))
    )
    insert = sqlite.insert(schema.attempts).from_select(list(copied), chosen)
    return RowsStatement(insert.on_conflict_do_nothing(index_elements=schema.attempts.primary_key), batch)


def _given(batch: CTE, name: str) -> "Column[object] | ColumnElement[object]":
    """The batch's column, with NULL for the value that stands for it."""
    blank = rows.BLANKS.get(name)
    if blank is None:
        return batch.c[name]
    return func.nullif(batch.c[name], number(blank) if isinstance(blank, int) else literal_column("''"))
