"""The OpenAPI document, generated from the routes."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from hatchet_engine.transports.rest.auth import PUBLIC

_SCHEME = "bearerAuth"


def document(app: FastAPI) -> dict[str, Any]:
    """The document with path parameters named as in the published API and the credentials that each route needs."""
    raw = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    raw["components"]["securitySchemes"] = {_SCHEME: {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    raw["paths"] = {published_path(path): _operations(path, item) for path, item in raw["paths"].items()}
    return raw


def published_path(path: str) -> str:
    """`{v1_workflow_run}`, which must be an identifier in the code, is published as `{v1-workflow-run}`."""
    return "/".join(part.replace("_", "-") if part.startswith("{") else part for part in path.split("/"))


def _operations(path: str, item: dict[str, Any]) -> dict[str, Any]:
    for method, operation in item.items():
        operation["security"] = [] if (method.upper(), path) in PUBLIC else [{_SCHEME: []}]
        # Wrong parameters are answered with 400, not with the framework's 422.
        operation["responses"].pop("422", None)
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "path":
                parameter["name"] = parameter["name"].replace("_", "-")
    return item
