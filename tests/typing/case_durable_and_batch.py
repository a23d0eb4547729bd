"""Durable and batch tasks look like any other task to their callers."""

from datetime import datetime, timedelta
from typing import Any, assert_type

from pydantic import BaseModel

from hatchet_sdk import Context, DurableContext, EmptyModel, EvictionPolicy, Hatchet, Task
from hatchet_sdk.context.context import SleepResult
from hatchet_sdk.runnables.types import BatchMemberId
from hatchet_sdk.runnables.workflow import Standalone


class In(BaseModel):
    a: int


class Out(BaseModel):
    b: int


hatchet = Hatchet()
flow = hatchet.workflow(name="flow", input_validator=In)


@hatchet.durable_task(input_validator=In, eviction_policy=EvictionPolicy(ttl=None))
async def durable(input: In, ctx: DurableContext) -> Out:
    assert_type(await ctx.aio_sleep_for(timedelta(days=1)), SleepResult)
    assert_type(await ctx.aio_wait_for_event("e"), dict[str, Any])
    assert_type(await ctx.aio_wait_for_event("e", payload_validator=Out), Out)
    assert_type(await ctx.aio_now(), datetime)
    assert_type(ctx.invocation_count, int)
    return Out(b=1)


@flow.durable_task()
async def durable_in_flow(input: In, ctx: DurableContext) -> Out:
    return Out(b=1)


@hatchet.batch_task(input_validator=In, batch_max_size=10)
async def batch(inputs: dict[BatchMemberId, In], ctx: Context) -> dict[BatchMemberId, Out]:
    return {}


@hatchet.batch_task(batch_max_size=10, broadcast_output=True)
def broadcast(inputs: dict[BatchMemberId, EmptyModel], ctx: Context) -> Out:
    return Out(b=1)


@flow.batch_task(batch_max_size=10)
def batch_in_flow(inputs: dict[BatchMemberId, In], ctx: Context) -> dict[BatchMemberId, Out]:
    return {}


assert_type(durable, Standalone[In, Out])
assert_type(durable_in_flow, Task[In, Out])
assert_type(batch, Standalone[In, Out])
assert_type(broadcast, Standalone[EmptyModel, Out])
assert_type(batch_in_flow, Task[In, Out])


async def awaited() -> None:
    assert_type(await durable.aio_run(In(a=1)), Out)
    assert_type(await batch.aio_run(In(a=1)), Out)
