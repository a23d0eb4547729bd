"""The write side, and the reads that a batch or a recovery needs. All of it on one thread."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import select

from hatchet_engine.core.model import Task, Version
from hatchet_engine.core.recovery import LiveRows
from hatchet_engine.store import schema
from hatchet_engine.store.access import AccessStatements, TenantRow, TokenRow, TokenState
from hatchet_engine.store.loading import Loading
from hatchet_engine.store.rows import CREATED, Row, WriteBatch
from hatchet_engine.store.sqlite_file import Writer
from hatchet_engine.store.statements import RowsStatement, batch_of
from hatchet_engine.store.writes import Writes

_INSERTED_TASKS = frozenset({"created", "spawned", "settled"})
_ABOUT_TASKS = frozenset({"events", "attempts"})
_TENANT = CREATED.index("tenant_id")
_CREATED_AT = CREATED.index("created_at")


class Ledger:
    """Every method can raise StoreUnavailable: nothing was kept, and the same call can be made again.

    Args:
        writer: the only connection that writes to the database.
        now: the clock, in microseconds since the epoch.
    """

    def __init__(self, writer: Writer, now: Callable[[], int]) -> None:
        self._writer = writer
        self._now = now
        self._writes = Writes()
        self._others = _other_tasks()
        self._loading = Loading()
        self._access = AccessStatements()
        self._finish_checkpoint = False

    def commit(self, batch: WriteBatch) -> frozenset[str]:
        """Write a batch in one transaction. Writing it again changes nothing.

        Returns:
            Ids of new tasks that were not kept, because there is another task with that id. Nearly always empty.

        Raises:
            StoreUnavailable: the batch was not kept.
            StoreRefused: the batch was not kept and never will be: a value that the database can't represent, or a
                broken constraint.
        """
        if self._finish_checkpoint:
            self._move_rest_of_log()
        taken: frozenset[str] = frozenset()
        with self._writer.transaction() as connection:
            for name, statement in self._writes.in_order.items():
                rows: list[Row] = getattr(batch, name)
                if taken and name in _ABOUT_TASKS:
                    rows = [row for row in rows if row[0] not in taken]
                if not rows:
                    continue
                before = connection.total_changes
                statement.write(connection, rows)
                if name in _INSERTED_TASKS and connection.total_changes - before != len(rows):
                    taken |= self._taken(connection, rows)
        return taken

    def load_live(self, tenant_id: str) -> LiveRows:
        """What a tenant's state is rebuilt from.

        Raises:
            StoreError: the rows contradict each other.
        """
        with self._writer.reading() as connection:
            return self._loading.live(connection, tenant_id, self._now())

    def load_payloads(self, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Task id -> (input, additional metadata), for those that are stored."""
        with self._writer.reading() as connection:
            return {
                task_id: (payload, metadata) for task_id, payload, metadata in self._loading.payloads(connection, ids)
            }

    def load_finished(self, tenant_id: str, ids: Sequence[str], versions: Mapping[str, Version]) -> dict[str, Task]:
        """Those of the tasks that are finished. Versions that are not among `versions` (by id) are loaded."""
        with self._writer.reading() as connection:
            return self._loading.finished(connection, tenant_id, ids, versions)

    def existing_ids(self, tenant_id: str, ids: Sequence[str]) -> set[str]:
        """Those of the ids that belong to a stored task of the tenant."""
        with self._writer.reading() as connection:
            return self._loading.ids(connection, tenant_id, ids)

    def tenants(self) -> list[TenantRow]:
        """All of them, the oldest first."""
        with self._writer.reading() as connection:
            return self._access.tenants(connection)

    def create_tenant(self, tenant_id: str, name: str) -> TenantRow:
        """The tenant with this id, created if it was not there."""
        with self._writer.transaction() as connection:
            return self._access.add_tenant(connection, TenantRow(tenant_id, name, self._now()))

    def create_token(self, token_id: str, tenant_id: str, name: str, expires_at: int | None = None) -> TokenRow:
        """Make a token known. `expires_at` in microseconds since the epoch, None for never.

        Raises:
            StoreRefused: no such tenant, or the id is taken.
        """
        token = TokenRow(token_id, tenant_id, name, self._now(), expires_at, None)
        with self._writer.transaction() as connection:
            self._access.add_token(connection, token)
        return token

    def token_state(self, token_id: str) -> TokenState:
        """Whether the token opens anything now."""
        with self._writer.reading() as connection:
            token = self._access.token(connection, token_id)
        if token is None:
            return TokenState.UNKNOWN
        if token.revoked_at is not None:
            return TokenState.REVOKED
        if token.expires_at is not None and token.expires_at <= self._now():
            return TokenState.EXPIRED
        return TokenState.ACTIVE

    def revoke_token(self, token_id: str) -> bool:
        """End a token. False if it is unknown or was revoked before."""
        with self._writer.transaction() as connection:
            return self._access.revoke(connection, token_id, self._now())

    def list_tokens(self, tenant_id: str) -> list[TokenRow]:
        """The tenant's tokens, also those that are over, the oldest first."""
        with self._writer.reading() as connection:
            return self._access.tokens(connection, tenant_id)

    def finish_checkpoint(self) -> None:
        """Ask for the rest of the log to be moved before the next commit. From any thread."""
        self._finish_checkpoint = True

    def close(self) -> None:
        """Close the connection."""
        self._writer.close()

    def _taken(self, connection: sqlite3.Connection, rows: Sequence[Row]) -> frozenset[str]:
        """Some rows were there. They are this batch's, written before, unless they were created by another."""
        keys = [(row[0], row[_TENANT], row[_CREATED_AT]) for row in rows]
        return frozenset(task_id for (task_id,) in self._others.read(connection, keys))

    def _move_rest_of_log(self) -> None:
        """Between two commits nothing is added to the log: moved to its end, it starts over with the next one."""
        with self._writer.reading() as connection:
            busy, logged, moved = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        self._finish_checkpoint = bool(busy) or moved < logged


def _other_tasks() -> RowsStatement:
    """Tasks with the id of a given one that are not that one."""
    tasks = schema.tasks
    batch = batch_of("batch", tasks, ("id", "tenant_id", "created_at"))
    same_id = batch.join(tasks, tasks.c.id == batch.c.id)
    another = (tasks.c.tenant_id != batch.c.tenant_id) | (tasks.c.created_at != batch.c.created_at)
    return RowsStatement(select(tasks.c.id).select_from(same_id).where(another), batch)
