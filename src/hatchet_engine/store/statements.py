"""SQLAlchemy Core statements, compiled once to the driver's SQL.

Rows travel as the CTE `batch`, many in one statement. The driver gives up the interpreter lock at every step of a
statement and at every reset; beside a busy loop each of these costs a switch interval, so a row a step would make the
ledger's thread crawl.
"""

import sqlite3
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import chain, repeat
from typing import Any

from sqlalchemy import CTE, Column, ColumnElement, FromClause, bindparam, column, literal_column, values
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.elements import ClauseElement

Row = tuple[Any, ...]

SIZES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)
"""How many rows a statement may have: few texts, which the driver keeps prepared. Larger ones gain nothing."""


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
    """A statement over a `batch_of` rows, at most `most` in one execution."""

    __slots__ = ("_row", "_single", "_sizes", "_sql")

    def __init__(self, statement: ClauseElement, batch: CTE, most: int = SIZES[-1]) -> None:
        self._single, names = _compile(statement)
        width = len(batch.c)
        self._row = f"({', '.join('?' * width)})"
        if self._single.count(self._row) != 1 or list(names[:width]) != batch.c.keys():
            raise ValueError(f"the rows of this statement can't be repeated: {self._single}")
        self._sizes = SIZES[: bisect_right(SIZES, most)]
        self._sql: dict[int, str] = {}

    def write(self, connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
        """Execute for its effect. To fill a statement, a row may be written twice."""
        for part, missing in self._parts(rows):
            full = chain(part, repeat(part[-1], missing))
            connection.execute(self.sql(len(part) + missing), list(chain.from_iterable(full)))

    def read(self, connection: sqlite3.Connection, rows: Sequence[Row], *others: Any) -> Iterator[Row]:
        """Execute and give what it selects. `others` are the parameters after the rows, in the statement's order.

        To fill a statement, rows of NULL are added, which must not select anything.
        """
        for part, missing in self._parts(rows):
            nothing = repeat(None, missing * len(part[0]))
            yield from connection.execute(
                self.sql(len(part) + missing), [*chain.from_iterable(part), *nothing, *others]
            )

    def sql(self, count: int) -> str:
        """The statement for `count` rows."""
        sql = self._sql.get(count)
        if sql is None:
            sql = self._sql[count] = self._single.replace(self._row, ", ".join([self._row] * count))
        return sql

    def _parts(self, rows: Sequence[Row]) -> Iterator[tuple[Sequence[Row], int]]:
        """Portions, and how many rows each lacks: full statements, the largest that fits, the smallest for the rest."""
        start, most = 0, self._sizes[-1]
        while len(rows) - start >= most:
            yield rows[start : start + most], 0
            start += most
        if left := len(rows) - start:
            size = self._sizes[bisect_right(self._sizes, left) - 1]
            yield rows[start : start + size], 0
            if rest := left - size:
                yield rows[start + size :], self._sizes[bisect_left(self._sizes, rest)] - rest


def _compile(statement: ClauseElement) -> tuple[str, Sequence[str]]:
    compiled = statement.compile(dialect=sqlite.dialect(paramstyle="qmark"))
    return str(compiled), getattr(compiled, "positiontup", None) or ()
