"""The revisions lead to the tables of schema.py."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine

from hatchet_engine.store import migrate, migrations, schema
from hatchet_engine.store.errors import StoreError
from hatchet_engine.store.store import Store

SCRIPTS = Path(migrations.__file__).parent


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    """To an empty database."""
    engine = create_engine(f"sqlite:///{tmp_path / 'other.db'}")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    return config


def definitions(connection: Connection) -> dict[str, str]:
    """Every table and index of the database, as it was defined."""
    found = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").all()
    return {name: " ".join(sql.split()) for name, sql in found if name != "alembic_version"}


def test_an_opened_store_has_the_tables_of_the_schema(store: Store, connection: Connection) -> None:
    schema.metadata.create_all(connection)
    with store.reader.connect() as opened:
        assert definitions(opened) == definitions(connection)
        assert len(definitions(opened)) > len(schema.metadata.tables)


def test_alembic_finds_nothing_to_do(store: Store) -> None:
    with store.reader.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata) == []


def test_the_newest_revision_is_the_one_that_open_looks_for() -> None:
    scripts = ScriptDirectory.from_config(config())
    assert scripts.get_heads() == [migrations.HEAD]
    assert all(script.doc for script in scripts.walk_revisions())


def test_every_revision_can_be_undone(connection: Connection) -> None:
    command.upgrade(config(connection), "head")
    command.downgrade(config(connection), "base")
    assert definitions(connection) == {}


def test_a_database_at_the_newest_revision_is_opened_without_alembic(
    open_store: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    open_store().close()

    def refuse(*_: Any) -> None:
        raise AssertionError("nothing to upgrade")

    monkeypatch.setattr(migrate, "_upgrade", refuse)
    assert open_store().ledger.tenants() == []


def test_a_database_of_a_newer_engine_is_refused(open_store: Callable[[], Store], url: str) -> None:
    store = open_store()
    with store.ledger._writer.transaction() as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    store.close()
    with pytest.raises(StoreError, match=r"another version of the engine.*9999"):
        Store.open(url)
