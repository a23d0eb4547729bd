"""API tokens. A token must not make or revoke tokens: that is done with the server's command line."""

from typing import NoReturn

from hatchet_engine.transports.rest.auth import Caller
from hatchet_engine.transports.rest.errors import Refused
from hatchet_engine.transports.rest.models.shape import APIMessage
from hatchet_engine.transports.rest.models.tokens import CreateAPITokenRequest
from hatchet_engine.transports.rest.objects import Tenant
from hatchet_engine.transports.rest.parameters import Uuid
from hatchet_engine.transports.rest.routing import Responses, api_router

router = api_router("API tokens")

_REFUSED: Responses = {401: {"model": APIMessage, "description": "Not with an API token"}}


def _refuse() -> NoReturn:
    raise Refused(401, "API tokens cannot be managed with an API token; use the server's command line")


@router.get(
    "/api/v1/tenants/{tenant}/api-tokens", operation_id="api-token:list", response_model=None, responses=_REFUSED
)
async def list_tokens(tenant: Tenant) -> None:
    """Refused: callers of this API are API tokens."""
    _refuse()


@router.post(
    "/api/v1/tenants/{tenant}/api-tokens", operation_id="api-token:create", response_model=None, responses=_REFUSED
)
async def create_token(tenant: Tenant, request: CreateAPITokenRequest) -> None:
    """Refused: callers of this API are API tokens."""
    _refuse()


@router.post(
    "/api/v1/api-tokens/{api_token}",
    operation_id="api-token:update:revoke",
    response_model=None,
    status_code=204,
    responses=_REFUSED,
)
async def revoke_token(api_token: Uuid, caller: Caller) -> None:
    """Refused: callers of this API are API tokens."""
    _refuse()
