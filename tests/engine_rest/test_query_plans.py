"""No list of the API reads a whole table: each goes through an index, whatever it is narrowed by."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from hatchet_engine.core.machine import TERMINAL, TaskState
from hatchet_engine.store import queries
from hatchet_engine.store.queries import LogFilter, TaskFilter
from hatchet_engine.store.store import Store

TENANT, ID = "11111111-1111-7111-8111-111111111111", "22222222-2222-7222-8222-222222222222"
LIVE = [state for state in TaskState if state not in TERMINAL]


class Watched:
    """A reader that keeps the plan of every statement."""

    def __init__(self, reader: Engine) -> None:
        self.reader = reader
        self.plans: list[str] = []
        event.listen(reader, "before_cursor_execute", self._explain)

    def _explain(self, connection: Any, cursor: Any, statement: str, parameters: Any, *more: Any) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            steps = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            self.plans.append(" | ".join(step[3] for step in steps))

    def of(self, query: Callable[..., Any], *args: Any) -> list[str]:
        self.plans.clear()
        query(self.reader, *args)
        return list(self.plans)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    store = Store.open(f"sqlite:///{Path(tmp_path_factory.mktemp('plans')) / 'hatchet.db'}")
    try:
        yield Watched(store.reader)
    finally:
        store.close()


FILTERS = {
    "all": (TaskFilter(TENANT, since=1), "ix_tasks_tenant_id_created_at"),
    "range": (TaskFilter(TENANT, since=1, until=2), "ix_tasks_tenant_id_created_at"),
    "completed": (TaskFilter(TENANT, since=1, states=[TaskState.COMPLETED]), "ix_tasks_tenant_id_created_at"),
    "live": (TaskFilter(TENANT, since=1, states=LIVE), "ix_tasks_live"),
    "queued": (TaskFilter(TENANT, since=1, states=[TaskState.QUEUED, TaskState.BACKOFF]), "ix_tasks_live"),
    "failed": (TaskFilter(TENANT, since=1, states=[TaskState.FAILED]), "ix_tasks_unsuccessful"),
    "workflow": (TaskFilter(TENANT, since=1, workflow_ids=[ID]), "ix_tasks_workflow_id_created_at"),
    "children": (TaskFilter(TENANT, since=1, parent_id=ID), "ix_tasks_parent_task_id"),
    "worker": (TaskFilter(TENANT, since=1, worker_id=ID), "ix_tasks_tenant_id_created_at"),
    "metadata": (TaskFilter(TENANT, since=1, metadata=[("a", "b")]), "ix_tasks_tenant_id_created_at"),
}


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("query", ["page", "ids", "json"])
def test_lists_of_runs(watched: Watched, name: str, query: str) -> None:
    wanted, index = FILTERS[name]
    if query == "page":
        plans = watched.of(queries.task_page, wanted, 50, 0, True)
    else:
        plans = watched.of(queries.task_ids if query == "ids" else queries.task_ids_json, wanted)
    assert plans
    for plan in plans:
        assert index in plan, plan
        assert "SCAN tasks" not in plan


def test_counts_read_only_what_is_not_completed(watched: Watched) -> None:
    total, live, unsuccessful = watched.of(queries.state_counts, TaskFilter(TENANT, since=1))
    assert "COVERING INDEX ix_tasks_tenant_id_created_at" in total
    assert "ix_tasks_live" in live
    assert "ix_tasks_unsuccessful" in unsuccessful


@pytest.mark.parametrize(
    ("query", "args"),
    [
        (queries.find_task, (ID,)),
        (queries.find_tasks, (TENANT, [ID])),
        (queries.run_page, (ID,)),
        (queries.task_history, (ID,)),
        (queries.find_attempt, (ID, 0)),
        (queries.children_of, (ID,)),
        (queries.descendants, (TENANT, ID, 2, 10)),
        (queries.run_details, (TENANT, ID)),
        (queries.finished_outcomes, (TENANT, [ID])),
        (queries.log_page, (LogFilter(TENANT, task_ids=[ID]), 50, False)),
        (queries.log_page, (LogFilter(TENANT, since=1), 50, True)),
        (queries.live_counts, (TENANT,)),
        (queries.find_tenant, (TENANT,)),
        (queries.find_worker, (ID,)),
        (queries.workers_seen_since, (TENANT, 1)),
        (queries.find_workflow, (ID,)),
        (queries.workflow_page, (TENANT, "a", 50, 0)),
        (queries.newest_versions, (TENANT,)),
        (queries.versions_of, (ID,)),
        (queries.find_version, (ID, None)),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_look_ups(watched: Watched, query: Callable[..., Any], args: tuple[Any, ...]) -> None:
    plans = watched.of(query, *args)
    assert plans
    for plan in plans:
        assert "SEARCH" in plan, plan
        assert not any(step.startswith("SCAN") and "anon" not in step for step in plan.split(" | ")), plan
