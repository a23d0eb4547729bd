"""How queries reach the database: one read transaction each, ids in bounded portions."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

from sqlalchemy import Connection, Engine

T = TypeVar("T")

IDS_PER_STATEMENT = 500


@contextmanager
def one_snapshot(reader: Engine) -> Iterator[Connection]:
    """A connection whose statements all see the same state of the database."""
    with reader.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        try:
            yield connection
        finally:
            connection.exec_driver_sql("ROLLBACK")


def portions(items: Sequence[T]) -> Iterator[list[T]]:
    """`items` in lists that fit into one statement's parameters."""
    remaining = iter(items)
    while portion := list(islice(remaining, IDS_PER_STATEMENT)):
        yield portion
