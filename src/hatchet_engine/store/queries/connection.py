"""How queries reach the database: one read transaction each, ids in bounded portions."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Connection, Engine

T = TypeVar("T")

IDS_PER_STATEMENT = 500


@contextmanager
def one_snapshot(reader: Engine) -> Iterator[Connection]:
    """A connection whose statements all see the same state of the database."""
    with reader.connect() as connection:
        if connection.dialect.name == "sqlite" and not _in_transaction(connection):
            # The driver begins a transaction for writes only.
            connection.exec_driver_sql("BEGIN")
        yield connection


def _in_transaction(connection: Connection) -> bool:
    return bool(getattr(connection.connection.driver_connection, "in_transaction", False))


def portions(items: Sequence[T]) -> Iterator[list[T]]:
    """`items` in lists that fit into one statement's parameters."""
    for start in range(0, len(items), IDS_PER_STATEMENT):
        yield list(items[start : start + IDS_PER_STATEMENT])


def database_answers(reader: Engine) -> bool:
    """Whether a trivial query succeeds.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: it did not.
    """
    with reader.connect() as connection:
        return bool(connection.exec_driver_sql("SELECT 1").scalar_one())
