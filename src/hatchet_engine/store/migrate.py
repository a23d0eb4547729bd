"""Bringing a database to the newest schema."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, create_engine, event, inspect, select, table
from sqlalchemy import column as sql_column
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from hatchet_engine.store.errors import StoreError, StoreUnavailable
from hatchet_engine.store.migrations import HEAD

_SCRIPTS = Path(__file__).parent / "migrations"
_VERSION_TABLE = "alembic_version"


def migrate(connect: Callable[[], sqlite3.Connection]) -> None:
    """Apply the revisions that the database lacks, all of them or none.

    Args:
        connect: opens a driver connection in autocommit mode; it is closed afterwards.

    Raises:
        StoreError: the database was made by a newer version of the engine.
        StoreUnavailable: the database can't be written.
    """
    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # The driver begins transactions for rows only, and schema changes belong into one as well.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    try:
        with engine.begin() as connection:
            if revision(connection) != HEAD:
                _upgrade(connection)
    except DBAPIError as error:
        raise StoreUnavailable(f"can't bring the database to the newest schema: {error.orig}") from error


def revision(connection: Connection) -> str | None:
    """The revision that a database has; None for an empty one."""
    if not inspect(connection).has_table(_VERSION_TABLE):
        return None
    return connection.execute(select(sql_column("version_num")).select_from(table(_VERSION_TABLE))).scalar()


def _upgrade(connection: Connection) -> None:
    # Loaded here: most starts find a database that is up to date.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, HEAD)
    except CommandError as error:
        raise StoreError(f"the database was made by another version of the engine: {error}") from error
