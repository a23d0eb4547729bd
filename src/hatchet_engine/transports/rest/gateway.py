"""From the threads of the REST server to the engine and back."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any, Concatenate, ParamSpec, TypeVar

from fastapi import Depends, Request

from hatchet_engine.core.commands import Command
from hatchet_engine.runtime.engine import Engine

P = ParamSpec("P")
T = TypeVar("T")

_READERS = 4


class Gateway:
    """What routes may ask: commands and live state on the engine loop, queries in reader threads."""

    def __init__(self, engine: Engine, version: str) -> None:
        self.version = version
        self._engine = engine
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="hatchet-rest-reader")

    async def execute(self, tenant_id: str, command: Command) -> Any:
        """Run a command; its reply once it is on disk.

        Raises:
            CoreError: the command was refused and has changed nothing.
        """
        return await asyncio.wrap_future(self._engine.run_from_thread(self._engine.execute(tenant_id, command)))

    async def ask(self, question: Callable[Concatenate[Engine, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function with the engine on the engine loop. It must be quick and copy what it returns."""

        async def answer() -> T:
            return question(self._engine, *args, **kwargs)

        return await asyncio.wrap_future(self._engine.run_from_thread(answer()))

    async def read(self, query: Callable[Concatenate[Any, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function of `store.queries`, which blocks, in a thread."""
        loop = asyncio.get_running_loop()
        reader = self._engine.store.reader
        return await loop.run_in_executor(self._readers, lambda: query(reader, *args, **kwargs))

    def close(self) -> None:
        """Wait for the queries that still run and end the threads."""
        self._readers.shutdown()


def gateway_of(request: Request) -> Gateway:
    gateway: Gateway = request.app.state.gateway
    return gateway


UsesGateway = Annotated[Gateway, Depends(gateway_of)]
