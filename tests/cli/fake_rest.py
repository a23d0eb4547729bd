"""A REST server that answers what a test says, and remembers what it was asked."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from hatchet_cli.profiles import Profile, ProfileFile

TENANT = "11111111-1111-4111-8111-111111111111"
RUN = "22222222-2222-4222-8222-222222222222"
WORKER = "33333333-3333-4333-8333-333333333333"
WORKFLOW = "44444444-4444-4444-8444-444444444444"
CREATED = "2026-01-02T03:04:05.678901Z"

Query = dict[str, list[str]]
Answer = Callable[[Query, Any], tuple[int, Any]]


class FakeRest:
    """Routes are `METHOD /path`; an answer is a value (200), or a function of query and body that gives both."""

    def __init__(self) -> None:
        self.routes: dict[str, Any] = {}
        self.asked: list[tuple[str, Query, Any]] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                url = urlsplit(self.path)
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                status, value = fake.respond(f"{self.command} {url.path}", parse_qs(url.query), body)
                content = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PATCH = answer

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing: what was asked is in `asked`."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def respond(self, route: str, query: Query, body: Any) -> tuple[int, Any]:
        self.asked.append((route, query, body))
        if route not in self.routes:
            return 404, {"message": f"no route {route}"}
        answer = self.routes[route]
        if callable(answer):
            status, value = answer(query, body)
            return int(status), value
        return 200, answer

    def bodies(self, route: str) -> list[Any]:
        return [body for asked, _, body in self.asked if asked == route]

    def queries(self, route: str) -> list[Query]:
        return [query for asked, query, _ in self.asked if asked == route]

    def become_default(self) -> None:
        """Make it the server of the default profile."""
        file = ProfileFile()
        profiles = file.load()
        profiles.put(Profile("fake", "ey.fake.token", TENANT, "127.0.0.1:1", self.url))
        profiles.default = "fake"
        file.save(profiles)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def metadata(id: str) -> dict[str, str]:
    return {"id": id, "createdAt": CREATED, "updatedAt": CREATED}


def task(**changes: Any) -> dict[str, Any]:
    """A task row of the API."""
    row = {
        "metadata": metadata(RUN),
        "taskExternalId": RUN,
        "workflowRunExternalId": RUN,
        "displayName": "greet-1",
        "workflowName": "greet",
        "status": "COMPLETED",
        "attempt": 1,
        "createdAt": CREATED,
        "startedAt": CREATED,
        "finishedAt": CREATED,
        "duration": 12,
        "input": {"name": "Ada"},
        "output": {"text": "hi"},
        "errorMessage": "",
    }
    return row | changes


def run_details(**changes: Any) -> dict[str, Any]:
    """Run details of the API, with one task."""
    one = task(**changes)
    run = {key: value for key, value in one.items() if key not in ("taskExternalId", "workflowName", "explain")}
    return {"run": run, "tasks": [one], "taskEvents": [], "shape": []}
