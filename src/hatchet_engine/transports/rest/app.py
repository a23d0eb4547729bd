"""The application: routes, credentials, errors."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from hatchet_engine.runtime.engine import Engine
from hatchet_engine.transports.credentials import TokenVerifier
from hatchet_engine.transports.payloads import MAX_MESSAGE_BYTES
from hatchet_engine.transports.rest import errors, openapi
from hatchet_engine.transports.rest.auth import OPENAPI_PATH, RequireToken
from hatchet_engine.transports.rest.gateway import Gateway
from hatchet_engine.transports.rest.routes import (
    api_tokens,
    logs,
    meta,
    run_lists,
    runs,
    tasks,
    tenants,
    workers,
    workflows,
)

_DESCRIPTION = "Runs, tasks, logs, workers and workflows of a durable task engine."


def create_app(engine: Engine, tokens: TokenVerifier, version: str) -> FastAPI:
    """The REST API of a started engine.

    Args:
        engine: its loop runs on another thread than the one that will serve the application.
        tokens: says whose credentials are good.
        version: what the engine calls itself, e.g. "v0.90.0".
    """
    gateway = Gateway(engine, version)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        gateway.close()

    app = FastAPI(
        title="Hatchet API",
        version=version,
        description=_DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        strict_content_type=False,
        max_body_size=MAX_MESSAGE_BYTES,
    )
    app.state.gateway = gateway
    errors.install(app)
    # run_lists before runs: "/workflow-runs/external-ids" must not be taken for a run's path.
    for module in (meta, run_lists, runs, tasks, logs, workers, workflows, tenants, api_tokens):
        app.include_router(module.router)

    @app.get(OPENAPI_PATH, include_in_schema=False)
    async def openapi_document() -> dict[str, Any]:
        return openapi.document(app)

    app.add_middleware(RequireToken, tokens=tokens)
    return app
