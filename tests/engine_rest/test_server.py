"""The thread that serves."""

import asyncio
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from hatchet_engine.transports.rest.server import RestServer
from tests.engine_rest.rig import WITHIN_S, Rig


class Slow:
    """An application whose answers wait until the test lets them go."""

    def __init__(self, patient: bool = True) -> None:
        self.asked = threading.Event()
        self.go_on = threading.Event()
        if not patient:
            self.go_on.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError("no lifespan here")
        self.asked.set()
        await asyncio.to_thread(self.go_on.wait, WITHIN_S)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})


def test_a_free_port_is_chosen(rig: Rig) -> None:
    assert rig.server.port > 0
    assert rig.server.url == f"http://127.0.0.1:{rig.server.port}"


def test_a_port_in_use_is_an_error_at_once(rig: Rig) -> None:
    with pytest.raises(OSError, match="in use"):
        RestServer(Slow(), "127.0.0.1", rig.server.port).start()


def test_addresses_of_version_6() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    server = RestServer(Slow(patient=False), "::1", 0)
    server.start()
    try:
        assert httpx.get(server.url, timeout=WITHIN_S).text == "done"
    finally:
        server.stop()


def test_stopping_lets_requests_finish_and_frees_the_port() -> None:
    application = Slow()
    server = RestServer(application, "127.0.0.1", 0)
    server.start()
    with ThreadPoolExecutor(2) as pool:
        answer = pool.submit(httpx.get, server.url, timeout=WITHIN_S)
        assert application.asked.wait(WITHIN_S)
        stopped = pool.submit(server.stop)
        application.go_on.set()
        assert answer.result(WITHIN_S).text == "done"
        stopped.result(WITHIN_S)
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.url)
    socket.create_server(("127.0.0.1", server.port)).close()
    server.stop()


def test_stopping_a_server_that_was_not_started() -> None:
    RestServer(Slow(), "127.0.0.1", 0).stop()
