"""Workflows and their versions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Engine, func, select

from hatchet_engine.store.queries.connection import one_snapshot, portions
from hatchet_engine.store.schema import workflow_versions, workflows


@dataclass(frozen=True, slots=True)
class WorkflowRow:
    id: str
    tenant_id: str
    name: str
    created_at: int


@dataclass(frozen=True, slots=True)
class VersionRow:
    """`step_ids` is a JSON array of ids, `definition` the registration as JSON text."""

    id: str
    workflow_id: str
    number: int
    created_at: int
    step_ids: str
    definition: str


@dataclass(frozen=True, slots=True)
class WorkflowPage:
    rows: Sequence[WorkflowRow]
    newest: Mapping[str, VersionRow]
    """By workflow id."""
    total: int


_WORKFLOW = (workflows.c.id, workflows.c.tenant_id, workflows.c.name, workflows.c.created_at)
_VERSION = (
    workflow_versions.c.id,
    workflow_versions.c.workflow_id,
    workflow_versions.c.number,
    workflow_versions.c.created_at,
    workflow_versions.c.step_ids,
    workflow_versions.c.definition,
)


def find_workflow(reader: Engine, workflow_id: str) -> WorkflowRow | None:
    """The workflow with this id, of any tenant."""
    with reader.connect() as connection:
        row = connection.execute(select(*_WORKFLOW).where(workflows.c.id == workflow_id)).one_or_none()
    return WorkflowRow(*row) if row is not None else None


def workflow_page(reader: Engine, tenant_id: str, name: str | None, limit: int, offset: int) -> WorkflowPage:
    """The tenant's workflows whose name contains `name` (any case), newest first, with their newest versions."""
    conditions: list[ColumnElement[bool]] = [workflows.c.tenant_id == tenant_id]
    if name:
        conditions.append(workflows.c.name.icontains(name, autoescape=True))
    statement = (
        select(*_WORKFLOW)
        .where(*conditions)
        .order_by(workflows.c.created_at.desc(), workflows.c.id.desc())
        .limit(limit)
        .offset(offset)
    )
    with one_snapshot(reader) as connection:
        total = connection.execute(select(func.count()).select_from(workflows).where(*conditions)).scalar_one()
        rows = [WorkflowRow(*row) for row in connection.execute(statement)]
        return WorkflowPage(rows, _newest_versions(connection, [row.id for row in rows]), total)


def newest_versions(reader: Engine, tenant_id: str) -> list[tuple[WorkflowRow, VersionRow]]:
    """Every workflow of the tenant with its newest version."""
    statement = select(*_WORKFLOW).where(workflows.c.tenant_id == tenant_id).order_by(workflows.c.name)
    with one_snapshot(reader) as connection:
        rows = [WorkflowRow(*row) for row in connection.execute(statement)]
        newest = _newest_versions(connection, [row.id for row in rows])
    return [(row, newest[row.id]) for row in rows if row.id in newest]


def versions_of(reader: Engine, workflow_id: str) -> list[VersionRow]:
    """All versions of a workflow, newest first."""
    statement = (
        select(*_VERSION)
        .where(workflow_versions.c.workflow_id == workflow_id)
        .order_by(workflow_versions.c.number.desc())
    )
    with reader.connect() as connection:
        return [VersionRow(*row) for row in connection.execute(statement)]


def find_version(reader: Engine, workflow_id: str, version_id: str | None) -> VersionRow | None:
    """This version of the workflow, or its newest; None if it has none."""
    statement = select(*_VERSION).where(workflow_versions.c.workflow_id == workflow_id)
    if version_id is not None:
        statement = statement.where(workflow_versions.c.id == version_id)
    with reader.connect() as connection:
        row = connection.execute(statement.order_by(workflow_versions.c.number.desc()).limit(1)).one_or_none()
    return VersionRow(*row) if row is not None else None


def load_version(connection: Connection, version_id: str) -> VersionRow | None:
    row = connection.execute(select(*_VERSION).where(workflow_versions.c.id == version_id)).one_or_none()
    return VersionRow(*row) if row is not None else None


def _newest_versions(connection: Connection, workflow_ids: Sequence[str]) -> dict[str, VersionRow]:
    newest: dict[str, VersionRow] = {}
    for portion in portions(workflow_ids):
        highest = (
            select(workflow_versions.c.workflow_id, func.max(workflow_versions.c.number).label("number"))
            .where(workflow_versions.c.workflow_id.in_(portion))
            .group_by(workflow_versions.c.workflow_id)
            .subquery()
        )
        statement = select(*_VERSION).join(
            highest,
            (workflow_versions.c.workflow_id == highest.c.workflow_id)
            & (workflow_versions.c.number == highest.c.number),
        )
        newest.update((row.workflow_id, VersionRow(*row)) for row in connection.execute(statement))
    return newest
