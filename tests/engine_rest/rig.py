"""A real engine on its own loop thread, a real HTTP server, and workers that are played by the test."""

import asyncio
import itertools
import json
import secrets
import threading
import time
import uuid
from collections.abc import Coroutine
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx

from hatchet_engine.core.changes import CancelAttempt
from hatchet_engine.core.commands import (
    AttemptRef,
    Command,
    ConnectWorker,
    RegisterWorker,
    RegisterWorkflow,
    StepEvent,
    StepEventKind,
    StepEvents,
    Tick,
    TriggerItem,
    TriggerRuns,
)
from hatchet_engine.core.definition import WorkflowDefinition
from hatchet_engine.core.model import Version, Worker
from hatchet_engine.runtime.engine import Engine
from hatchet_engine.runtime.ids import Uuid7
from hatchet_engine.runtime.records import Delivery
from hatchet_engine.server.tokens import Tokens
from hatchet_engine.store.store import Store
from hatchet_engine.transports.rest.app import create_app
from hatchet_engine.transports.rest.server import RestServer

T = TypeVar("T")

WITHIN_S = 20
VERSION = "v0.101.27"


class MovableClock:
    """The system's clock, put forward by the test."""

    def __init__(self) -> None:
        self._ahead = 0

    def __call__(self) -> int:
        return time.time_ns() // 1000 + self._ahead

    def advance(self, seconds: float) -> None:
        self._ahead += round(seconds * 1_000_000)


class Inbox:
    """A worker's stream: keeps what was delivered."""

    def __init__(self) -> None:
        self.assignments: list[Delivery] = []
        self.cancels: list[CancelAttempt] = []

    def deliver(self, assignments: list[Delivery], cancels: list[CancelAttempt]) -> None:
        self.assignments += assignments
        self.cancels += cancels

    def reset(self) -> None:
        raise AssertionError("the engine lost its memory")


class Rig:
    """Everything that a test of the REST API needs, for one tenant."""

    def __init__(self, folder: Path) -> None:
        self.clock = MovableClock()
        self.store = Store.open(f"sqlite:///{folder / 'hatchet.db'}")
        self.tokens = Tokens(secrets.token_bytes(32), self.store.ledger, self.clock, Uuid7())
        self.tokens.publish("http://rest.test", "rest.test:7077")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="test-engine")
        self.tenant, self.token, self.token_id = self._new_tenant()
        self.stranger_tenant, self._stranger_token, _ = self._new_tenant()
        self._thread.start()
        self.engine = self.run(self._start())
        self.server = RestServer(create_app(self.engine, self.tokens, VERSION), "127.0.0.1", 0)
        self.server.start()
        self.http = self.client(self.token)
        self._names = itertools.count(1)

    async def _start(self) -> Engine:
        engine = Engine(self.store, self.clock)
        await engine.start()
        return engine

    def close(self) -> None:
        self.http.close()
        self.server.stop()
        self.run(self.engine.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self.store.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        future: Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(WITHIN_S)

    def execute(self, command: Command, tenant: str | None = None) -> Any:
        return self.run(self.engine.execute(tenant or self.tenant, command))

    def client(self, token: str | None) -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        return httpx.Client(base_url=self.server.url, headers=headers, timeout=WITHIN_S)

    def _new_tenant(self) -> tuple[str, str, str]:
        """A tenant's id, a token of it, the token's id. Before the engine starts: later the ledger has its thread."""
        tenant_id = str(uuid.uuid4())
        self.store.ledger.create_tenant(tenant_id, "tests")
        token_id, token = self.tokens.issue(tenant_id, "tests", timedelta(days=2))
        return tenant_id, token, token_id

    def stranger(self) -> httpx.Client:
        """A client of another tenant, which owns nothing."""
        return self.client(self._stranger_token)

    def revoke(self, token_id: str) -> bool:
        # Beside a running engine only its ledger thread may write.
        revoked: bool = self.run(self.engine._batches.on_ledger_thread(self.tokens.revoke, token_id))
        return revoked

    # what applications do

    def workflow(self, name: str, tenant: str | None = None, **task: Any) -> Version:
        """Register a standalone workflow with one task of the same name."""
        raw = {
            "name": name,
            "tasks": [{"readable_id": name, "action": f"{name}:{name}", "timeout": "60s", **task}],
        }
        return self.register(raw, tenant)

    def register(self, raw: dict[str, Any], tenant: str | None = None) -> Version:
        definition = WorkflowDefinition.parse(raw)
        ids = [str(uuid.uuid4()) for _ in definition.steps]
        command = RegisterWorkflow(definition, str(uuid.uuid4()), str(uuid.uuid4()), ids)
        version: Version = self.execute(command, tenant)
        return version

    def trigger(self, workflow: str, input: Any = None, metadata: Any = None, **more: Any) -> str:
        item = TriggerItem(
            run_id=more.pop("run_id", None) or self.new_id(),
            workflow=workflow,
            input=json.dumps(input) if input is not None else "",
            additional_metadata=json.dumps(metadata) if metadata is not None else "",
            **more,
        )
        [run_id] = self.execute(TriggerRuns([item]))
        return str(run_id)

    def new_id(self) -> str:
        return self.run(self._new_id())

    async def _new_id(self) -> str:
        return self.engine.new_id()

    def worker(self, *workflows: str, slots: int = 10, **more: Any) -> "PlayedWorker":
        """A connected worker for these workflows."""
        played = PlayedWorker(self, f"worker-{next(self._names)}", workflows, slots, more)
        played.connect()
        return played

    def tick(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.advance(seconds)
        self.execute(Tick())

    # what clients of the API do

    def path(self, rest: str) -> str:
        return f"/api/v1/stable/tenants/{self.tenant}/{rest}"

    def get(self, path: str, **params: Any) -> Any:
        response = self.http.get(path, params=params)
        assert response.status_code == 200, response.text
        return response.json()

    def post(self, path: str, body: Any) -> Any:
        response = self.http.post(path, json=body)
        assert response.status_code == 200, response.text
        return response.json()

    def details(self, run_id: str) -> Any:
        return self.get(f"/api/v1/stable/workflow-runs/{run_id}")

    def task(self, run_id: str, **params: Any) -> Any:
        return self.get(f"/api/v1/stable/tasks/{run_id}", **params)

    def kinds(self, run_id: str) -> list[str]:
        """The kinds of the task's events, oldest first."""
        rows = self.get(f"/api/v1/stable/tasks/{run_id}/task-events")["rows"]
        return [row["eventType"] for row in rows]


class PlayedWorker:
    def __init__(self, rig: Rig, name: str, workflows: tuple[str, ...], slots: int, more: dict[str, Any]) -> None:
        self.id = rig.new_id()
        self.inbox = Inbox()
        self._rig = rig
        actions = [f"{workflow}:{workflow}" for workflow in workflows]
        self._register = RegisterWorker(self.id, name, actions, {"default": slots}, **more)

    def connect(self) -> None:
        self._rig.execute(self._register)
        self._rig.run(self._connect())

    async def _connect(self) -> Worker:
        engine, tenant = self._rig.engine, self._rig.tenant
        session = engine.hub.attach_worker(tenant, self.id, self.inbox)
        worker: Worker = await engine.execute(tenant, ConnectWorker(self.id, session, [], session_protocol=True))
        return worker

    def attempts(self) -> list[AttemptRef]:
        """What was assigned so far, in order."""
        return [AttemptRef(one.assigned.task_id, one.assigned.retry_count) for one in self.inbox.assignments]

    def started(self, run_id: str, retry_count: int = 0) -> None:
        self._say(StepEvent(run_id, retry_count, StepEventKind.STARTED))

    def completed(self, run_id: str, output: Any = None, retry_count: int = 0) -> None:
        text = json.dumps(output) if output is not None else ""
        self._say(StepEvent(run_id, retry_count, StepEventKind.COMPLETED, text))

    def failed(self, run_id: str, error: str, retry_count: int = 0, final: bool = False) -> None:
        self._say(StepEvent(run_id, retry_count, StepEventKind.FAILED, error, should_not_retry=final))

    def _say(self, event: StepEvent) -> None:
        [current] = self._rig.execute(StepEvents(self.id, [event]))
        assert current, f"the engine took {event} for a stale one"
