"""Moving the log into the database."""

import threading
from collections.abc import Callable

import pytest

from hatchet_engine.store import sqlite_file
from hatchet_engine.store import store as store_module
from hatchet_engine.store.errors import StoreUnavailable
from hatchet_engine.store.store import Store
from tests.store.world import World, contents, created, database_of

KIB = 1024


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_file, "WAL_KEPT", 32 * KIB)
    monkeypatch.setattr(store_module, "CHECKPOINT_AT", 64 * KIB)
    monkeypatch.setattr(store_module, "RESTART_AT", 256 * KIB)


def log_size(store: Store) -> int:
    return database_of(store).with_name("hatchet.db-wal").stat().st_size


def write_kib(world: World, kib: int) -> None:
    for _ in range(kib // 32):
        world.write(created(world.new_task(), payload="x" * 32 * KIB))


def test_a_small_log_is_left_alone(world: World) -> None:
    size = database_of(world.store).stat().st_size
    write_kib(world, 64)
    assert world.store.checkpoint() is False
    assert database_of(world.store).stat().st_size == size


def test_no_commit_moves_the_log(world: World) -> None:
    """SQLite would do it at 4 MB, in the commit that happens to come then."""
    size = database_of(world.store).stat().st_size
    write_kib(world, 8 * KIB)
    assert log_size(world.store) > 8 * KIB * KIB
    assert database_of(world.store).stat().st_size == size


def test_a_log_that_was_moved_starts_over(small_limits: None, world: World) -> None:
    write_kib(world, 128)
    assert log_size(world.store) > 128 * KIB
    assert world.store.checkpoint() is True
    write_kib(world, 32)
    assert log_size(world.store) < 128 * KIB


def test_a_log_that_commits_leave_no_moment_starts_over_at_its_limit(small_limits: None, world: World) -> None:
    committing = threading.Thread(target=write_kib, args=(world, 16 * KIB))
    committing.start()
    longest = 0
    while committing.is_alive():
        world.store.checkpoint()
        longest = max(longest, log_size(world.store))
    # More than 16 MiB were written, which a log that never starts over keeps; how far beyond its limit this one gets
    # depends on who runs when.
    assert longest < 16 * KIB * KIB
    assert len(world.live_tasks()) == 512


def test_a_reader_of_an_old_state_keeps_the_log_and_nothing_else(small_limits: None, world: World) -> None:
    write_kib(world, 64)
    with world.store.reader.connect() as reader:
        reader.exec_driver_sql("BEGIN")
        (before,) = reader.exec_driver_sql("SELECT count(*) FROM tasks").one()
        for _ in range(5):
            write_kib(world, 128)
            assert world.store.checkpoint() is True
        assert reader.exec_driver_sql("SELECT count(*) FROM tasks").one() == (before,)
    assert len(world.live_tasks()) == before + 20


def test_everything_is_still_there_after_a_checkpoint(
    small_limits: None, world: World, open_store: Callable[[], Store]
) -> None:
    write_kib(world, 512)
    world.store.checkpoint()
    before = contents(world.store)
    world.store.close()
    assert contents(open_store()) == before


def test_a_checkpoint_of_a_closed_store_does_nothing(small_limits: None, world: World) -> None:
    write_kib(world, 128)
    world.store.close()
    assert world.store.checkpoint() is False


def test_a_checkpoint_that_fails_says_so_and_can_be_repeated(
    small_limits: None, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_kib(world, 128)
    connection = world.store._checkpointer
    connection.set_authorizer(lambda *_: 1)
    with pytest.raises(StoreUnavailable):
        world.store.checkpoint()
    connection.set_authorizer(None)
    assert world.store.checkpoint() is True
