"""Nothing is answered without credentials but what is listed as public."""

import re
import socket
from collections.abc import Iterator

import httpx
import pytest
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from hatchet_engine.transports.rest.app import create_app
from hatchet_engine.transports.rest.auth import PUBLIC
from tests.engine_rest.contract import OPERATIONS, OWN_OPERATIONS
from tests.engine_rest.rig import VERSION, WITHIN_S, Rig

SOME_ID = "01890a5d-ac96-774b-bcce-b302099a8057"


def every_route(rig: Rig) -> Iterator[tuple[str, str]]:
    """Method and path, parameters filled in, of each route that the application has."""
    app = create_app(rig.engine, rig.tokens, VERSION)
    for route in flat(app.routes):
        assert isinstance(route, APIRoute), f"{route} would escape this test"
        for method in route.methods or ():
            yield method, re.sub(r"\{\w+\}", SOME_ID, route.path)


def flat(routes: list[BaseRoute]) -> Iterator[BaseRoute]:
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is not None:
            yield from flat(included.routes)
        else:
            yield route


def test_every_operation_is_among_the_routes(rig: Rig) -> None:
    found = set(every_route(rig))
    listed = {(op.method, re.sub(r"\{[\w-]+\}", SOME_ID, op.path)) for op in (*OPERATIONS, *OWN_OPERATIONS)}
    assert listed <= found


def test_without_credentials_everything_is_refused_that_is_not_public(rig: Rig) -> None:
    nobody = rig.client(None)
    for method, path in every_route(rig):
        response = nobody.request(method, path, content=b"{")
        if (method, path) in PUBLIC:
            assert response.status_code == 200, (method, path)
        else:
            assert response.status_code == 403, (method, path)
            assert response.json() == {"message": "Please provide valid credentials"}


def test_public_are_only_routes_that_exist(rig: Rig) -> None:
    assert set(every_route(rig)) >= PUBLIC


def test_other_methods_on_public_paths_are_not_public(rig: Rig) -> None:
    nobody = rig.client(None)
    for method, path in PUBLIC:
        assert nobody.request("POST" if method == "GET" else "GET", path).status_code == 403, path


def test_the_tenant_in_the_path_must_be_the_callers(rig: Rig) -> None:
    stranger = rig.stranger()
    paths = [path.replace(SOME_ID, rig.tenant) for _, path in every_route(rig) if f"/tenants/{SOME_ID}" in path]
    assert len(paths) > 10
    for method, path in every_route(rig):
        if f"/tenants/{SOME_ID}" not in path:
            continue
        response = stranger.request(method, path.replace(SOME_ID, rig.tenant), json={"name": "x"})
        assert response.status_code in (400, 403), (method, path)
        if response.status_code == 400:
            pytest.fail(f"{method} {path} looked at the request before it knew whose tenant it is: {response.text}")


def test_objects_of_other_tenants_are_refused(rig: Rig) -> None:
    version = rig.workflow("auth-foreign")
    worker = rig.worker("auth-foreign")
    run_id = rig.trigger("auth-foreign", {"secret": 1})
    stranger = rig.stranger()
    objects = {"{task}": run_id, "{v1-workflow-run}": run_id, "{worker}": worker.id, "{workflow}": version.workflow_id}
    tried = 0
    for operation in (*OPERATIONS, *OWN_OPERATIONS):
        for name, id in objects.items():
            if name in operation.path:
                path = operation.path.replace(name, id)
                body: dict[str, str] | None = {} if operation.method in ("POST", "PATCH") else None
                assert rig.http.request(operation.method, path, json=body).status_code == 200, path
                response = stranger.request(operation.method, path, json=body)
                assert response.status_code == 403, path
                assert response.json() == {"message": "Please provide valid credentials"}
                tried += 1
    assert tried == 12


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Basic abc", "Bearer nobody-knows-me", "Bearer a.b.c", "token-of-x", "Bearer \xff\xfe"],
)
def test_bad_credentials_are_refused(rig: Rig, header: str) -> None:
    headers = {b"Authorization": header.encode("latin-1")}
    response = httpx.get(f"{rig.server.url}{rig.path('task-metrics')}", headers=headers)
    assert response.status_code == 403
    assert response.json() == {"message": "Please provide valid credentials"}


def test_a_token_that_was_tampered_with_is_refused(rig: Rig) -> None:
    header, payload, signature = rig.token.split(".")
    for forged in (f"{header}.{payload}.", f"{header}.{payload}x.{signature}", f"{header}.{payload}.{signature[::-1]}"):
        assert (
            rig.client(forged).get(rig.path("task-metrics"), params={"since": "2024-01-01T00:00:00Z"}).status_code
            == 403
        )


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_compared_without_case(rig: Rig, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {rig.token}"}
    response = httpx.get(f"{rig.server.url}/api/v1/tenants/{rig.tenant}/workflows", headers=headers)
    assert response.status_code == 200


def test_the_body_of_a_stranger_is_not_read(rig: Rig) -> None:
    """The refusal comes at once, while the announced megabyte is still to be sent."""
    with socket.create_connection(("127.0.0.1", rig.server.port), timeout=WITHIN_S) as connection:
        path = rig.path("workflow-runs/trigger")
        connection.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n{{".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 403 ")


def test_a_token_cannot_manage_tokens(rig: Rig) -> None:
    tokens = f"/api/v1/tenants/{rig.tenant}/api-tokens"
    answers = [
        rig.http.get(tokens),
        rig.http.post(tokens, json={"name": "mine"}),
        rig.http.post(f"/api/v1/api-tokens/{SOME_ID}"),
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert all("command line" in answer.json()["message"] for answer in answers)
