"""What the server says about itself, and what it says to requests that lead nowhere."""

from tests.engine_rest.rig import VERSION, Rig


def test_live_and_ready_are_empty_answers(rig: Rig) -> None:
    for path in ("/api/live", "/api/ready"):
        response = rig.client(None).get(path)
        assert (response.status_code, response.content) == (200, b"")


def test_version(rig: Rig) -> None:
    assert rig.get("/api/v1/version") == {"version": VERSION}


def test_meta_promises_nothing_that_is_not_there(rig: Rig) -> None:
    assert rig.get("/api/v1/meta") == {
        "auth": {"schemes": []},
        "allowSignup": False,
        "allowInvites": False,
        "allowCreateTenant": False,
        "allowChangePassword": False,
        "observabilityEnabled": False,
        "prometheusServerEnabled": False,
        "authDisabled": False,
    }


def test_cloud_metadata_says_that_this_is_not_the_hosted_service(rig: Rig) -> None:
    assert rig.get("/api/v1/cloud/metadata") == {"errors": [{"description": "oss"}]}


def test_unknown_routes_are_400(rig: Rig) -> None:
    for path in ("/", "/api", "/api/v1/nothing", "/api/v1/meta/", "/docs", "/redoc", "/openapi.json"):
        response = rig.http.get(path)
        assert response.status_code == 400, path
        assert response.json() == {"message": f"there is no GET {path}"}


def test_a_known_path_with_another_method_is_405(rig: Rig) -> None:
    response = rig.http.delete(rig.path("workflow-runs"))
    assert response.status_code == 405
    assert response.json() == {"message": "Method Not Allowed"}
