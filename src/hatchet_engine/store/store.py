"""The engine's database, opened."""

import sqlite3
import threading
import time
from collections.abc import Callable

from sqlalchemy import Engine

from hatchet_engine.store.errors import StoreError, StoreInUse, StoreRefused, StoreUnavailable, store_errors
from hatchet_engine.store.ledger import Ledger
from hatchet_engine.store.migrate import migrate
from hatchet_engine.store.sqlite_file import SqliteFile, Writer, path_of

__all__ = ["Store", "StoreError", "StoreInUse", "StoreRefused", "StoreUnavailable"]

CHECKPOINT_AT = 32 * 1024 * 1024
"""Bytes of log from which on it is worth moving."""
BUSY_TIMEOUT_S = 5.0
RESTART_AT = 128 * 1024 * 1024
"""Bytes of log from which on a commit has to wait for the log to start over, if commits never left it a moment."""


def _system_clock() -> int:
    return time.time_ns() // 1_000


class Store:
    """What one engine process keeps. `ledger` writes, on one thread; `reader` reads, from any."""

    def __init__(self, file: SqliteFile, now: Callable[[], int]) -> None:
        self._file = file
        self._checkpointer = file.connect()
        self._checkpointing = threading.Lock()
        self._writer = Writer(file)
        self.ledger = Ledger(self._writer, now)
        self.reader: Engine = file.reader()
        self._closed = False
        with self._writer.reading() as connection:
            connection.execute("SELECT count(*) FROM tenants").fetchone()
        file.remember()

    @classmethod
    def open(cls, url: str, now: Callable[[], int] = _system_clock, busy_timeout_s: float = BUSY_TIMEOUT_S) -> "Store":
        """Open a database, created and brought to the newest schema where needed.

        Args:
            url: `sqlite:////absolute/path/of/a.db`.
            now: the clock, in microseconds since the epoch.
            busy_timeout_s: seconds to wait for somebody else's lock on the database.

        Raises:
            StoreInUse: another engine has it open.
            StoreUnavailable: it can't be read or written.
            StoreError: not a URL of a supported database, or the database was made by a newer engine.
        """
        file = SqliteFile(path_of(url), busy_timeout_s)
        try:
            migrate(file.connect)
            return cls(file, now)
        except BaseException:
            file.release()
            raise

    def checkpoint(self) -> bool:
        """Move a log that has grown into the database, so that it can start over. True if there was something to do.

        Costs nothing while the log is small: call it every second. It takes its time but stops no commit; call it in
        a thread of its own.

        Raises:
            StoreUnavailable: the database can't be written; the log is kept.
        """
        with self._checkpointing, store_errors():
            if self._closed or self._file.log_size() < CHECKPOINT_AT:
                return False
            # The second time for what was committed during the first. If nothing is committed during the second, the
            # next commit starts the log over.
            for _ in range(2):
                self._checkpointer.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if self._file.log_size() >= RESTART_AT:
                self.ledger.finish_checkpoint()
            return True

    def close(self) -> None:
        """Close everything and let others open the database. The ledger's thread must have ended."""
        with self._checkpointing:
            if self._closed:
                return
            self._closed = True
            self.reader.dispose()
            self.ledger.close()
            self._close_last(self._checkpointer)
            self._file.release()

    def _close_last(self, connection: sqlite3.Connection) -> None:
        """The last connection moves the log into the database and deletes it."""
        with store_errors():
            connection.close()
