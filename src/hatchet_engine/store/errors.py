"""What goes wrong with the store, and whose fault it is."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager


class StoreError(Exception):
    """The store can't do what was asked of it."""


class StoreUnavailable(StoreError):
    """The database is full, locked, damaged or gone. Nothing was kept that anybody may rely on; try the same again."""


class StoreInUse(StoreError):
    """Another engine has this database open."""


class StoreRefused(StoreError):
    """The database will never take these rows: a value that it can't represent, or a broken constraint."""


@contextmanager
def store_errors() -> Iterator[None]:
    """Turn what the driver raises into the errors of this module."""
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError, sqlite3.InterfaceError) as error:
        raise StoreRefused(f"the database refuses the rows: {error}") from error
    except (UnicodeEncodeError, OverflowError) as error:
        raise StoreRefused(f"the database can't represent a value: {error}") from error
    except sqlite3.Error as error:
        raise StoreUnavailable(f"the database is not available: {error}") from error
