"""The generated document says what the published API says."""

from typing import Any

import pytest

from hatchet_engine.transports.rest.auth import OPENAPI_PATH, PUBLIC
from hatchet_engine.transports.rest.models import enums
from tests.engine_rest.contract import (
    ENUMERATIONS,
    MEMBERS,
    OPERATIONS,
    OWN_MEMBERS,
    OWN_OPERATIONS,
    Operation,
)
from tests.engine_rest.rig import VERSION, Rig

EVERY = (*OPERATIONS, *OWN_OPERATIONS)


@pytest.fixture(scope="module")
def document(rig: Rig) -> Any:
    return rig.client(None).get(OPENAPI_PATH).json()


def test_paths_and_operation_ids(document: Any) -> None:
    served = {
        (method.upper(), path, operation["operationId"])
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }
    assert served == {operation[:3] for operation in EVERY}


@pytest.mark.parametrize("operation", EVERY, ids=lambda operation: operation.operation_id)
def test_query_parameters(document: Any, operation: Operation) -> None:
    served = document["paths"][operation.path][operation.method.lower()]
    query = {
        parameter["name"] + ("*" if parameter.get("required") else "")
        for parameter in served.get("parameters", ())
        if parameter["in"] == "query"
    }
    assert query == set(operation.query.split())


@pytest.mark.parametrize("operation", EVERY, ids=lambda operation: operation.operation_id)
def test_path_parameters_and_credentials(document: Any, operation: Operation) -> None:
    served = document["paths"][operation.path][operation.method.lower()]
    in_path = {parameter["name"] for parameter in served.get("parameters", ()) if parameter["in"] == "path"}
    assert in_path == {part[1:-1] for part in operation.path.split("/") if part.startswith("{")}
    assert bool(served["security"]) != ((operation.method, operation.path) in PUBLIC)
    assert "422" not in served["responses"]


@pytest.mark.parametrize("operation", EVERY, ids=lambda operation: operation.operation_id)
def test_bodies(document: Any, operation: Operation) -> None:
    served = document["paths"][operation.path][operation.method.lower()]
    reference = served.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    assert reference.get("$ref", "").rpartition("/")[2] == operation.body


@pytest.mark.parametrize("component", MEMBERS)
def test_members(document: Any, component: str) -> None:
    """All required members are there and required; nothing has a name that the published API does not know."""
    served = document["components"]["schemas"][component]
    published = MEMBERS[component].split()
    own = OWN_MEMBERS.get(component, "").split()
    known = {name.rstrip("?") for name in (*published, *own)}
    assert set(served["properties"]) <= known
    required = {name for name in published if not name.endswith("?")}
    assert required <= set(served.get("required", ())), "missing or optional"
    if component.endswith("Request") or component == "V1TaskFilter":
        assert required == set(served.get("required", ())), "clients need not send the optional ones"
        assert {name.rstrip("?") for name in published} == set(served["properties"])


@pytest.mark.parametrize("component", ENUMERATIONS)
def test_enumerations(component: str) -> None:
    assert [member.value for member in getattr(enums, component)] == ENUMERATIONS[component].split()


def test_the_document_carries_the_engines_version(document: Any) -> None:
    assert document["info"]["version"] == VERSION
    assert document["openapi"].startswith("3.")


def test_statuses_are_answered_as_bare_values(document: Any) -> None:
    status = document["paths"]["/api/v1/stable/workflow-runs/{v1-workflow-run}/status"]["get"]
    schema = status["responses"]["200"]["content"]["application/json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/V1TaskStatus"}
