"""Serving the API on a thread and loop of its own, so that a heavy page never delays a dispatch."""

import logging
import socket
import threading

import uvicorn
from starlette.types import ASGIApp

logger = logging.getLogger("hatchet.rest")

_STOP_WITHIN_S = 5
_BACKLOG = 2048


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: threading.Event) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready.set()


class RestServer:
    """A running HTTP server for an ASGI application.

    Args:
        app: the application.
        host: the address to listen on.
        port: 0 for any free one.
    """

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._ready = threading.Event()
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            ws="none",
            timeout_graceful_shutdown=_STOP_WITHIN_S,
        )
        self._server = _Server(config, self._ready)
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None

    @property
    def port(self) -> int:
        """The port that is listened on, once started."""
        return self._port

    @property
    def url(self) -> str:
        """The base URL, without a trailing slash."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    def start(self) -> None:
        """Listen and serve; returns once requests are answered.

        Raises:
            OSError: the address can't be listened on.
            RuntimeError: the application did not start.
        """
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listener = socket.create_server((self._host, self._port), family=family, backlog=_BACKLOG)
        self._port = listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, args=(listener,), name="hatchet-rest", daemon=True)
        self._thread.start()
        self._ready.wait()
        if not self._server.started:
            self._thread.join()
            raise RuntimeError("the REST server did not start") from self._failure

    def stop(self) -> None:
        """Take no more requests, let those that run finish (at most 5 s), end the thread."""
        if self._thread is not None:
            self._server.should_exit = True
            self._thread.join()

    def _serve(self, listener: socket.socket) -> None:
        try:
            self._server.run([listener])
        except BaseException as error:
            # The thread ends here; `start` raises it, later on the log has it.
            self._failure = error
            logger.error("the REST server ended", exc_info=error)
        finally:
            listener.close()
            self._ready.set()
