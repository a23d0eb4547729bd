"""Standalone tasks keep the types of their inputs and outputs."""

from typing import Any, assert_type

from pydantic import BaseModel

from hatchet_sdk import Context, EmptyModel, Hatchet, TaskRunRef, WorkflowRunTriggerConfig
from hatchet_sdk.runnables.workflow import Standalone


class In(BaseModel):
    a: int


class Out(BaseModel):
    b: int


hatchet = Hatchet()


@hatchet.task(input_validator=In, retries=3)
async def asynchronous(input: In, ctx: Context) -> Out:
    return Out(b=input.a)


@hatchet.task(name="sync", input_validator=In)
def synchronous(input: In, ctx: Context) -> Out:
    return Out(b=input.a)


@hatchet.task()
async def untyped_input(input: EmptyModel, ctx: Context) -> dict[str, int]:
    return {}


@hatchet.task()
def nothing(input: EmptyModel, ctx: Context) -> None:
    return None


@hatchet.task()
def bare(input, ctx):  # type: ignore[no-untyped-def]  # annotations of parameters are optional
    return {"x": 1}


assert_type(asynchronous, Standalone[In, Out])
assert_type(synchronous, Standalone[In, Out])
assert_type(untyped_input, Standalone[EmptyModel, dict[str, int]])
assert_type(nothing, Standalone[EmptyModel, None])
assert_type(bare, Standalone[EmptyModel, Any])


def blocking() -> None:
    assert_type(synchronous.run(In(a=1)), Out)
    assert_type(asynchronous.run(In(a=1)), Out)
    assert_type(synchronous.run(In(a=1), wait_for_result=True), Out)
    ref = synchronous.run(In(a=1), wait_for_result=False)
    assert_type(ref, TaskRunRef[In, Out])
    assert_type(ref.result(), Out)
    assert_type(ref.workflow_run_id, str)
    assert_type(synchronous.get_run_ref("1"), TaskRunRef[In, Out])
    assert_type(synchronous.get_result("1"), Out)
    assert_type(synchronous.mock_run(In(a=1)), Out)
    assert_type(synchronous.output_validator_type, type[Out])
    assert_type(synchronous.input_validator_type, type[In])
    items = [synchronous.create_bulk_run_item(In(a=1))]
    assert_type(items, list[WorkflowRunTriggerConfig])
    assert_type(synchronous.run_many(items), list[Out])
    assert_type(synchronous.run_many(items, return_exceptions=True), list[Out | BaseException])
    assert_type(synchronous.run_many(items, wait_for_result=False), list[TaskRunRef[In, Out]])
    assert_type(untyped_input.run(), dict[str, int])


async def awaited() -> None:
    assert_type(await asynchronous.aio_run(In(a=1)), Out)
    assert_type(await synchronous.aio_run(In(a=1)), Out)
    ref = await asynchronous.aio_run(In(a=1), wait_for_result=False)
    assert_type(ref, TaskRunRef[In, Out])
    assert_type(await ref.aio_result(), Out)
    assert_type(await asynchronous.aio_get_result("1"), Out)
    assert_type(await asynchronous.aio_mock_run(In(a=1)), Out)
    items = [asynchronous.create_bulk_run_item(In(a=1))]
    assert_type(await asynchronous.aio_run_many(items), list[Out])
    assert_type(await asynchronous.aio_run_many(items, return_exceptions=True), list[Out | BaseException])
    assert_type(await asynchronous.aio_run_many(items, wait_for_result=False), list[TaskRunRef[In, Out]])


def refused() -> None:
    synchronous.run(Out(b=1))  # type: ignore[call-overload]  # another model
    synchronous.run(In(a=1), retries=1)  # type: ignore[call-overload]  # no such option
    synchronous.create_bulk_run_item(Out(b=1))  # type: ignore[arg-type]  # another model
