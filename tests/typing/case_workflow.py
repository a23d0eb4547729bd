"""Workflows give untyped results by task name; their tasks are typed."""

from datetime import timedelta
from typing import Any, assert_type

from pydantic import BaseModel

from hatchet_sdk import (
    Context,
    EmptyModel,
    Hatchet,
    ParentCondition,
    SleepCondition,
    Task,
    TaskRunError,
    UserEventCondition,
    WorkflowRunRef,
    or_,
)
from hatchet_sdk.runnables.workflow import Workflow


class In(BaseModel):
    a: int


class Out(BaseModel):
    b: int


hatchet = Hatchet()
flow = hatchet.workflow(name="flow", input_validator=In)
plain = hatchet.workflow(name="plain")

assert_type(flow, Workflow[In])
assert_type(plain, Workflow[EmptyModel])


@flow.task()
async def first(input: In, ctx: Context) -> Out:
    return Out(b=input.a)


@flow.task(
    parents=[first],
    wait_for=[or_(SleepCondition(timedelta(seconds=1)), UserEventCondition("e"))],
    skip_if=[ParentCondition(first, "output.b > 1")],
)
def second(input: In, ctx: Context) -> dict[str, int]:
    assert_type(ctx.task_output(first), Out)
    assert_type(ctx.was_skipped(first), bool)
    return {}


@flow.on_failure_task()
def report(input: In, ctx: Context) -> None:
    assert_type(ctx.get_task_run_error(first), TaskRunError | None)


@flow.on_success_task()
async def celebrate(input: In, ctx: Context) -> None:
    return None


assert_type(first, Task[In, Out])
assert_type(second, Task[In, dict[str, int]])
assert_type(report, Task[In, None])
assert_type(celebrate, Task[In, None])


def blocking() -> None:
    assert_type(flow.run(In(a=1)), dict[str, Any])
    assert_type(flow.run(In(a=1), wait_for_result=False), WorkflowRunRef)
    assert_type(plain.run(), dict[str, Any])
    items = [flow.create_bulk_run_item(In(a=1))]
    assert_type(flow.run_many(items), list[dict[str, Any]])
    assert_type(flow.run_many(items, return_exceptions=True), list[dict[str, Any] | BaseException])
    assert_type(flow.run_many(items, wait_for_result=False), list[WorkflowRunRef])
    assert_type(second.mock_run(In(a=1), parent_outputs={"first": {"b": 1}}), dict[str, int])
    assert_type(flow.id, str)


async def awaited() -> None:
    assert_type(await flow.aio_run(In(a=1)), dict[str, Any])
    ref = await flow.aio_run(In(a=1), wait_for_result=False)
    assert_type(ref, WorkflowRunRef)
    assert_type(await ref.aio_result(), dict[str, Any])
    assert_type(await first.aio_mock_run(In(a=1)), Out)


def refused() -> None:
    flow.run(Out(b=1))  # type: ignore[call-overload]  # another model

    @flow.task()  # type: ignore[arg-type]  # the function takes another input than the workflow
    def other(input: Out, ctx: Context) -> None:
        return None
