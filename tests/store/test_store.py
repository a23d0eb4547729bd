"""Opening, sharing and closing a database."""

import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import OperationalError

from hatchet_engine.store import schema
from hatchet_engine.store.errors import StoreError, StoreInUse, StoreUnavailable
from hatchet_engine.store.store import Store
from tests.store.world import World, contents, created, database_of

OPENER = str(Path(__file__).parent / "programs" / "hold_open.py")


@pytest.mark.parametrize(
    "url, said",
    [
        ("hatchet.db", "not a database URL"),
        ("mysql://host/db", "mysql"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
    ],
)
def test_a_url_that_means_no_file_is_refused(url: str, said: str) -> None:
    with pytest.raises(StoreError, match=said):
        Store.open(url)


def test_a_folder_that_does_not_exist_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="missing"):
        Store.open(f"sqlite:///{tmp_path}/missing/hatchet.db")


def test_a_file_that_is_no_database_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "hatchet.db"
    path.write_text("not a database " * 1000)
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="not a database"):
            Store.open(f"sqlite:///{path}")
    assert path.read_text().startswith("not a database")


@pytest.mark.parametrize("name", ["a b.db", "100%.db", "what?.db", "ä#1.db"])
def test_any_file_name_will_do(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    store = Store.open("sqlite:///" + str(path).replace("%", "%25").replace("?", "%3F").replace("#", "%23"))
    try:
        World(store)
        assert database_of(store) == path
    finally:
        store.close()
    assert path.exists()


def test_only_the_owner_may_read_the_files(store: Store) -> None:
    World(store)
    folder = database_of(store).parent
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert set(modes.values()) == {0o600}
    assert modes.keys() >= {"hatchet.db", "hatchet.db-wal"}


def test_a_commit_is_durable_before_it_returns(store: Store) -> None:
    """An acknowledged batch outlives a power failure: its log is written through."""
    with store.ledger._writer.reading() as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)


def test_a_second_opener_is_refused_with_the_first_ones_name(store: Store, url: str) -> None:
    with pytest.raises(StoreInUse, match="in use by another engine"):
        Store.open(url)
    opener = subprocess.run([sys.executable, OPENER, url], capture_output=True, text=True, check=False)
    assert opener.returncode != 0
    assert "StoreInUse" in opener.stderr


def test_the_lock_ends_with_the_process_that_held_it(url: str) -> None:
    with subprocess.Popen([sys.executable, OPENER, url], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(StoreInUse, match=f"process {holder.pid}"):
            Store.open(url)
        holder.kill()
        holder.wait()
    Store.open(url).close()


def test_a_store_that_could_not_be_opened_is_not_held(tmp_path: Path) -> None:
    path = tmp_path / "hatchet.db"
    path.write_text("not a database " * 1000)
    with pytest.raises(StoreUnavailable):
        Store.open(f"sqlite:///{path}")
    path.unlink()
    Store.open(f"sqlite:///{path}").close()


def test_closing_twice_is_harmless_and_leaves_one_file(world: World) -> None:
    path = database_of(world.store)
    world.store.close()
    world.store.close()
    assert {each.name for each in path.parent.iterdir()} == {"hatchet.db", "hatchet.db.lock"}


def test_a_closed_store_takes_nothing(world: World) -> None:
    world.store.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        world.create(world.new_task())


def test_a_reader_cannot_write(world: World) -> None:
    before = contents(world.store)
    with world.store.reader.connect() as connection:
        for attempt in (
            insert(schema.tenants).values(id="t", name="t", created_at=1),
            text("DELETE FROM workers"),
            text("DROP TABLE tasks"),
        ):
            with pytest.raises(OperationalError, match="readonly"):
                connection.execute(attempt)
        connection.exec_driver_sql("PRAGMA query_only=OFF")
        with pytest.raises(OperationalError, match="readonly"):
            connection.execute(text("DELETE FROM workers"))
    assert contents(world.store) == before


def test_a_reader_sees_whole_transactions_and_stops_no_commit(world: World) -> None:
    first, second = world.new_task(), world.new_task()
    ids = select(schema.tasks.c.id)
    world.create(first)
    with world.store.reader.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        assert connection.scalars(ids).all() == [first.id]
        world.write(created(second))
        assert connection.scalars(ids).all() == [first.id]
    with world.store.reader.connect() as connection:
        assert set(connection.scalars(ids)) == {first.id, second.id}


def test_a_new_store_needs_no_file(open_store: Callable[[], Store]) -> None:
    assert open_store().ledger.tenants() == []


def test_foreign_tools_can_read_beside_the_engine(world: World) -> None:
    connection = sqlite3.connect(database_of(world.store))
    try:
        assert connection.execute("SELECT id FROM tenants").fetchall() == [(world.tenant_id,)]
    finally:
        connection.close()
