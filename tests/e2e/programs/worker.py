"""A worker whose bodies leave a trace in a file: one line for each time one ran."""

import asyncio
import os
import sys
import time
from datetime import timedelta
from pathlib import Path

from pydantic import BaseModel

from hatchet_sdk import Context, Hatchet

hatchet = Hatchet()
TRACE = Path(os.environ["E2E_TRACE"])


class Step(BaseModel):
    n: int
    ms: int = 5


class Done(BaseModel):
    n: int
    by: str


def trace(line: str) -> None:
    """Appended in one write: lines of two processes never mix."""
    with TRACE.open("a") as file:
        file.write(line + "\n")


@hatchet.task(name="e2e-step", input_validator=Step)
async def step(input: Step, ctx: Context) -> Done:
    by = f"{ctx.workflow_run_id}/{ctx.retry_count}@{os.getpid()}"
    await asyncio.sleep(input.ms / 1000)
    trace(f"ran {by}")
    return Done(n=input.n, by=by)


@hatchet.task(name="e2e-long", input_validator=Step)
async def long(input: Step, ctx: Context) -> Done:
    by = f"{ctx.workflow_run_id}/{ctx.retry_count}@{os.getpid()}"
    trace(f"began {by}")
    await asyncio.sleep(input.ms / 1000)
    return Done(n=input.n, by=by)


@hatchet.task(name="e2e-process", input_validator=Step, process=True, execution_timeout=timedelta(seconds=30))
def in_a_process(input: Step, ctx: Context) -> Done:
    by = f"{ctx.workflow_run_id}/{ctx.retry_count}@{os.getpid()}"
    trace(f"began {by}")
    time.sleep(input.ms / 1000)
    return Done(n=input.n, by=by)


@hatchet.task(name="e2e-hurried", input_validator=Step, process=True, execution_timeout=timedelta(milliseconds=400))
def hurried(input: Step, ctx: Context) -> None:
    trace(f"began {ctx.workflow_run_id}/{ctx.retry_count}@{os.getpid()}")
    while True:  # deaf to everything but the end of its process
        sum(range(1000))


TASKS = [step, long, in_a_process, hurried]

if __name__ == "__main__":
    hatchet.worker(sys.argv[1] if len(sys.argv) > 1 else "e2e", slots=20, workflows=TASKS).start()
