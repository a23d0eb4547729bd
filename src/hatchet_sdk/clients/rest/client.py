"""HTTP on the connection's thread."""

import asyncio
import ssl
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

import httpx
from pydantic import TypeAdapter, ValidationError

from hatchet_sdk.clients.rest.exceptions import (
    ApiException,
    RestConnectionError,
    RestProtocolError,
    RestTimeoutError,
    RestTLSError,
    RestTransportError,
)
from hatchet_sdk.clients.rest.tenacity_utils import tenacity_retry

if TYPE_CHECKING:
    from hatchet_sdk.config import ClientConfig
    from hatchet_sdk.transport.connection import Connection

T = TypeVar("T")

TIMEOUT_S = 60.0


class RestClient:
    """Requests to the REST API with the client's token. Can be used from any event loop.

    Args:
        config: where the API is, the token, and what is retried.
        connection: on whose thread the requests are made.
    """

    def __init__(self, config: "ClientConfig", connection: "Connection") -> None:
        self._config = config
        self._connection = connection
        self._http: httpx.AsyncClient | None = None
        self._http_loop: asyncio.AbstractEventLoop | None = None

    async def get(self, path: str, answer: type[T], query: Mapping[str, Any] | None = None) -> T:
        """GET, retried as configured. `answer`: the type of the answer; members of `query` that are None are left out.

        Raises:
            ApiException: the engine refused, or could not be asked.
        """
        return cast(T, await self._request("GET", path, answer, query=query, retry=True))

    async def post(self, path: str, answer: type[T], body: Any) -> T:
        """POST, never retried: it may have been done although the answer was lost.

        Raises:
            ApiException: the engine refused, or could not be asked.
        """
        return cast(T, await self._request("POST", path, answer, body=body, retry=False))

    async def patch(self, path: str, answer: type[T], body: Any) -> T:
        """PATCH, retried as configured.

        Raises:
            ApiException: the engine refused, or could not be asked.
        """
        return cast(T, await self._request("PATCH", path, answer, body=body, retry=True))

    async def delete(self, path: str) -> None:
        """DELETE, not retried.

        Raises:
            ApiException: the engine refused, or could not be asked.
        """
        await self._request("DELETE", path, None, retry=False)

    async def _request(
        self,
        method: str,
        path: str,
        answer: Any,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        retry: bool,
    ) -> Any:
        async def send() -> bytes:
            return await self._connection.call(lambda: self._send(method, path, query, body))

        content = await (tenacity_retry(send, self._config.tenacity) if retry else send)()
        if answer is None:
            return None
        try:
            return TypeAdapter(answer).validate_json(content)
        except ValidationError as error:
            raise RestProtocolError(
                reason=f"the answer to {method} {path} is not what this SDK expects: {error}",
                body=content.decode("utf-8", "replace"),
                http_method=method,
            ) from error

    async def _send(self, method: str, path: str, query: Mapping[str, Any] | None, body: Any) -> bytes:
        parameters = {key: value for key, value in (query or {}).items() if value is not None}
        try:
            response = await self._client().request(method, path, params=parameters, json=body)
        except httpx.TransportError as error:
            raise _transport_error(error, method, self._config.server_url) from error
        if response.is_success:
            return response.content
        raise ApiException.from_response(http_resp=response)

    def _client(self) -> httpx.AsyncClient:
        # A client belongs to the loop that it was first used on; after a fork the connection has another one.
        loop = asyncio.get_running_loop()
        if self._http is None or self._http_loop is not loop:
            self._http_loop = loop
            self._http = httpx.AsyncClient(
                base_url=self._config.server_url,
                headers={"Authorization": f"Bearer {self._config.token}", "Accept": "application/json"},
                timeout=TIMEOUT_S,
                verify=self._trust(),
            )
        return self._http

    def _trust(self) -> ssl.SSLContext | bool:
        if not self._config.server_url.startswith("https"):
            return False  # making a context takes longer than a request
        root = self._config.tls_config.root_ca_file
        return ssl.create_default_context(cafile=root) if root else True


def _transport_error(error: httpx.TransportError, method: str, url: str) -> RestTransportError:
    kind: type[RestTransportError] = RestConnectionError
    if isinstance(error, httpx.TimeoutException):
        kind = RestTimeoutError
    elif isinstance(error, httpx.ProtocolError | httpx.DecodingError):
        kind = RestProtocolError
    elif _is_tls(error):
        kind = RestTLSError
    return kind(reason=f"{method} {url}: {error or type(error).__name__}", http_method=method)


def _is_tls(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
