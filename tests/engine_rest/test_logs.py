"""Log lines."""

from collections.abc import Iterator
from typing import Any

import pytest

from hatchet_engine.runtime.records import LogRecord
from tests.engine_rest.rig import Rig

T0 = 1_700_000_000_000_000


@pytest.fixture(scope="module")
def book(rig: Rig) -> Iterator["Book"]:
    yield Book(rig)


class Book:
    """Lines of two task runs."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        version = rig.workflow("logs-one")
        other = rig.workflow("logs-two")
        self.workflow_id, self.step_id = version.workflow_id, version.step_ids[0]
        self.one, self.two = rig.trigger("logs-one"), rig.trigger("logs-two")
        assert other.workflow_id != self.workflow_id
        lines = [
            LogRecord(self.one, 0, T0 + 2, "INFO", "second", '{"a": 1}'),
            LogRecord(self.one, 0, T0 + 1, "DEBUG", "first"),
            LogRecord(self.two, 0, T0 + 3, "ERROR", "Third 100%_"),
            LogRecord(self.one, 1, T0 + 4, "WARN", "fourth ÄÖ"),
        ]
        rig.run(rig.engine.append_logs(rig.tenant, lines))

    def task_lines(self, run_id: str, **params: Any) -> list[str]:
        page = self.rig.get(f"/api/v1/stable/tasks/{run_id}/logs", **params)
        assert page["pagination"] == {"current_page": 0, "next_page": 0, "num_pages": 0}
        return [row["message"] for row in page["rows"]]

    def tenant_lines(self, **params: Any) -> list[str]:
        rows = self.rig.get(self.rig.path("logs"), **params)["rows"]
        return [row["message"] for row in rows]


def test_lines_of_a_task_by_time(book: Book) -> None:
    assert book.task_lines(book.one) == ["first", "second", "fourth ÄÖ"]
    assert book.task_lines(book.one, order_by_direction="DESC") == ["fourth ÄÖ", "second", "first"]
    assert book.task_lines(book.two) == ["Third 100%_"]


def test_a_line(book: Book) -> None:
    rows = book.rig.get(f"/api/v1/stable/tasks/{book.one}/logs")["rows"]
    assert rows[1] == {
        "createdAt": "2023-11-14T22:13:20.000002Z",
        "message": "second",
        "metadata": {"a": 1},
        "taskExternalId": book.one,
        "taskDisplayName": book.rig.task(book.one)["displayName"],
        "retryCount": 0,
        "attempt": 1,
        "level": "INFO",
    }
    assert rows[0]["metadata"] == {}


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"limit": 1}, ["first"]),
        ({"limit": 10**15}, ["first", "second", "fourth ÄÖ"]),
        ({"since": "2023-11-14T22:13:20.000001Z"}, ["second", "fourth ÄÖ"]),
        ({"until": "2023-11-14T22:13:20.000004Z"}, ["first", "second"]),
        ({"since": "2023-11-14T23:13:20.000001+01:00"}, ["second", "fourth ÄÖ"]),
        ({"search": "FIR"}, ["first"]),
        ({"search": "%"}, []),
        ({"search": "_"}, []),
        ({"search": "' OR 1=1"}, []),
        ({"search": ""}, ["first", "second", "fourth ÄÖ"]),
        ({"levels": ["DEBUG", "WARN"]}, ["first", "fourth ÄÖ"]),
        ({"attempt": 2}, ["fourth ÄÖ"]),
        ({"attempt": 3}, []),
    ],
)
def test_filters(book: Book, params: dict[str, Any], expected: list[str]) -> None:
    assert book.task_lines(book.one, **params) == expected


def test_lines_of_the_tenant(book: Book) -> None:
    assert book.tenant_lines() == ["first", "second", "Third 100%_", "fourth ÄÖ"]
    assert book.tenant_lines(search="100%_") == ["Third 100%_"]
    assert book.tenant_lines(taskExternalIds=[book.two]) == ["Third 100%_"]
    assert book.tenant_lines(workflow_ids=[book.workflow_id]) == ["first", "second", "fourth ÄÖ"]
    assert book.tenant_lines(step_ids=[book.step_id], levels=["INFO"]) == ["second"]


@pytest.mark.parametrize("params", [{"levels": "LOUD"}, {"limit": 0}, {"attempt": 0}, {"order_by_direction": "UP"}])
def test_parameters_that_mean_nothing_are_400(book: Book, params: dict[str, Any]) -> None:
    response = book.rig.http.get(f"/api/v1/stable/tasks/{book.one}/logs", params=params)
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"].split(".")[0] == next(iter(params))


def test_other_tenants_see_none_of_them(book: Book) -> None:
    client = book.rig.stranger()
    path = f"/api/v1/stable/tenants/{book.rig.stranger_tenant}/logs"
    assert client.get(path, params={"taskExternalIds": book.one}).json()["rows"] == []
