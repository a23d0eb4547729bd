"""SQLAlchemy Core statements, compiled once to the driver's SQL.

Rows travel as the CTE `batch`, many in one statement. The driver gives up the interpreter lock at every step of a
statement and at every reset; beside a busy loop each of these costs a switch interval, so a row a step would make the
ledger's thread crawl.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import CTE, Column, ColumnElement, FromClause, bindparam, column, literal_column, values
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.elements import ClauseElement

Row = tuple[Any, ...]

MOST_ROWS = 128
"""Of one statement. Larger ones gain nothing and hold copies of more payloads at a time."""


def batch_of(name: str, source: FromClause, names: Sequence[str]) -> CTE:
    """The rows given to a RowsStatement, with the types of the columns of `source` of the same names."""
    columns: list[Column[Any]] = [column(each, source.c[each].type) for each in names]  # type: ignore[misc]
    return values(*columns, name=name).data([tuple(bindparam(each) for each in names)]).cte(name)


def number(value: int) -> "ColumnElement[int]":
    """A constant in the text of a statement: no parameter, and the planner sees it."""
    return literal_column(str(int(value)))


class Statement:
    """A statement with named parameters."""

    __slots__ = ("_names", "sql")

    def __init__(self, statement: ClauseElement) -> None:
        self.sql, self._names = _compile(statement)

    def run(self, connection: sqlite3.Connection, **parameters: Any) -> sqlite3.Cursor:
        """Execute; all parameters of the statement must be given."""
        return connection.execute(self.sql, [parameters[name] for name in self._names])


class RowsStatement:
    """A statement over a `batch_of` rows."""

    __slots__ = ("_most", "_row", "_single", "_sql")

    def __init__(self, statement: ClauseElement, batch: CTE, most: int = MOST_ROWS) -> None:
        self._single, names = _compile(statement)
        width = len(batch.c)
        self._row = f"({', '.join('?' * width)})"
        if self._single.count(self._row) != 1 or list(names[:width]) != batch.c.keys():
            raise ValueError(f"the rows of this statement can't be repeated: {self._single}")
        self._most = most
        self._sql: dict[int, str] = {}

    def write(self, connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
        """Execute for its effect."""
        for part in self._parts(rows):
            connection.execute(self.sql(len(part)), list(chain.from_iterable(part)))

    def read(self, connection: sqlite3.Connection, rows: Sequence[Row], *others: Any) -> Iterator[Row]:
        """Execute and give what it selects. `others` are the parameters after the rows, in the statement's order."""
        for part in self._parts(rows):
            yield from connection.execute(self.sql(len(part)), [*chain.from_iterable(part), *others])

    def sql(self, count: int) -> str:
        """The statement for `count` rows."""
        sql = self._sql.get(count)
        if sql is None:
            sql = self._sql[count] = self._single.replace(self._row, ", ".join([self._row] * count))
        return sql

    def _parts(self, rows: Sequence[Row]) -> Iterable[Sequence[Row]]:
        """Portions whose sizes are powers of two: a handful of texts, which the driver keeps prepared."""
        start = 0
        while left := len(rows) - start:
            size = min(self._most, 1 << (left.bit_length() - 1))
            yield rows[start : start + size]
            start += size


def _compile(statement: ClauseElement) -> tuple[str, Sequence[str]]:
    compiled = statement.compile(dialect=sqlite.dialect(paramstyle="qmark"))
    return str(compiled), getattr(compiled, "positiontup", None) or ()
