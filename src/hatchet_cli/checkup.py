"""What `hatchet doctor` looks at: files, tables, and the rules of the engine on everything that is not finished.

The database is opened read-only and seen as it was after one commit, so a server may go on writing meanwhile.
"""

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import typer

from hatchet_cli import output
from hatchet_cli.failure import CliError
from hatchet_cli.row_checks import ROW_CHECKS
from hatchet_engine.core.errors import CoreError
from hatchet_engine.core.invariants import check
from hatchet_engine.core.recovery import restore
from hatchet_engine.server.settings import ServerSettings
from hatchet_engine.store.access import AccessStatements, TenantRow
from hatchet_engine.store.errors import StoreError
from hatchet_engine.store.loading import Loading
from hatchet_engine.store.migrations import HEAD
from hatchet_engine.store.sqlite_file import path_of

BUSY_TIMEOUT_S = 10.0
LOW_DISK_BYTES = 200 * 1024 * 1024
MOST_NAMED = 5
REPORT = "The engine must never write this: keep a copy of the data directory and report it."


@dataclass(frozen=True, slots=True)
class Finding:
    """`check` is a stable word for programs, `problem` what is wrong, `advice` what to do."""

    check: str
    problem: str
    advice: str


@dataclass(frozen=True, slots=True)
class TenantSummary:
    id: str
    name: str
    workflows: int
    workers: int
    live_tasks: int


@dataclass
class Diagnosis:
    database: Path
    tenants: list[TenantSummary] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        return {
            "ok": not self.findings,
            "database": str(self.database),
            "tenants": [asdict(tenant) for tenant in self.tenants],
            "findings": [asdict(finding) for finding in self.findings],
        }

    def show(self) -> None:
        """Print it for people."""
        typer.echo(f"Checked {self.database}")
        for tenant in self.tenants:
            typer.echo(
                f"  tenant {tenant.name}: {tenant.workflows} workflows, {tenant.workers} workers seen lately,"
                f" {tenant.live_tasks} tasks that are not finished"
            )
        if not self.findings:
            typer.echo("No findings.")
        for finding in self.findings:
            output.console().print(f"✗ {finding.problem}", style="red", soft_wrap=True)
            output.console().print(f"  {finding.advice}", soft_wrap=True)


def examine(data_directory: Path) -> Diagnosis:
    """Look at everything.

    Raises:
        CliError: there is no database, or it cannot be opened.
    """
    settings = ServerSettings(data_dir=data_directory)
    path = path_of(settings.store_url)
    if not path.is_file():
        raise CliError(
            f"There is no database in {data_directory}.",
            "Name the server's data directory with --data-dir; `hatchet server start` makes one.",
        )
    diagnosis = Diagnosis(path)
    diagnosis.findings += _files(settings, path)
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_S)) as connection:
            connection.isolation_level = None
            connection.execute("BEGIN")
            diagnosis.findings += _database(connection)
            if not diagnosis.findings or _readable(connection):
                _rows(connection, diagnosis)
    except sqlite3.DatabaseError as error:
        diagnosis.findings.append(_damaged(str(error)))
    return diagnosis


def _files(settings: ServerSettings, database: Path) -> Iterator[Finding]:
    for path in (settings.data_dir / "signing.key", settings.data_dir / "token", database):
        if path.exists() and path.stat().st_mode & 0o077:
            yield Finding("file_mode", f"{path} can be read by other users.", f"Run: chmod 600 {path}")
    free = shutil.disk_usage(database.parent).free
    if free < LOW_DISK_BYTES:
        yield Finding(
            "disk_space",
            f"Only {free // 1024 // 1024} MB are free where the database is.",
            "Make room: a full disk stops the engine from accepting runs.",
        )


def _database(connection: sqlite3.Connection) -> Iterator[Finding]:
    for (line,) in connection.execute(f"PRAGMA quick_check({MOST_NAMED})"):
        if line != "ok":
            yield _damaged(line)
    revision = _revision(connection)
    if revision is None:
        yield Finding("schema", "The database is empty.", "Start the server once: it makes the tables.")
    elif revision != HEAD:
        yield Finding(
            "schema",
            f"The tables are those of version {revision}; this program knows version {HEAD}.",
            "Start the server of this version once: it brings older tables up to date. If they are newer, upgrade.",
        )


def _damaged(problem: str) -> Finding:
    return Finding(
        "damaged",
        f"The database file is damaged: {problem}",
        "Stop the server, keep a copy of the data directory, and restore a backup or try: sqlite3 hatchet.db .recover",
    )


def _revision(connection: sqlite3.Connection) -> str | None:
    known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone() if known else None
    return str(row[0]) if row else None


def _readable(connection: sqlite3.Connection) -> bool:
    return _revision(connection) == HEAD


def _rows(connection: sqlite3.Connection, diagnosis: Diagnosis) -> None:
    for one in ROW_CHECKS:
        diagnosis.findings += _row_findings(connection, one.name, one.problem, one.sql)
    for tenant in AccessStatements().tenants(connection):
        _tenant(connection, tenant, diagnosis)


def _row_findings(connection: sqlite3.Connection, name: str, problem: str, sql: str) -> Iterator[Finding]:
    ids = [str(row[0]) for row in connection.execute(sql)]
    if ids:
        named = ", ".join(ids[:MOST_NAMED]) + (", …" if len(ids) > MOST_NAMED else "")
        yield Finding(name, f"{len(ids)} {problem}: {named}", REPORT)


def _tenant(connection: sqlite3.Connection, row: TenantRow, diagnosis: Diagnosis) -> None:
    now = time.time_ns() // 1_000
    try:
        tenant = restore(row.id, Loading().live(connection, row.id, now), now, grace=False)
    except (StoreError, CoreError, ValueError, KeyError) as error:
        problem = f"Tenant {row.name} cannot be loaded: {error}. A server will not start on this database."
        diagnosis.findings.append(Finding("load", problem, REPORT))
        return
    diagnosis.tenants.append(
        TenantSummary(row.id, row.name, len(tenant.workflows), len(tenant.workers), len(tenant.tasks))
    )
    for text in check(tenant, now):
        diagnosis.findings.append(Finding("invariant", f"Tenant {row.name}: {text}", _advice(text)))


def _advice(text: str) -> str:
    if text.startswith("task "):
        task_id = text.split()[1].rstrip(":")
        return f"{REPORT} To end the task: hatchet runs cancel {task_id}"
    return REPORT
