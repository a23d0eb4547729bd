"""A database that is full, locked, damaged or gone: nothing is kept, and the same batch goes through afterwards."""

import resource
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from hatchet_engine.core.changes import Changes, EventRecord
from hatchet_engine.store.errors import StoreUnavailable
from hatchet_engine.store.rows import WriteBatch
from hatchet_engine.store.sqlite_file import SqliteFile
from hatchet_engine.store.store import Store
from tests.store.world import Line, World, contents, created, database_of, joined, row


@contextmanager
def no_file_may_grow(path: Path) -> Iterator[None]:
    """The operating system refuses to make any file of this process longer than the given one is."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def large_batch(world: World) -> tuple[list[str], WriteBatch]:
    tasks = [world.running_task() for _ in range(150)]
    changes = joined(*(created(task, payload='{"text":"' + "x" * 1000 + '"}') for task in tasks))
    changes.events = [EventRecord(task.id, 0, "QUEUED", 1) for task in tasks]
    return [task.id for task in tasks], world.batch(changes, lines=[Line(task.id, "hello") for task in tasks])


def assert_nothing_was_kept_and_it_can_be_tried_again(
    world: World, before: dict[str, list[dict[str, object]]], ids: list[str], batch: WriteBatch
) -> None:
    assert contents(world.store) == before
    world.store.ledger.commit(batch)
    after = contents(world.store)
    assert [len(after[name]) for name in ("tasks", "task_events", "log_lines")] == [len(ids)] * 3
    assert world.live_tasks().keys() == set(ids)


def test_a_disk_that_takes_no_more(world: World) -> None:
    ids, batch = large_batch(world)
    before = contents(world.store)
    log = Path(f"{database_of(world.store)}-wal")
    with no_file_may_grow(log):
        for _ in range(2):
            with pytest.raises(StoreUnavailable):
                world.store.ledger.commit(batch)
    assert_nothing_was_kept_and_it_can_be_tried_again(world, before, ids, batch)


def test_a_full_database(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = SqliteFile.connect
    opened: list[sqlite3.Connection] = []

    def remember(file: SqliteFile) -> sqlite3.Connection:
        opened.append(connect(file))
        return opened[-1]

    monkeypatch.setattr(SqliteFile, "connect", remember)
    with closing(Store.open(url)) as store:
        world = World(store)
        ids, batch = large_batch(world)
        before = contents(store)
        writer = opened[-1]
        (pages,) = writer.execute("PRAGMA page_count").fetchone()
        writer.execute(f"PRAGMA max_page_count={pages + 5}")
        with pytest.raises(StoreUnavailable, match="full"):
            store.ledger.commit(batch)
        small = world.new_task()
        world.create(small)
        assert world.live_tasks().keys() == {small.id}
        before["tasks"] = [row(store, small.id)]
        assert contents(store) == before
        writer.execute("PRAGMA max_page_count=1000000")
        store.ledger.commit(batch)
        assert world.live_tasks().keys() == {small.id, *ids}


def test_a_locked_database(world: World) -> None:
    ids, batch = large_batch(world)
    before = contents(world.store)
    with closing(sqlite3.connect(database_of(world.store), isolation_level=None)) as intruder:
        intruder.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="locked"):
            world.store.ledger.commit(batch)
        with pytest.raises(StoreUnavailable, match="locked"):
            world.store.ledger.create_tenant("other", "other")
        intruder.execute("ROLLBACK")
    assert_nothing_was_kept_and_it_can_be_tried_again(world, before, ids, batch)


@pytest.mark.parametrize("suffix", ["", "-wal"])
def test_a_file_that_was_moved_away_and_back(world: World, suffix: str, tmp_path: Path) -> None:
    ids, batch = large_batch(world)
    before = contents(world.store)
    path = Path(f"{database_of(world.store)}{suffix}")
    path.rename(tmp_path / "elsewhere")
    with pytest.raises(StoreUnavailable, match="is gone"):
        world.store.ledger.commit(batch)
    with pytest.raises(StoreUnavailable, match="is gone"):
        world.store.ledger.load_live(world.tenant_id)
    (tmp_path / "elsewhere").rename(path)
    assert_nothing_was_kept_and_it_can_be_tried_again(world, before, ids, batch)


def test_a_file_that_was_replaced(world: World, tmp_path: Path) -> None:
    """SQLite would go on writing into the file that is no longer there."""
    path = database_of(world.store)
    original = tmp_path / "original"
    path.rename(original)
    shutil.copy(original, path)
    with pytest.raises(StoreUnavailable, match="was replaced"):
        world.create(world.new_task())
    original.rename(path)
    task = world.new_task()
    world.create(task)
    assert world.live_tasks().keys() == {task.id}


def test_a_folder_that_was_deleted(world: World) -> None:
    shutil.rmtree(database_of(world.store).parent)
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="is gone"):
            world.create(world.new_task())


def test_an_error_between_two_rows_leaves_no_trace(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interruption that is no database error (here: of the interpreter) is rolled back as well."""
    ids, batch = large_batch(world)
    before = contents(world.store)

    def interrupted() -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(world.store._file, "check_in_place", interrupted)
        with pytest.raises(KeyboardInterrupt):
            world.store.ledger.commit(batch)
    assert_nothing_was_kept_and_it_can_be_tried_again(world, before, ids, batch)


def test_a_connection_that_broke_is_opened_again(world: World) -> None:
    connection = world.store.ledger._writer._connected()
    with pytest.raises(StoreUnavailable), world.store.ledger._writer.transaction() as inside:
        inside.execute("INSERT INTO tenants VALUES ('t', 't', 1)")
        connection.set_authorizer(lambda *_: sqlite3.SQLITE_DENY)
        inside.execute("SELECT * FROM tenants")
    task = world.new_task()
    world.create(task)
    assert world.live_tasks().keys() == {task.id}
    assert [tenant.id for tenant in world.store.ledger.tenants()] == [world.tenant_id]


def test_an_open_that_failed_for_want_of_space_leaves_nothing_half_made(
    url: str, open_store: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = SqliteFile.connect

    def cramped(file: SqliteFile) -> sqlite3.Connection:
        connection = connect(file)
        connection.execute("PRAGMA max_page_count=10")
        return connection

    with monkeypatch.context() as patch:
        patch.setattr(SqliteFile, "connect", cramped)
        with pytest.raises(StoreUnavailable, match="full"):
            Store.open(url)
    store = open_store()
    world = World(store)
    world.write(Changes(events=[EventRecord("task", 0, "QUEUED", 1)]))
    assert len(contents(store)["task_events"]) == 1
