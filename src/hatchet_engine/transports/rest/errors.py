"""Error answers. Handlers say `{"errors": [...]}`; what is refused before a handler runs says `{"message": ...}`."""

import logging
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from hatchet_engine.core.errors import CoreError, ErrorCode
from hatchet_engine.transports.payloads import clean_text
from hatchet_engine.transports.rest.models.shape import APIError, APIErrors, APIMessage

logger = logging.getLogger("hatchet.rest")

FORBIDDEN = "Please provide valid credentials"
_JSON = "application/json"

STATUS_OF = {
    ErrorCode.INVALID_ARGUMENT: 400,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.ALREADY_EXISTS: 409,
    ErrorCode.FAILED_PRECONDITION: 400,
    ErrorCode.RESOURCE_EXHAUSTED: 429,
    ErrorCode.UNIMPLEMENTED: 501,
    ErrorCode.UNAVAILABLE: 503,
}


class Refused(Exception):
    """The request does not get to its handler: `{"message": ...}`."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Failed(Exception):
    """The handler can't do it: `{"errors": [{"description": ..., "field": ...}]}`."""

    def __init__(self, status: int, description: str, field: str | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.error = APIError(description=description, field=field)


def message_response(status: int, message: str) -> Response:
    body = APIMessage(message=clean_text(message)).model_dump_json()
    return Response(body, status, media_type=_JSON)


def errors_response(status: int, errors: Sequence[APIError]) -> Response:
    for error in errors:
        # It may quote what the client sent, and that may be text that no encoding has.
        error.description = clean_text(error.description)
    body = APIErrors(errors=list(errors)).model_dump_json(exclude_none=True)
    return Response(body, status, media_type=_JSON)


def install(app: FastAPI) -> None:
    """Give every exception its answer."""
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(Failed, _failed)
    app.add_exception_handler(CoreError, _core_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _crash)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return message_response(error.status, error.message)


async def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, Failed)
    return errors_response(error.status, [error.error])


async def _core_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, CoreError)
    return errors_response(STATUS_OF[error.code], [APIError(description=error.message)])


async def _invalid(request: Request, error: Exception) -> Response:
    """Parameters and bodies of the wrong form. A path that names no object is refused like an unknown one."""
    assert isinstance(error, RequestValidationError)
    problems = error.errors()
    for problem in problems:
        if problem["loc"][0] == "path":
            return message_response(400, f"{problem['loc'][-1]} {_reason(problem)}")
    return errors_response(400, [_described(problem) for problem in problems])


def _described(problem: dict[str, Any]) -> APIError:
    where = [str(part) for part in problem["loc"][1:]]
    field = ".".join(where) or str(problem["loc"][0])
    return APIError(description=f"{field}: {_reason(problem)}", field=field)


def _reason(problem: dict[str, Any]) -> str:
    return str(problem["msg"]).removeprefix("Value error, ")


async def _http(request: Request, error: Exception) -> Response:
    """What the framework refuses. It calls an unknown route 404; clients know that as 400."""
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return message_response(400, f"there is no {request.method} {request.url.path}")
    return message_response(error.status_code, str(error.detail))


async def _crash(request: Request, error: Exception) -> Response:
    """A bug or a broken database. The server logs the traceback; the client gets no internals."""
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return message_response(500, "Internal error; see the server's log")
