"""Lines that tasks logged."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Engine, func, select

from hatchet_engine.store.schema import log_lines, tasks


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Times in microseconds, both ends excluded. None means: not narrowed by this."""

    tenant_id: str
    task_ids: Sequence[str] | None = None
    workflow_ids: Sequence[str] | None = None
    step_ids: Sequence[str] | None = None
    since: int | None = None
    until: int | None = None
    search: str | None = None
    levels: Sequence[str] | None = None
    retry_count: int | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = [log_lines.c.tenant_id == self.tenant_id]
        if self.task_ids is not None:
            found.append(log_lines.c.task_id.in_(self.task_ids))
        if self.workflow_ids is not None:
            found.append(tasks.c.workflow_id.in_(self.workflow_ids))
        if self.step_ids is not None:
            found.append(tasks.c.step_id.in_(self.step_ids))
        if self.since is not None:
            found.append(log_lines.c.at > self.since)
        if self.until is not None:
            found.append(log_lines.c.at < self.until)
        if self.search:
            found.append(log_lines.c.message.icontains(self.search, autoescape=True))
        if self.levels is not None:
            found.append(log_lines.c.level.in_(self.levels))
        if self.retry_count is not None:
            found.append(log_lines.c.retry_count == self.retry_count)
        return found


@dataclass(frozen=True, slots=True)
class LogRow:
    task_id: str
    retry_count: int | None
    at: int
    level: str
    message: str
    metadata: str
    task_name: str
    task_created_at: int


def log_page(reader: Engine, wanted: LogFilter, limit: int, newest_first: bool) -> list[LogRow]:
    """The first `limit` matching lines by time."""
    order = (log_lines.c.at, log_lines.c.id)
    statement = (
        select(
            log_lines.c.task_id,
            log_lines.c.retry_count,
            log_lines.c.at,
            log_lines.c.level,
            log_lines.c.message,
            log_lines.c.metadata,
            func.coalesce(tasks.c.name, ""),
            func.coalesce(tasks.c.created_at, log_lines.c.at),
        )
        .select_from(log_lines.outerjoin(tasks, tasks.c.id == log_lines.c.task_id))
        .where(*wanted.conditions())
        .order_by(*(column.desc() for column in order) if newest_first else order)
        .limit(limit)
    )
    with reader.connect() as connection:
        return [LogRow(*row) for row in connection.execute(statement)]
