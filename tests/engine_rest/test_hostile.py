"""Parameters that no client of good will sends. None may crash a query, and none may cost much."""

from typing import Any

import pytest

from hatchet_engine.transports.rest.parameters import parse_time, parse_uuid
from tests.engine_rest.rig import Rig

NOW = "2024-05-01T12:00:00Z"
BIG = str(2**63)
GOOD = {"since": NOW, "only_tasks": "true"}


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"since": NOW}, "only_tasks"),
        ({"only_tasks": "true"}, "since"),
        ({**GOOD, "since": ""}, "since"),
        ({**GOOD, "since": "2024-05-01"}, "since"),
        ({**GOOD, "since": "2024-05-01T12:00:00"}, "since"),
        ({**GOOD, "since": "2024-13-01T12:00:00Z"}, "since"),
        ({**GOOD, "since": "2024-02-30T12:00:00Z"}, "since"),
        ({**GOOD, "since": "0000-01-01T00:00:00Z"}, "since"),
        ({**GOOD, "since": "2024-05-01T25:00:00Z"}, "since"),
        ({**GOOD, "since": "2024-05-01T12:00:00+99:99"}, "since"),
        ({**GOOD, "since": "1714564800"}, "since"),
        ({**GOOD, "since": "now"}, "since"),
        ({**GOOD, "until": "later"}, "until"),
        ({**GOOD, "limit": "0"}, "limit"),
        ({**GOOD, "limit": "-1"}, "limit"),
        ({**GOOD, "limit": BIG}, "limit"),
        ({**GOOD, "limit": "ten"}, "limit"),
        ({**GOOD, "limit": "1e3"}, "limit"),
        ({**GOOD, "offset": "-1"}, "offset"),
        ({**GOOD, "offset": BIG}, "offset"),
        ({**GOOD, "offset": "9" * 5000}, "offset"),
        ({**GOOD, "only_tasks": "perhaps"}, "only_tasks"),
        ({**GOOD, "include_payloads": "2"}, "include_payloads"),
        ({**GOOD, "statuses": "DONE"}, "statuses"),
        ({**GOOD, "statuses": "QUEUED,RUNNING"}, "statuses"),
        ({**GOOD, "running_filter": "SOME"}, "running_filter"),
        ({**GOOD, "additional_metadata": "nocolon"}, "additional_metadata"),
        ({**GOOD, "additional_metadata": ":novalue"}, "additional_metadata"),
        ({**GOOD, "additional_metadata_operator": "XOR"}, "additional_metadata_operator"),
        ({**GOOD, "workflow_ids": "x"}, "workflow_ids"),
        ({**GOOD, "worker_id": "' OR 1=1"}, "worker_id"),
        ({**GOOD, "parent_task_external_id": "1"}, "parent_task_external_id"),
        ({**GOOD, "triggering_event_external_id": "1"}, "triggering_event_external_id"),
    ],
)
def test_bad_parameters_are_400_and_named(rig: Rig, params: dict[str, str], field: str) -> None:
    response = rig.http.get(rig.path("workflow-runs"), params=params)
    assert response.status_code == 400, response.text
    [error] = response.json()["errors"]
    assert error["field"].split(".")[0] == field
    assert error["description"]


@pytest.mark.parametrize(
    "params",
    [
        {"limit": str(2**63 - 1)},
        {"offset": str(2**63 - 1)},
        {"limit": str(2**63 - 1), "offset": str(2**63 - 1)},
        {"since": "0001-01-01T00:00:00Z"},
        {"since": "9999-12-31T23:59:59.999999Z"},
        {"since": "2024-05-01t12:00:00.123456789z"},
        {"since": "2024-05-01T12:00:00 02:00"},
        {"since": "2024-05-01 12:00:00-00:30"},
        {"additional_metadata": "a:b:c"},
        {"additional_metadata": "\x00:\x00"},
        {"additional_metadata": '"];$[0].x:\\'},
        {"additional_metadata": "k:" + "x" * 30_000},
        {"additional_metadata": [f"key{number}:value" for number in range(300)]},
        {"statuses": ["QUEUED"] * 200},
        {"workflow_ids": ["01890a5d-ac96-774b-bcce-b302099a8057"] * 500},
        {"idempotency_keys": "\x00"},
        {"unknown": "x"},
    ],
)
def test_odd_but_legal_parameters_are_answered(rig: Rig, params: dict[str, Any]) -> None:
    response = rig.http.get(rig.path("workflow-runs"), params={**GOOD, **params})
    assert response.status_code == 200, response.text
    assert response.json()["rows"] == []


def test_bytes_that_are_not_utf8_in_a_query(rig: Rig) -> None:
    path = f"{rig.path('workflow-runs')}?since={NOW}&only_tasks=true&additional_metadata=%ff%fe:%80"
    assert rig.http.get(path).status_code == 200


def test_many_display_names(rig: Rig) -> None:
    path = rig.path("workflow-runs/display-names")
    some_id = "01890a5d-ac96-774b-bcce-b302099a8057"
    assert rig.get(path, external_ids=[some_id] * 1200)["rows"] == []
    assert rig.http.get(path).status_code == 400


def test_the_tenant_must_be_a_uuid(rig: Rig) -> None:
    response = rig.http.get("/api/v1/stable/tenants/mine/workflow-runs", params=GOOD)
    assert response.status_code == 400
    assert "must be a UUID" in response.json()["message"]


def test_error_texts_can_always_be_written(rig: Rig) -> None:
    """They quote what was sent, also what no encoding has."""
    body = b'{"externalIds": ["\\ud800"], "filter": null}'
    response = rig.http.post(rig.path("tasks/cancel"), content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 400
    body = b'{"filter": {"since": "2024-05-01T12:00:00Z", "additionalMetadata": ["\\ud800"]}}'
    response = rig.http.post(rig.path("tasks/cancel"), content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 400
    assert "key:value" in response.json()["errors"][0]["description"]


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.000001Z", 1),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1969-12-31T23:59:59.5-00:00", -500_000),
        ("2024-05-01T12:00:00.1234567Z", 1_714_564_800_123_456),
    ],
)
def test_times(text: str, micros: int) -> None:
    assert parse_time(text) == micros


@pytest.mark.parametrize(
    "text", ["01890a5d-ac96-774b-bcce-b302099a8057\n", "\uff101890a5d-ac96-774b-bcce-b302099a8057", ""]
)
def test_what_is_almost_a_uuid(text: str) -> None:
    with pytest.raises(ValueError, match="must be a UUID"):
        parse_uuid(text)
