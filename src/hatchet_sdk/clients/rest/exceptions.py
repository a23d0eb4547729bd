"""Errors of the REST API."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

    from hatchet_sdk.config import HTTPMethod


class OpenApiException(Exception):  # the root of the family, as published
    """Something went wrong around the REST API."""


class ApiTypeError(OpenApiException, TypeError):
    """A value has the wrong type."""


class ApiValueError(OpenApiException, ValueError):
    """A value is not possible."""


class ApiAttributeError(OpenApiException, AttributeError):
    """There is no such attribute."""


class ApiKeyError(OpenApiException, KeyError):
    """There is no such key."""


class ApiException(OpenApiException):
    """The engine answered with an error, or not at all.

    Args:
        status: HTTP status code; None: no answer.
        reason: its text.
        http_resp: the answer.
        body: text of the answer.
        data: the decoded answer.
    """

    def __init__(
        self,
        status: int | None = None,
        reason: str | None = None,
        http_resp: "httpx.Response | None" = None,
        *,
        body: str | None = None,
        data: Any = None,
    ) -> None:
        if http_resp is not None:
            status = http_resp.status_code if status is None else status
            reason = reason or http_resp.reason_phrase
            body = http_resp.text if body is None else body
        super().__init__(status, reason)
        self.status = status
        self.reason = reason
        self.body = body
        self.data = data
        self.headers: Mapping[str, str] | None = http_resp.headers if http_resp is not None else None

    def __str__(self) -> str:
        text = f"({self.status}) {self.reason or ''}".rstrip()
        return f"{text}: {self.body}" if self.body else text

    @classmethod
    def from_response(cls, *, http_resp: "httpx.Response", body: str | None = None, data: Any = None) -> "ApiException":
        """The error of the class that belongs to the answer's status."""
        kind = _BY_STATUS.get(http_resp.status_code)
        if kind is None:
            kind = ServiceException if http_resp.status_code >= 500 else ApiException
        return kind(http_resp=http_resp, body=body, data=data)


class BadRequestException(ApiException):
    """400: the request is wrong; the body says what."""


class UnauthorizedException(ApiException):
    """401: there are no credentials for this."""


class ForbiddenException(ApiException):
    """403: the token is not valid, or not for this tenant."""


class NotFoundException(ApiException):
    """404: there is no such thing."""


class ConflictException(ApiException):
    """409: it contradicts what is there."""


class UnprocessableEntityException(ApiException):
    """422: the request has the wrong form."""


class TooManyRequestsException(ApiException):
    """429: slow down."""


class ServiceException(ApiException):
    """5xx: the engine failed."""


_BY_STATUS: Mapping[int, type[ApiException]] = {
    400: BadRequestException,
    401: UnauthorizedException,
    403: ForbiddenException,
    404: NotFoundException,
    409: ConflictException,
    422: UnprocessableEntityException,
    429: TooManyRequestsException,
}


class RestTransportError(ApiException):
    """The engine could not be asked, or its answer not be read.

    Args:
        status: always None.
        reason: what happened.
        http_method: method of the request.
    """

    def __init__(
        self,
        status: int | None = None,
        reason: str | None = None,
        http_resp: "httpx.Response | None" = None,
        *,
        body: str | None = None,
        data: Any = None,
        http_method: "HTTPMethod | str | None" = None,
    ) -> None:
        super().__init__(status, reason, http_resp, body=body, data=data)
        self.http_method = http_method


class RestTimeoutError(RestTransportError):
    """No answer in time."""


class RestConnectionError(RestTransportError):
    """No connection."""


class RestTLSError(RestTransportError):
    """No encrypted connection: the certificate or the protocol does not fit."""


class RestProtocolError(RestTransportError):
    """The answer is not HTTP, or not what was asked for."""
