"""Lists of runs, their filters and counts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine_rest.rig import PlayedWorker, Rig

SINCE = "2020-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Shop"]:
    rig = Rig(Path(tmp_path_factory.mktemp("lists")))
    try:
        yield Shop(rig)
    finally:
        rig.close()


class Shop:
    """Runs of two workflows in all statuses; nothing changes afterwards."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.orders = rig.workflow("orders", retries=1, backoff_factor=10)
        self.mails = rig.workflow("mails")
        self.worker: PlayedWorker = rig.worker("orders", slots=6)
        self.names: dict[str, str] = {}
        metadata: dict[str, Any] = {"customer": "7", "vip": True, "odd": 'a"b:c', "n": 3}
        self.add("completed", rig.trigger("orders", {"item": 1}, metadata))
        self.add("failed", rig.trigger("orders", {"item": 2}, {"customer": "8", "vip": True}))
        self.add("cancelled", rig.trigger("orders", {"item": 3}, {"customer": "7"}))
        self.add("running", rig.trigger("orders", {"item": 4}, {"hatchet__event_id": self.ids["completed"]}))
        self.add("backoff", rig.trigger("orders", {"item": 5}))
        self.add("queued", rig.trigger("mails", {"to": "x"}, {"customer": "9"}))
        parent = {"parent_run_id": self.ids["running"], "parent_task_id": self.ids["running"]}
        self.add("child", rig.trigger("mails", child_index=0, **parent))
        self.worker.started(self.ids["completed"])
        self.worker.completed(self.ids["completed"], {"ok": True})
        self.worker.failed(self.ids["failed"], "ValueError: bad", final=True)
        rig.post(rig.path("tasks/cancel"), {"externalIds": [self.ids["cancelled"]]})
        self.worker.started(self.ids["running"])
        self.worker.failed(self.ids["backoff"], "ValueError: again")

    @property
    def ids(self) -> dict[str, str]:
        return {name: id for id, name in self.names.items()}

    def add(self, name: str, run_id: str) -> None:
        self.names[run_id] = name

    def rows(self, **params: Any) -> list[Any]:
        query = {"since": SINCE, "only_tasks": False, **params}
        rows: list[Any] = self.rig.get(self.rig.path("workflow-runs"), **query)["rows"]
        return rows

    def found(self, **params: Any) -> set[str]:
        return {self.names[row["metadata"]["id"]] for row in self.rows(**params)}


EVERYTHING = {"completed", "failed", "cancelled", "running", "backoff", "queued", "child"}


def test_newest_first(shop: Shop) -> None:
    rows = shop.rows()
    assert [shop.names[row["metadata"]["id"]] for row in rows] == list(reversed(shop.names.values()))
    assert shop.found() == EVERYTHING


def test_statuses_of_the_rows(shop: Shop) -> None:
    statuses = {shop.names[row["metadata"]["id"]]: row["status"] for row in shop.rows()}
    assert statuses == {
        "completed": "COMPLETED",
        "failed": "FAILED",
        "cancelled": "CANCELLED",
        "running": "RUNNING",
        "backoff": "QUEUED",
        "queued": "QUEUED",
        "child": "QUEUED",
    }


def test_rows_of_runs_and_of_tasks(shop: Shop) -> None:
    by_id = {row["metadata"]["id"]: row for row in shop.rows(include_payloads=True)}
    run = by_id[shop.ids["completed"]]
    assert (run["type"], run["input"], run["output"]) == ("DAG", {"item": 1}, {"ok": True})
    assert (run["retryCount"], run["attempt"]) == (0, 1)
    [task] = [
        row
        for row in shop.rows(only_tasks=True, include_payloads=True)
        if row["metadata"]["id"] == shop.ids["completed"]
    ]
    assert (task["type"], task["input"]["input"], task["output"]) == ("TASK", {"item": 1}, {"ok": True})
    assert task["additionalMetadata"]["vip"] is True
    assert by_id[shop.ids["running"]]["numSpawnedChildren"] == 1
    assert by_id[shop.ids["child"]]["parentTaskExternalId"] == shop.ids["running"]
    assert by_id[shop.ids["backoff"]]["retryCount"] == 1


@pytest.mark.parametrize("only_tasks", [True, False])
def test_payloads_are_empty_objects_unless_asked_for(shop: Shop, only_tasks: bool) -> None:
    for row in shop.rows(only_tasks=only_tasks):
        assert row["input"] == row["output"] == {}


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"statuses": "COMPLETED"}, {"completed"}),
        ({"statuses": ["FAILED", "CANCELLED"]}, {"failed", "cancelled"}),
        ({"statuses": "QUEUED"}, {"backoff", "queued", "child"}),
        ({"statuses": "RUNNING", "running_filter": "ON_WORKER"}, {"running"}),
        ({"statuses": "RUNNING", "running_filter": "EVICTED"}, set()),
        ({"statuses": ["RUNNING", "FAILED"], "running_filter": "EVICTED"}, {"failed"}),
        ({"running_filter": "EVICTED"}, EVERYTHING - {"running"}),
        ({"additional_metadata": "customer:7"}, {"completed", "cancelled"}),
        ({"additional_metadata": ["customer:7", "customer:8"]}, {"completed", "failed", "cancelled"}),
        (
            {"additional_metadata": ["customer:7", "vip:true"], "additional_metadata_operator": "AND"},
            {"completed"},
        ),
        ({"additional_metadata": "vip:true"}, {"completed", "failed"}),
        ({"additional_metadata": "vip:1"}, set()),
        ({"additional_metadata": "n:3"}, {"completed"}),
        ({"additional_metadata": 'odd:a"b:c'}, {"completed"}),
        ({"additional_metadata": "customer:"}, set()),
        ({"additional_metadata": "$.customer:7"}, set()),
        ({"additional_metadata": "' OR 1=1 --:x"}, set()),
        ({"additional_metadata": "customer:%"}, set()),
        ({"idempotency_keys": "k"}, set()),
        ({"until": "2020-01-02T00:00:00Z"}, set()),
        ({"since": "2999-01-01T00:00:00Z"}, set()),
    ],
)
def test_filters(shop: Shop, params: dict[str, Any], expected: set[str]) -> None:
    assert shop.found(**params) == expected


def test_filters_by_id(shop: Shop) -> None:
    ids = shop.ids
    assert shop.found(workflow_ids=shop.mails.workflow_id) == {"queued", "child"}
    assert shop.found(workflow_ids=[shop.mails.workflow_id, shop.orders.workflow_id]) == EVERYTHING
    assert shop.found(workflow_ids=ids["queued"]) == set()
    assert shop.found(worker_id=shop.worker.id) == {"completed", "failed", "cancelled", "running"}
    assert shop.found(parent_task_external_id=ids["running"]) == {"child"}
    assert shop.found(triggering_event_external_id=ids["completed"]) == {"running"}


def test_both_ends_of_the_time_range_are_included(shop: Shop) -> None:
    created = {name: shop.rig.task(id)["createdAt"] for name, id in shop.ids.items()}
    assert shop.found(since=created["running"], until=created["running"]) == {"running"}
    assert shop.found(since=created["queued"]) == {"queued", "child"}


def test_pages(shop: Shop) -> None:
    everything = shop.rows()
    pages = [
        shop.rig.get(shop.rig.path("workflow-runs"), since=SINCE, only_tasks=True, limit=3, offset=offset)
        for offset in (0, 3, 6, 9)
    ]
    ids = [row["metadata"]["id"] for page in pages for row in page["rows"]]
    assert ids == [row["metadata"]["id"] for row in everything]
    assert [page["pagination"] for page in pages] == [
        {"current_page": number, "next_page": number + 1, "num_pages": 3} for number in (1, 2, 3, 4)
    ]


def test_external_ids_are_a_bare_array_oldest_first(shop: Shop) -> None:
    path = shop.rig.path("workflow-runs/external-ids")
    assert shop.rig.get(path, since=SINCE) == list(shop.names)
    assert shop.rig.get(path, since=SINCE, statuses=["FAILED"]) == [shop.ids["failed"]]
    assert shop.rig.get(path, since=SINCE, additional_metadata=["customer:9"]) == [shop.ids["queued"]]


def test_display_names_of_those_that_exist(shop: Shop) -> None:
    wanted = [shop.ids["queued"], shop.rig.new_id(), shop.ids["completed"]]
    rows = shop.rig.get(shop.rig.path("workflow-runs/display-names"), external_ids=wanted)["rows"]
    assert [row["metadata"]["id"] for row in rows] == [shop.ids["queued"], shop.ids["completed"]]
    assert rows[0]["displayName"].startswith("mails-")


def test_metrics_have_every_status(shop: Shop) -> None:
    path = shop.rig.path("task-metrics")
    metrics = shop.rig.get(path, since=SINCE)
    assert {one["status"]: one["count"] for one in metrics} == {
        "QUEUED": 3,
        "RUNNING": 1,
        "COMPLETED": 1,
        "FAILED": 1,
        "CANCELLED": 1,
    }
    [running] = [one for one in metrics if "runningDetailCount" in one]
    assert running["runningDetailCount"] == {"evicted": 0, "onWorker": 1}
    filtered = shop.rig.get(path, since=SINCE, workflow_ids=[shop.mails.workflow_id])
    assert sum(one["count"] for one in filtered) == 2
    assert sum(one["count"] for one in shop.rig.get(path, since="2999-01-01T00:00:00Z")) == 0


def test_other_tenants_see_nothing_of_it(shop: Shop) -> None:
    client = shop.rig.stranger()
    base = f"/api/v1/stable/tenants/{shop.rig.stranger_tenant}"
    query = {"since": SINCE, "only_tasks": "true"}
    assert client.get(f"{base}/workflow-runs", params=query).json()["rows"] == []
    assert client.get(f"{base}/workflow-runs/external-ids", params=query).json() == []
    names = client.get(f"{base}/workflow-runs/display-names", params={"external_ids": list(shop.names)})
    assert names.json()["rows"] == []
    counts = client.get(f"{base}/task-metrics", params=query).json()
    assert sum(one["count"] for one in counts) == 0
    cancelled = client.post(f"{base}/tasks/cancel", json={"externalIds": [shop.ids["running"]]})
    assert cancelled.json() == {"ids": []}
    replayed = client.post(f"{base}/tasks/replay", json={"externalIds": [shop.ids["failed"]]})
    assert replayed.json() == {"ids": []}
    assert shop.rig.task(shop.ids["running"])["status"] == "RUNNING"
