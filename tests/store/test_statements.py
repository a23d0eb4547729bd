"""How statements reach the driver."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from sqlalchemy import bindparam, select

from hatchet_engine.store import schema
from hatchet_engine.store.loading import Loading
from hatchet_engine.store.sqlite_file import SqliteFile
from hatchet_engine.store.statements import SIZES, RowsStatement, batch_of
from hatchet_engine.store.store import Store
from hatchet_engine.store.writes import Writes
from tests.store.world import World, created, finished, joined


@contextmanager
def trace(connection: sqlite3.Connection) -> Iterator[list[str]]:
    """The statements that are run, by their first word."""
    seen: list[str] = []
    connection.set_trace_callback(lambda sql: seen.append(sql.split()[0]))
    try:
        yield seen
    finally:
        connection.set_trace_callback(None)


def test_a_batch_takes_few_statements_however_many_rows_it_has(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver hands over the interpreter at each step: a step a row would make commits crawl beside a busy loop."""
    connect = SqliteFile.connect
    opened: list[sqlite3.Connection] = []

    def remember(file: SqliteFile) -> sqlite3.Connection:
        opened.append(connect(file))
        return opened[-1]

    monkeypatch.setattr(SqliteFile, "connect", remember)
    with closing(Store.open(url)) as store:
        world = World(store)
        old, new = ([world.running_task() for _ in range(100)] for _ in range(2))
        world.create(*old)
        batch = world.batch(joined(created(*new), *(finished(task) for task in old)))
        with trace(opened[-1]) as statements:
            store.ledger.commit(batch)
        assert statements == ["BEGIN", *["WITH"] * 4, "COMMIT"]


@pytest.mark.parametrize("count", [*range(1, 300), 1000])
def test_any_number_of_rows_is_split_into_known_sizes(count: int) -> None:
    batch = batch_of("batch", schema.tasks, ["id"])
    statement = RowsStatement(select(batch.c.id), batch)
    parts = list(statement._parts([(number,) for number in range(count)]))
    assert [row for part, _ in parts for row in part] == [(number,) for number in range(count)]
    assert {len(part) + missing for part, missing in parts} <= set(SIZES)
    assert len(parts) <= count // SIZES[-1] + 2
    assert sum(missing for _, missing in parts) * 4 <= count + 3


def test_rows_that_would_not_be_the_first_parameters_are_refused() -> None:
    batch = batch_of("batch", schema.tasks, ["id"])
    two_rows = select(batch.c.id, bindparam("other").label("other"))
    assert RowsStatement(two_rows, batch).sql(3).count("(?)") == 3
    with pytest.raises(ValueError, match="can't be repeated"):
        RowsStatement(select(schema.tasks.c.id).where(schema.tasks.c.id == bindparam("id")), batch)


def plan(store: Store, sql: str) -> list[str]:
    with store.reader.connect() as connection:
        parameters = (None,) * sql.count("?")
        return [step[3] for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters)]


def test_rows_are_found_by_their_keys(store: Store) -> None:
    """No statement of the hot path, and no recovery, goes through a whole table of tasks."""
    loading, writes = Loading(), Writes()
    statements = {
        "live tasks": loading._tasks.sql,
        "highest": loading._highest.sql,
        "versions": loading._versions.sql,
        "workers": loading._workers.sql,
        "payloads": loading._payloads.sql(8),
        "finished": loading._finished.sql(8),
        "ids": loading._ids.sql(8),
        **{name: statement.sql(8) for name, statement in writes.in_order.items()},
    }
    plans = {name: plan(store, sql) for name, sql in statements.items()}
    assert {name: steps for name, steps in plans.items() if any(s.startswith("SCAN tasks") for s in steps)} == {}
    assert any("ix_tasks_live" in step for step in plans["live tasks"])
    assert any("SEARCH tasks" in step for step in plans["updated"])
    assert any("SEARCH tasks" in step for step in plans["payloads"])
