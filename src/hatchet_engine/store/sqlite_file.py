"""One SQLite database file: who may open it, how, and whether it is still there."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import QueuePool

from hatchet_engine.store.errors import StoreError, StoreInUse, StoreUnavailable, store_errors

OLDEST_SQLITE = (3, 35, 0)
WAL_KEPT = 16 * 1024 * 1024
"""Bytes of log that are kept when it starts over: writing into a file is quicker than growing it."""
_STATEMENTS_KEPT = 256
_WRITER_CACHE_KIB = 32 * 1024
_READERS_KEPT = 4
_READERS_MOST = 16


def path_of(url: str) -> Path:
    """The file that a store URL means.

    Raises:
        StoreError: not of the form `sqlite:////absolute/path/of/a.db`.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError(f"{url!r} is not a database URL; write sqlite:////absolute/path/of/hatchet.db") from error
    if parsed.get_backend_name() != "sqlite":
        raise StoreError(f"databases of kind {parsed.get_backend_name()!r} are not supported; use sqlite:////…")
    if not parsed.database or parsed.database == ":memory:":
        raise StoreError("a store needs a file; write sqlite:////absolute/path/of/hatchet.db")
    return Path(parsed.database).resolve()


class SqliteFile:
    """A database file that this process alone has open for writing.

    The lock is an OS lock on a file beside the database; it ends with the process, however that ends.
    """

    def __init__(self, path: Path, busy_timeout_s: float) -> None:
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            oldest = ".".join(map(str, OLDEST_SQLITE))
            raise StoreError(f"SQLite {sqlite3.sqlite_version} is too old; {oldest} or newer is needed")
        self.path = path
        self._log = Path(f"{path}-wal")
        self._busy_timeout_s = busy_timeout_s
        self._identities: dict[Path, tuple[int, int]] = {}
        self._lock = _lock(path)
        try:
            # Tasks may carry anything: only the owner may read them. The log files inherit the mode.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as error:
            self.release()
            raise StoreUnavailable(f"can't open the database {path}: {error.strerror}") from error

    def release(self) -> None:
        """Let other processes open the database. All connections must be closed before."""
        os.close(self._lock)

    def connect(self) -> sqlite3.Connection:
        """A connection for writing, in autocommit mode. It never moves the log by itself: that would stall a commit."""
        with store_errors():
            connection = self._connect("rw")
            (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
            if mode != "wal":
                connection.close()
                raise StoreError(f"the file system of {self.path} can't hold a write-ahead log (journal mode {mode})")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA fullfsync=ON")
            connection.execute("PRAGMA checkpoint_fullfsync=ON")
            connection.execute("PRAGMA wal_autocheckpoint=0")
            connection.execute(f"PRAGMA journal_size_limit={WAL_KEPT}")
            connection.execute(f"PRAGMA cache_size=-{_WRITER_CACHE_KIB}")
            return connection

    def reader(self) -> Engine:
        """An engine whose connections can't write. Safe to share between threads."""
        return create_engine(
            "sqlite://",
            creator=self._connect_reader,
            poolclass=QueuePool,
            pool_size=_READERS_KEPT,
            max_overflow=_READERS_MOST - _READERS_KEPT,
        )

    def remember(self) -> None:
        """Take the files that are there now for the database."""
        self._identities = {path: _identity(path) for path in (self.path, self._log)}

    def check_in_place(self) -> None:
        """SQLite goes on writing into files that were deleted or replaced; nothing of that would be found again.

        Raises:
            StoreUnavailable: the files are not those of `remember`.
        """
        for path, identity in self._identities.items():
            if _identity(path) != identity:
                raise StoreUnavailable(f"{path} was replaced under the engine; put it back or restart the engine")

    def log_size(self) -> int:
        """Bytes of the write-ahead log."""
        try:
            return self._log.stat().st_size
        except FileNotFoundError:
            return 0

    def _connect_reader(self) -> sqlite3.Connection:
        connection = self._connect("ro")
        connection.execute("PRAGMA query_only=ON")
        return connection

    def _connect(self, mode: str) -> sqlite3.Connection:
        return sqlite3.connect(
            f"{self.path.as_uri()}?mode={mode}",
            uri=True,
            timeout=self._busy_timeout_s,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=_STATEMENTS_KEPT,
        )


class Writer:
    """The connection that writes, opened again after it failed. One thread at a time."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file
        self._connection: sqlite3.Connection | None = None
        self._closed = False

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Outside a transaction."""
        with store_errors():
            self._file.check_in_place()
            yield self._connected()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing: an error inside, or from the commit itself, leaves no trace."""
        with store_errors():
            connection = self._connected()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                self._file.check_in_place()
                connection.commit()
            except BaseException:
                self._roll_back(connection)
                raise

    def close(self) -> None:
        self._closed = True
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> sqlite3.Connection:
        if self._closed:
            raise StoreUnavailable("the store is closed")
        if self._connection is None:
            self._file.check_in_place()
            self._connection = self._file.connect()
            self._connection.execute("PRAGMA foreign_keys=ON")
        return self._connection

    def _roll_back(self, connection: sqlite3.Connection) -> None:
        """Never fails: a connection that can't roll back is closed, which does the same."""
        try:
            if connection.in_transaction:
                connection.rollback()
        except sqlite3.Error:
            self._connection = None
            with suppress(sqlite3.Error):
                connection.close()


def _lock(database: Path) -> int:
    path = f"{database}.lock"
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise StoreUnavailable(f"can't lock the database {database}: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
    except BlockingIOError as error:
        owner = os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"
        os.close(descriptor)
        raise StoreInUse(
            f"{database} is in use by another engine (process {owner}); stop it or choose another data directory"
        ) from error
    except OSError as error:
        os.close(descriptor)
        raise StoreUnavailable(f"can't lock the database {database}: {error.strerror}") from error
    return descriptor


def _identity(path: Path) -> tuple[int, int]:
    try:
        status = os.stat(path)
    except OSError as error:
        raise StoreUnavailable(f"{path} is gone: {error.strerror}") from error
    return status.st_dev, status.st_ino
