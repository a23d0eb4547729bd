"""Tasks for the published SDK, written as its users write them. Runs in the published SDK's environment."""

import asyncio
import os
from datetime import timedelta
from pathlib import Path

from pydantic import BaseModel

from hatchet_sdk import Context, EmptyModel, Hatchet, NonRetryableException

hatchet = Hatchet()
MARKS = Path(os.environ["BLACKBOX_MARKS"])


def mark(text: str) -> None:
    with MARKS.open("a") as file:
        file.write(text + "\n")


class Numbers(BaseModel):
    values: list[int]


class Total(BaseModel):
    total: int
    attempt: int


@hatchet.task(name="add-async", input_validator=Numbers)
async def add_async(input: Numbers, ctx: Context) -> Total:
    ctx.log(f"adding {len(input.values)} numbers")
    return Total(total=sum(input.values), attempt=ctx.attempt_number)


@hatchet.task(name="add-sync", input_validator=Numbers)
def add_sync(input: Numbers, ctx: Context) -> Total:
    return Total(total=sum(input.values), attempt=ctx.attempt_number)


@hatchet.task(name="flaky", retries=3)
async def flaky(input: EmptyModel, ctx: Context) -> dict[str, int]:
    if ctx.retry_count < 2:
        raise RuntimeError(f"attempt {ctx.attempt_number} fails")
    return {"retry_count": ctx.retry_count}


@hatchet.task(name="hopeless", retries=1)
async def hopeless(input: EmptyModel, ctx: Context) -> None:
    raise ValueError("it never works")


@hatchet.task(name="final", retries=5)
async def final(input: EmptyModel, ctx: Context) -> None:
    mark("final")
    raise NonRetryableException("do not try again")


@hatchet.task(name="slow", execution_timeout=timedelta(seconds=1))
async def slow(input: EmptyModel, ctx: Context) -> None:
    await asyncio.sleep(60)


@hatchet.task(name="patient", execution_timeout=timedelta(seconds=60))
async def patient(input: EmptyModel, ctx: Context) -> None:
    mark("patient started")
    try:
        await asyncio.sleep(60)
    finally:
        mark(f"patient stopped, cancelled: {ctx.is_cancelled}")


@hatchet.task(name="nobody", schedule_timeout=timedelta(seconds=1))
async def nobody(input: EmptyModel, ctx: Context) -> None: ...


TASKS = [add_async, add_sync, flaky, hopeless, final, slow, patient]
