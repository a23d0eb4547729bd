"""Errors of the REST API, and what is tried again."""

import socket
import threading
from typing import Any

import pytest

from hatchet_sdk import Hatchet
from hatchet_sdk.clients.rest.exceptions import (
    ApiException,
    BadRequestException,
    ConflictException,
    ForbiddenException,
    NotFoundException,
    OpenApiException,
    RestConnectionError,
    RestProtocolError,
    RestTimeoutError,
    RestTLSError,
    RestTransportError,
    ServiceException,
    TooManyRequestsException,
    UnauthorizedException,
    UnprocessableEntityException,
)
from hatchet_sdk.clients.rest.tenacity_utils import tenacity_retry, tenacity_should_retry
from hatchet_sdk.config import HTTPMethod, TenacityConfig
from tests.sdk_api.conftest import NO_PAUSE, hatchet_on
from tests.sdk_api.fakes import FakeConnection
from tests.sdk_api.rest_samples import details
from tests.sdk_api.rest_server import RestServer


class TestErrors:
    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            (400, BadRequestException),
            (401, UnauthorizedException),
            (403, ForbiddenException),
            (404, NotFoundException),
            (409, ConflictException),
            (422, UnprocessableEntityException),
            (429, TooManyRequestsException),
            (500, ServiceException),
            (503, ServiceException),
            (418, ApiException),
        ],
    )
    def test_each_status_has_its_class(
        self, rest: Hatchet, server: RestServer, status: int, kind: type[ApiException]
    ) -> None:
        server.answer((status, {"errors": [{"description": "because"}]}))
        with pytest.raises(kind, match="because") as caught:
            rest.runs.cancel("r-1")
        assert type(caught.value) is kind
        assert isinstance(caught.value, OpenApiException)
        assert (caught.value.status, "because" in (caught.value.body or "")) == (status, True)
        assert caught.value.headers is not None

    @pytest.mark.parametrize("answer", [{"run": {}}, b"<html>", "PAUSED"])
    def test_an_answer_that_is_none(self, rest: Hatchet, server: RestServer, answer: Any) -> None:
        server.answer((200, answer))
        with pytest.raises(RestProtocolError, match="not what this SDK expects"):
            rest.runs.get("r-1")

    def test_nobody_there(self, connection: FakeConnection) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            rest = hatchet_on(connection, server_url=f"http://127.0.0.1:{unused.getsockname()[1]}")
            with pytest.raises(RestConnectionError) as caught:
                rest.runs.get("r-1")
        assert (caught.value.http_method, caught.value.status) == ("GET", None)
        assert isinstance(caught.value, RestTransportError | ApiException)

    def test_no_http(self, connection: FakeConnection) -> None:
        with Listener(b"what?\r\n\r\n") as port, pytest.raises(RestProtocolError):
            hatchet_on(connection, server_url=f"http://127.0.0.1:{port}").runs.get("r-1")

    def test_no_encryption(self, connection: FakeConnection) -> None:
        answer = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
        with Listener(answer) as port, pytest.raises(RestTLSError):
            hatchet_on(connection, server_url=f"https://127.0.0.1:{port}").runs.get("r-1")

    def test_no_answer(self, connection: FakeConnection, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("hatchet_sdk.clients.rest.client.TIMEOUT_S", 0.2)
        with Listener(None) as port, pytest.raises(RestTimeoutError):
            hatchet_on(connection, server_url=f"http://127.0.0.1:{port}").runs.get("r-1")


class Listener:
    """Accepts connections, reads once, says `answer` (None: nothing) and keeps them open."""

    def __init__(self, answer: bytes | None) -> None:
        self._answer = answer
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []

    def __enter__(self) -> int:
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return int(self._socket.getsockname()[1])

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._socket.accept()
            except OSError:
                return
            self._open.append(peer)
            peer.recv(65536)
            if self._answer is not None:
                peer.sendall(self._answer)
                peer.close()

    def __exit__(self, *error: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for peer in self._open:
            peer.close()
        self._thread.join(10)


class TestRetries:
    def test_reads_are_repeated(self, rest: Hatchet, server: RestServer) -> None:
        server.answer((500, None), (404, None), (200, details()))
        assert rest.runs.get("r-1").run.status == "COMPLETED"
        assert len(server.requests) == 3

    def test_five_times_at_most(self, rest: Hatchet, server: RestServer) -> None:
        server.answer((500, None))
        with pytest.raises(ServiceException):
            rest.runs.get("r-1")
        assert len(server.requests) == 5

    @pytest.mark.parametrize("status", [400, 403, 409, 429])
    def test_what_is_wrong_stays_wrong(self, rest: Hatchet, server: RestServer, status: int) -> None:
        server.answer((status, None))
        with pytest.raises(ApiException):
            rest.runs.get("r-1")
        assert len(server.requests) == 1

    def test_writes_are_not_repeated(self, rest: Hatchet, server: RestServer) -> None:
        server.answer((500, None))
        for call in (rest.runs.cancel, rest.runs.replay, rest.workflows.delete):
            with pytest.raises(ServiceException):
                call("r-1")
        assert len(server.requests) == 3

    @pytest.mark.parametrize("attempts", [0, -1])
    def test_they_can_be_turned_off(self, connection: FakeConnection, server: RestServer, attempts: int) -> None:
        rest = hatchet_on(connection, server_url=server.url, tenacity=TenacityConfig(max_attempts=attempts))
        server.answer((500, None))
        with pytest.raises(ServiceException):
            rest.runs.get("r-1")
        assert len(server.requests) == 1

    def test_429_and_lost_answers_if_configured(self) -> None:
        strict = TenacityConfig()
        lenient = TenacityConfig(retry_429=True, retry_transport_errors=True)
        busy = TooManyRequestsException(status=429)
        lost_get = RestConnectionError(reason="gone", http_method=HTTPMethod.GET)
        lost_post = RestConnectionError(reason="gone", http_method="POST")
        assert not tenacity_should_retry(busy, strict)
        assert tenacity_should_retry(busy, lenient)
        assert not tenacity_should_retry(lost_get, strict)
        assert tenacity_should_retry(lost_get, lenient)
        assert not tenacity_should_retry(lost_post, lenient)
        assert not tenacity_should_retry(ValueError("no"), lenient)
        assert not tenacity_should_retry(busy)

    def test_plain_functions_too(self) -> None:
        calls: list[int] = []

        def flaky() -> int:
            calls.append(1)
            if len(calls) < 3:
                raise ServiceException(status=500)
            return len(calls)

        assert tenacity_retry(flaky, TenacityConfig(**NO_PAUSE))() == 3
