"""`hatchet doctor` on databases that are sound, and on some that are not."""

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hatchet_engine.core.commands import ConnectWorker, RegisterWorker, RegisterWorkflow, TriggerItem, TriggerRuns
from hatchet_engine.core.definition import WorkflowDefinition
from hatchet_engine.runtime.engine import Engine
from hatchet_engine.store.store import Store
from tests.cli.conftest import Cli

TENANT = "707d0855-80ab-4e1f-a156-f1c4546cbf52"
DATABASE = Path(".hatchet/hatchet.db")


async def fill(store: Store) -> None:
    """One task that runs on a worker, and one that waits for it."""
    store.ledger.create_tenant(TENANT, "Default")
    engine = Engine(store)
    await engine.start()
    definition = WorkflowDefinition.parse(
        {"name": "greet", "tasks": [{"readable_id": "greet", "action": "greet:greet"}]}
    )
    new = engine.new_id
    await engine.execute(TENANT, RegisterWorkflow(definition, new(), new(), [new()]))
    worker_id = new()
    await engine.execute(TENANT, RegisterWorker(worker_id, "one", ["greet:greet"], {"default": 1}))
    await engine.execute(TENANT, ConnectWorker(worker_id, 1, running=[]))
    await engine.execute(TENANT, TriggerRuns([TriggerItem(new(), "greet", '{"name": "Ada"}') for _ in range(2)]))
    await engine.stop()
    store.close()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("doctor")
    place.chmod(0o700)
    asyncio.run(fill(Store.open(f"sqlite:///{place / DATABASE.name}")))
    return place


@pytest.fixture
def database(cli: Cli, filled: Path) -> Path:
    shutil.copytree(filled, DATABASE.parent)
    return DATABASE


def change(*statements: str) -> Callable[[], None]:
    def apply() -> None:
        connection = sqlite3.connect(DATABASE)
        for statement in statements:
            assert connection.execute(statement).rowcount != 0, statement
        connection.commit()
        connection.close()

    return apply


def overwrite() -> None:
    with DATABASE.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 20_000)


def test_a_sound_database_has_no_findings_and_is_left_alone(cli: Cli, database: Path) -> None:
    before = database.read_bytes()
    diagnosis = cli.document("doctor")
    assert diagnosis["ok"]
    assert diagnosis["findings"] == []
    assert diagnosis["tenants"] == [{"id": TENANT, "name": "Default", "workflows": 1, "workers": 1, "live_tasks": 2}]
    assert database.read_bytes() == before
    assert "2 tasks that are not finished" in cli.ok("doctor").stdout


@pytest.mark.parametrize(
    ("damage", "checks"),
    [
        (change("UPDATE tasks SET worker_id = NULL WHERE state = 1"), {"no_worker", "invariant"}),
        (change("UPDATE tasks SET worker_id = 'gone' WHERE state = 1"), {"invariant"}),
        (change("UPDATE tasks SET deadline = NULL WHERE state = 1"), {"invariant"}),
        (change("UPDATE tasks SET state = 4 WHERE state = 1"), {"no_end"}),
        (change("UPDATE tasks SET finished_at = 1"), {"early_end"}),
        (change("UPDATE tasks SET state = 9 WHERE state = 1"), {"unknown_state"}),
        (change("UPDATE tasks SET input = '{' WHERE state = 0"), {"unreadable_payload"}),
        (change("UPDATE tasks SET tenant_id = 'other' WHERE state = 0"), {"unknown_tenant"}),
        (
            change("UPDATE tasks SET version_id = 'other', step_id = 'other' WHERE state = 0"),
            {"unknown_version", "load"},
        ),
        (
            change(
                "INSERT INTO attempts (task_id, retry_count, outcome, queued_at, ended_at) VALUES ('x', 0, 1, 1, 2)"
            ),
            {"lost_attempt"},
        ),
        (change("UPDATE alembic_version SET version_num = '9999'"), {"schema"}),
        (overwrite, {"damaged"}),
        (lambda: DATABASE.chmod(0o644), {"file_mode"}),
    ],
    ids=lambda value: "" if callable(value) else "+".join(sorted(value)),
)
def test_what_is_wrong_is_found(cli: Cli, database: Path, damage: Callable[[], None], checks: set[str]) -> None:
    damage()
    result = cli("doctor", "--json")
    assert result.exit_code == 1
    findings: list[dict[str, Any]] = json.loads(result.stdout)["findings"]
    assert {finding["check"] for finding in findings} == checks
    assert all(finding["problem"] and finding["advice"] for finding in findings)
    shown = cli.failure("doctor").stdout
    assert findings[0]["problem"] in shown
    assert findings[0]["advice"] in shown


def test_a_task_that_breaks_a_rule_can_be_ended(cli: Cli, database: Path) -> None:
    change("UPDATE tasks SET deadline = NULL WHERE state = 1")()
    assert "hatchet runs cancel" in cli.failure("doctor").stdout


def test_no_database_is_a_clear_error(cli: Cli) -> None:
    refused = cli.failure("doctor")
    assert refused.exit_code == 1
    assert "--data-dir" in refused.stderr
    assert not Path(".hatchet").exists()


def test_a_file_that_is_no_database(cli: Cli) -> None:
    DATABASE.parent.mkdir()
    DATABASE.write_text("hello, this is not a database" * 100)
    DATABASE.chmod(0o600)
    assert "damaged" in cli.failure("doctor", "--json").stdout


def test_an_empty_database(cli: Cli) -> None:
    DATABASE.parent.mkdir()
    DATABASE.touch(0o600)
    assert "The database is empty" in cli.failure("doctor").stdout
