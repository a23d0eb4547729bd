"""A small client of the REST API: one method per thing that a command asks for.

Answers are the JSON documents of the API, untouched, so that `--json` prints what the server said.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, cast
from urllib.parse import urlsplit

from hatchet_cli.failure import CliError
from hatchet_cli.profiles import Profile

if TYPE_CHECKING:
    import httpx

Document = dict[str, Any]
Query = Mapping[str, str | int | bool | Sequence[str] | None]

TIMEOUT_S = 30.0
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
ID_CHUNK = 500
"""Ids in one cancel or replay call."""


class NotFound(CliError):
    """The server does not know the object."""


class Api:
    """One server, as one profile sees it. Close it, or use it in a `with` statement.

    Every method raises `CliError` when the server cannot be reached or refuses, `NotFound` for an unknown id.

    Args:
        profile: whom to talk to, with which token.
        transport: replaces the network, for tests.
    """

    def __init__(self, profile: Profile, transport: "httpx.BaseTransport | None" = None) -> None:
        import httpx

        self.profile = profile
        self._tenant = f"/api/v1/tenants/{profile.tenant_id}"
        self._stable = f"/api/v1/stable/tenants/{profile.tenant_id}"
        self._http = httpx.Client(
            base_url=profile.rest,
            headers={"Authorization": f"Bearer {profile.token}"},
            timeout=TIMEOUT_S,
            transport=transport,
            trust_env=urlsplit(profile.rest).hostname not in LOOPBACK,  # no proxy between us and this machine
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def tenant(self) -> Document:
        return self._object("GET", self._tenant)

    def version(self) -> str:
        return str(self._object("GET", "/api/v1/version").get("version", ""))

    def runs(self, query: Query) -> Document:
        return self._object("GET", f"{self._stable}/workflow-runs", query)

    def run_ids(self, query: Query) -> list[str]:
        """The ids of every run that a filter selects."""
        return cast(list[str], self._call("GET", f"{self._stable}/workflow-runs/external-ids", query))

    def run(self, run_id: str) -> Document:
        return self._object("GET", f"/api/v1/stable/workflow-runs/{run_id}")

    def run_status(self, run_id: str) -> str:
        return str(self._call("GET", f"/api/v1/stable/workflow-runs/{run_id}/status"))

    def task(self, task_id: str, attempt: int | None = None) -> Document:
        """A task run; `attempt` counts from 1, None is the newest."""
        return self._object("GET", f"/api/v1/stable/tasks/{task_id}", {"attempt": attempt})

    def task_events(self, task_id: str) -> Document:
        return self._object("GET", f"/api/v1/stable/tasks/{task_id}/task-events", {"limit": 1000})

    def run_events(self, run_id: str) -> Document:
        return self._object("GET", f"/api/v1/stable/workflow-runs/{run_id}/task-events", {"limit": 1000})

    def logs(self, task_id: str, query: Query) -> Document:
        return self._object("GET", f"/api/v1/stable/tasks/{task_id}/logs", query)

    def trigger(self, body: Document) -> Document:
        return self._object("POST", f"{self._stable}/workflow-runs/trigger", body=body)

    def cancel(self, run_ids: Sequence[str]) -> list[str]:
        """Returns the ids that were cancelled; finished runs are left alone."""
        answer = self._object("POST", f"{self._stable}/tasks/cancel", body={"externalIds": list(run_ids)})
        return cast(list[str], answer.get("ids") or [])

    def replay(self, run_ids: Sequence[str]) -> list[str]:
        """Returns the ids that run again; unfinished runs are left alone."""
        answer = self._object("POST", f"{self._stable}/tasks/replay", body={"externalIds": list(run_ids)})
        return cast(list[str], answer.get("ids") or [])

    def workflows(self, query: Query) -> Document:
        return self._object("GET", f"{self._tenant}/workflows", query)

    def workflow(self, workflow_id: str) -> Document:
        return self._object("GET", f"/api/v1/workflows/{workflow_id}")

    def workflow_version(self, workflow_id: str) -> Document:
        """The newest version."""
        return self._object("GET", f"/api/v1/workflows/{workflow_id}/versions")

    def workers(self, query: Query) -> Document:
        return self._object("GET", f"{self._tenant}/worker", query)

    def worker(self, worker_id: str) -> Document:
        return self._object("GET", f"/api/v1/workers/{worker_id}")

    def pause_worker(self, worker_id: str, paused: bool) -> Document:
        return self._object("PATCH", f"/api/v1/workers/{worker_id}", body={"isPaused": paused})

    def _object(self, method: str, path: str, query: Query | None = None, body: Document | None = None) -> Document:
        return cast(Document, self._call(method, path, query, body))

    def _call(self, method: str, path: str, query: Query | None = None, body: Document | None = None) -> Any:
        import httpx

        given = {key: value for key, value in (query or {}).items() if value is not None}
        try:
            answer = self._http.request(method, path, params=given, json=body)
        except httpx.TransportError as error:
            raise self._unreachable(error) from error
        if answer.is_success:
            return answer.json() if answer.content else {}
        raise self._refusal(answer)

    def _unreachable(self, error: Exception) -> CliError:
        return CliError(
            f"Cannot reach the server at {self.profile.rest} (profile {self.profile.name!r}): {error}",
            "Start one with `hatchet server start`, or choose another with --profile (see `hatchet profile list`).",
        )

    def _refusal(self, answer: "httpx.Response") -> CliError:
        message = _error_text(answer)
        if answer.status_code in (401, 403):
            return CliError(
                f"The server at {self.profile.rest} does not accept the token of profile {self.profile.name!r}.",
                "Make a new one on the server with `hatchet token create`, then `hatchet profile add`.",
            )
        if answer.status_code == 404:
            return NotFound(message, "")
        if answer.status_code >= 500:
            return CliError(
                f"The server failed ({answer.status_code}): {message}", "Its log says why; `hatchet doctor` may too."
            )
        return CliError(message)


def _error_text(answer: "httpx.Response") -> str:
    """The message of an error answer, in either of the API's two shapes."""
    try:
        body = answer.json()
    except ValueError:
        return answer.text.strip() or answer.reason_phrase
    if isinstance(body, dict) and body.get("errors"):
        return "; ".join(str(error.get("description", error)) for error in body["errors"])
    if isinstance(body, dict) and body.get("message"):
        return str(body["message"])
    return answer.text.strip() or answer.reason_phrase
