"""A worker as an application has it, in a process of its own. What its tasks do is told on standard output.

Arguments: host:port of the engine, then name=value settings of the worker.
"""

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import AsyncGenerator
from typing import Any

from pydantic import BaseModel

from hatchet_sdk.config import ClientConfig, ClientTLSConfig
from hatchet_sdk.context.context import Context
from hatchet_sdk.hatchet import Hatchet
from hatchet_sdk.runnables.types import EmptyModel
from hatchet_sdk.worker.worker import Worker

hatchet = Hatchet(
    config=ClientConfig(
        token=os.environ["TOKEN"],
        host_port=os.environ["ENGINE"],
        tls_config=ClientTLSConfig(strategy="none"),
        logger=logging.getLogger("app"),
    )
)
log = logging.getLogger("app.tasks")


def say(line: str) -> None:
    """One line, written at once: several processes share the pipe."""
    os.write(1, f"{line}\n".encode())


class Number(BaseModel):
    n: int = 0


@hatchet.task(name="pid", input_validator=Number)
def pid(input: Number, ctx: Context) -> dict[str, Any]:
    log.warning("computing %d", input.n)
    ctx.put_stream(f"chunk {input.n}")
    return {"pid": os.getpid(), "n": input.n, "lifespan": ctx.lifespan, "worker": ctx.worker_id}


@hatchet.task(name="fails")
def fails(input: EmptyModel, ctx: Context) -> None:
    raise ValueError("in the process")


@hatchet.task(name="dies")
def dies(input: EmptyModel, ctx: Context) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@hatchet.task(name="leaves")
def leaves(input: EmptyModel, ctx: Context) -> None:
    os._exit(7)


@hatchet.task(name="hangs")
def hangs(input: EmptyModel, ctx: Context) -> None:
    say(f"hangs {os.getpid()}")
    threading.Event().wait()


@hatchet.task(name="polls")
def polls(input: EmptyModel, ctx: Context) -> None:
    say("polls")
    while not ctx.is_cancelled:
        threading.Event().wait(0.01)
    say("saw the cancellation")


@hatchet.task(name="big")
def big(input: EmptyModel, ctx: Context) -> dict[str, str]:
    return {"x": "a" * 5_000_000}


@hatchet.task(name="waits")
async def waits(input: EmptyModel, ctx: Context) -> dict[str, int]:
    say("waits")
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    return {"done": 1}


@hatchet.task(name="blocks")
async def blocks(input: EmptyModel, ctx: Context) -> None:
    say("blocks")
    threading.Event().wait()


@hatchet.task(name="forks")
def forks(input: EmptyModel, ctx: Context) -> dict[str, int]:
    child = os.fork()
    if child == 0:
        os._exit(0)
    return {"status": os.waitpid(child, 0)[1]}


async def lifespan() -> AsyncGenerator[int, None]:
    yield os.getpid()
    say(f"clean-up {os.getpid()}")


def main() -> None:
    settings = dict(argument.split("=") for argument in sys.argv[1:])
    config = hatchet.config
    if "force" in settings:
        config.force_shutdown_on_shutdown_signal = True
    workflows = [pid, fails, dies, leaves, hangs, polls, big, waits, blocks, forks]
    if "nested" in settings:

        def inner(input: EmptyModel, ctx: Context) -> None: ...

        workflows.append(hatchet.task(name="nested")(inner))
    worker = Worker(
        "w",
        config,
        {"default": int(settings.get("slots", 10))},
        workflows=workflows,
        lifespan=lifespan if "lifespan" in settings else None,
        processes=int(settings.get("processes", 0)),
        client=hatchet._client,
    )
    worker.start()
    say("start() has returned")


if "breaks" in os.environ.get("PROGRAM", "") and __name__ != "__main__":
    raise ImportError("this module can only be imported once")

if __name__ == "__main__":
    main()
