"""How every route answers."""

from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute

from hatchet_engine.transports.rest.models.shape import APIErrors, APIMessage

Responses = dict[int | str, dict[str, Any]]

REFUSALS: Responses = {
    400: {"model": APIErrors | APIMessage, "description": "A malformed or unacceptable request"},
    403: {"model": APIMessage, "description": "No valid credentials, or those of another tenant"},
}
NOT_FOUND: Responses = {404: {"model": APIMessage, "description": "There is no such object"}}


class LeanRoute(APIRoute):
    """Leaves out members without a value: clients reject null where they know a member as optional only."""

    def __init__(self, path: str, endpoint: Any, **options: Any) -> None:
        options["response_model_exclude_none"] = True
        super().__init__(path, endpoint, **options)


def api_router(tag: str) -> APIRouter:
    return APIRouter(tags=[tag], responses=REFUSALS, route_class=LeanRoute)
