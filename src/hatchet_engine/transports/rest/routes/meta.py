"""What the server says about itself. Public."""

import asyncio

from fastapi import APIRouter, Response

from hatchet_engine.store.queries import database_answers
from hatchet_engine.transports.rest.errors import Failed
from hatchet_engine.transports.rest.gateway import UsesGateway
from hatchet_engine.transports.rest.models.meta import APIMeta, APIMetaAuth, Version
from hatchet_engine.transports.rest.models.shape import APIError, APIErrors
from hatchet_engine.transports.rest.routing import LeanRoute, Responses

router = APIRouter(tags=["Meta"], route_class=LeanRoute)

_ANSWER_WITHIN_S = 5.0
_EMPTY: Responses = {200: {"content": None, "description": "Yes"}, 500: {"model": APIErrors, "description": "No"}}


@router.get("/api/live", operation_id="liveness:get", response_class=Response, responses=_EMPTY)
async def live(gateway: UsesGateway) -> Response:
    """Whether the engine's loop runs."""
    try:
        await asyncio.wait_for(gateway.ask(lambda engine: engine.now()), _ANSWER_WITHIN_S)
    except (TimeoutError, RuntimeError) as error:
        raise Failed(500, "the engine does not answer") from error
    return Response()


@router.get("/api/ready", operation_id="readiness:get", response_class=Response, responses=_EMPTY)
async def ready(gateway: UsesGateway) -> Response:
    """Whether the engine's loop runs and the database answers."""
    await live(gateway)
    try:
        await asyncio.wait_for(gateway.read(database_answers), _ANSWER_WITHIN_S)
    except TimeoutError as error:
        raise Failed(500, "the database does not answer") from error
    return Response()


@router.get("/api/v1/meta", operation_id="metadata:get")
async def meta() -> APIMeta:
    """What a client may do here. There are no users to log in as: everything is done with API tokens."""
    return APIMeta(
        auth=APIMetaAuth(schemes=[]),
        allow_signup=False,
        allow_invites=False,
        allow_create_tenant=False,
        allow_change_password=False,
        observability_enabled=False,
        prometheus_server_enabled=False,
        auth_disabled=False,
    )


@router.get("/api/v1/cloud/metadata", operation_id="cloudMetadata::get")
async def cloud_metadata() -> APIErrors:
    """This is not the hosted service; clients know by this answer."""
    return APIErrors(errors=[APIError(description="oss")])


@router.get("/api/v1/version", operation_id="info:get:version")
async def version(gateway: UsesGateway) -> Version:
    """The version of the engine."""
    return Version(version=gateway.version)
