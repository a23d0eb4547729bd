"""A client that keeps runs in flight and remembers what it was promised."""

import asyncio
import json
import os
from dataclasses import dataclass, field

import grpc

from hatchet_sdk import ClientConfig, ClientTLSConfig
from hatchet_sdk.transport.connection import Connection, TriggerSpec
from tests.e2e.processes import Installation

IN_FLIGHT = 24


def config_of(installation: Installation) -> ClientConfig:
    return ClientConfig(token=installation.token, tls_config=ClientTLSConfig(strategy="none"))


@dataclass
class Promises:
    acknowledged: dict[str, int] = field(default_factory=dict)
    """Run id -> n."""
    results: dict[str, dict[str, object]] = field(default_factory=dict)
    refused: int = 0


class Load:
    """Triggers runs until `stop`, then waits for every one that was acknowledged."""

    def __init__(self, config: ClientConfig, workflow: str = "e2e-step") -> None:
        self._connection = Connection(config)
        self._workflow = workflow
        self._stopping = asyncio.Event()
        self.promises = Promises()
        self._n = 0

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> Promises:
        await asyncio.gather(*(self._keep_going() for _ in range(IN_FLIGHT)))
        return self.promises

    async def _keep_going(self) -> None:
        while not self._stopping.is_set():
            self._n += 1
            await self._one(self._n)

    async def _one(self, n: int) -> None:
        spec = TriggerSpec(self._workflow, json.dumps({"n": n, "ms": 3 + n % 20}), "")
        try:
            [run_id] = await self._connection.trigger([spec], subscribe=True)
        except grpc.RpcError:
            self.promises.refused += 1
            return
        self.promises.acknowledged[run_id] = n
        outcome = await self._connection.outcome(run_id)
        assert outcome.status == "COMPLETED", outcome
        self.promises.results[run_id] = json.loads(outcome.tasks[0].output)


def kills() -> int:
    """How many times; CI takes few, a release many."""
    return int(os.environ.get("E2E_KILLS", "6"))
