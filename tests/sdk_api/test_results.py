"""What run, result and references return and raise, blocking and async."""

import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError, field_validator, model_serializer

from hatchet_sdk import (
    Context,
    DedupeViolationError,
    EmptyModel,
    FailedTaskRunExceptionGroup,
    Hatchet,
    TaskRunError,
    TaskRunRef,
    WorkflowRunRef,
)
from hatchet_sdk.runnables.workflow import Standalone, Workflow
from hatchet_sdk.transport.records import RunOutcome, TaskOutcome
from tests.sdk_api.fakes import FakeConnection, cancelled, completed, failed, run_with
from tests.sdk_api.models import Item, Order, Receipt

Result = Callable[..., Awaitable[Any]]
ERROR = TaskRunError("no", "ValueError", "Traceback", "task-1").serialize(include_metadata=True)


@pytest.fixture(params=["blocking", "async"])
def world(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def ask(world: str, thing: Any, method: str, *args: Any, **kwargs: Any) -> Any:
    """Call the method, or await its async twin."""
    if world == "async":
        return await getattr(thing, f"aio_{method}")(*args, **kwargs)
    return getattr(thing, method)(*args, **kwargs)


@pytest.fixture
def echo(hatchet: Hatchet) -> Standalone[Order, Order]:
    @hatchet.task(name="echo", input_validator=Order)
    def echo(input: Order, ctx: Context) -> Order:
        return input

    return echo


@pytest.fixture
def workflow(hatchet: Hatchet) -> Workflow[Order]:
    workflow = hatchet.workflow(name="flow", input_validator=Order)
    workflow.task(name="first")(lambda input, ctx: {})
    workflow.task(name="second")(lambda input, ctx: {})
    return workflow


async def test_a_typed_result(world: str, echo: Standalone[Order, Order]) -> None:
    assert await ask(world, echo, "run", Order(id="1")) == Order(id="1")


async def test_a_reference(world: str, echo: Standalone[Order, Order]) -> None:
    ref = await ask(world, echo, "run", Order(id="1"), wait_for_result=False)
    assert isinstance(ref, TaskRunRef)
    assert (str(ref), ref.workflow_run_id) == ("run-0", "run-0")
    assert await ask(world, ref, "result") == Order(id="1")
    assert await ask(world, echo.get_run_ref("run-0"), "result") == Order(id="1")
    assert await ask(world, echo, "get_result", "run-0") == Order(id="1")


async def test_failure(world: str, echo: Standalone[Order, Order], connection: FakeConnection) -> None:
    connection.answer = failed(ERROR)
    with pytest.raises(FailedTaskRunExceptionGroup, match="run-0 failed") as caught:
        await ask(world, echo, "run", Order(id="1"))
    (error,) = caught.value.exceptions
    assert (error.exc, error.exc_type, error.task_run_external_id) == ("no", "ValueError", "task-1")


async def test_cancellation_raises_in_both_worlds(
    world: str, echo: Standalone[Order, Order], workflow: Workflow[Order], connection: FakeConnection
) -> None:
    connection.answer = cancelled
    for runnable in (echo, workflow):
        ref = await ask(world, runnable, "run", Order(id="1"), wait_for_result=False)
        for thing, method, args in ((ref, "result", ()), (runnable, "run", (Order(id="1"),))):
            with pytest.raises(ValueError, match=r"^Workflow run run-\d was cancelled\.$"):
                await ask(world, thing, method, *args)


async def test_a_duplicate(world: str, echo: Standalone[Order, Order], connection: FakeConnection) -> None:
    connection.answer = failed("DUPLICATE_WORKFLOW_RUN: there is one")
    with pytest.raises(DedupeViolationError, match="there is one"):
        await ask(world, echo, "run", Order(id="1"))


async def test_what_the_engine_refuses_comes_through(
    world: str, echo: Standalone[Order, Order], connection: FakeConnection
) -> None:
    connection.refuse = LookupError("workflow names not found: echo")
    with pytest.raises(LookupError, match="not found"):
        await ask(world, echo, "run", Order(id="1"))


async def test_an_output_that_does_not_fit(
    world: str, echo: Standalone[Order, Order], connection: FakeConnection
) -> None:
    connection.answer = lambda run_id, spec: run_with(run_id, spec, output='{"amount":1}')
    with pytest.raises(ValidationError):
        await ask(world, echo, "run", Order(id="1"))


async def test_no_output_is_an_empty_model(world: str, hatchet: Hatchet) -> None:
    @hatchet.task(name="silent")
    def silent(input: EmptyModel, ctx: Context) -> None:
        return None

    assert await ask(world, silent, "run") == EmptyModel()


async def test_outputs_with_models_inside(world: str, hatchet: Hatchet, connection: FakeConnection) -> None:
    @hatchet.task(name="many")
    def many(input: EmptyModel, ctx: Context) -> dict[str, list[Item]]:
        return {}

    connection.answer = lambda run_id, spec: run_with(run_id, spec, output='{"results":[{"name":"a"}]}')
    assert await ask(world, many, "run") == {"results": [Item(name="a")]}


async def test_a_workflow_returns_outputs_by_task(
    world: str, workflow: Workflow[Order], connection: FakeConnection
) -> None:
    connection.answer = lambda run_id, spec: RunOutcome(
        run_id,
        "COMPLETED",
        [
            TaskOutcome("a", "first", '{"x":1}', None),
            TaskOutcome("b", "second", "", None),
            TaskOutcome("c", "third", '{"skipped":true}', None),
        ],
    )
    expected = {"first": {"x": 1}, "second": None, "third": {"skipped": True}}
    assert await ask(world, workflow, "run", Order(id="1")) == expected
    ref = await ask(world, workflow, "run", Order(id="1"), wait_for_result=False)
    assert isinstance(ref, WorkflowRunRef)
    assert (str(ref), await ask(world, ref, "result")) == ("run-1", expected)


async def test_a_failed_workflow_names_each_failed_task(
    world: str, workflow: Workflow[Order], connection: FakeConnection
) -> None:
    connection.answer = lambda run_id, spec: RunOutcome(
        run_id,
        "FAILED",
        [
            TaskOutcome("a", "first", "", ERROR),
            TaskOutcome("b", "second", "", "Task exceeded timeout of 60s"),
            TaskOutcome("c", "third", "", ""),
            TaskOutcome("d", "fourth", "{}", None),
        ],
    )
    with pytest.raises(FailedTaskRunExceptionGroup) as caught:
        await ask(world, workflow, "run", Order(id="1"))
    assert [error.exc_type for error in caught.value.exceptions] == ["ValueError", "HatchetError"]


class TestMany:
    async def test_outputs_in_order(self, world: str, echo: Standalone[Order, Order]) -> None:
        items = [echo.create_bulk_run_item(Order(id=str(number))) for number in range(50)]
        results = await ask(world, echo, "run_many", items)
        assert [order.id for order in results] == [str(number) for number in range(50)]

    async def test_references_in_order(self, world: str, echo: Standalone[Order, Order]) -> None:
        items = [echo.create_bulk_run_item(Order(id=str(number))) for number in range(3)]
        refs = await ask(world, echo, "run_many", items, wait_for_result=False)
        assert [ref.workflow_run_id for ref in refs] == ["run-0", "run-1", "run-2"]
        assert (await ask(world, refs[2], "result")).id == "2"

    async def test_the_first_failure_is_raised(
        self, world: str, echo: Standalone[Order, Order], connection: FakeConnection
    ) -> None:
        connection.answer = lambda run_id, spec: (
            cancelled(run_id, spec) if run_id == "run-1" else failed(ERROR)(run_id, spec)
        )
        items = [echo.create_bulk_run_item(Order(id="1"))] * 3
        with pytest.raises(FailedTaskRunExceptionGroup, match="run-0"):
            await ask(world, echo, "run_many", items)

    async def test_failures_in_place(
        self, world: str, echo: Standalone[Order, Order], workflow: Workflow[Order], connection: FakeConnection
    ) -> None:
        answers = {
            "run-0": cancelled,
            "run-1": failed(ERROR),
            "run-2": lambda run_id, spec: run_with(run_id, spec, output="{}"),
            "run-3": completed,
        }
        connection.answer = lambda run_id, spec: answers[run_id](run_id, spec)
        items = [echo.create_bulk_run_item(Order(id=str(number))) for number in range(4)]
        results = await ask(world, echo, "run_many", items, return_exceptions=True)
        kinds = [ValueError, FailedTaskRunExceptionGroup, ValidationError, Order]
        assert [type(result) for result in results] == kinds

    async def test_none(self, world: str, echo: Standalone[Order, Order], workflow: Workflow[Order]) -> None:
        assert await ask(world, echo, "run_many", []) == []
        assert await ask(world, workflow, "run_many", []) == []

    async def test_items_of_several_workflows(
        self, world: str, echo: Standalone[Order, Order], workflow: Workflow[Order], connection: FakeConnection
    ) -> None:
        items = [echo.create_bulk_run_item(Order(id="1")), workflow.create_bulk_run_item(Order(id="2"))]
        results = await ask(world, workflow, "run_many", items)
        assert results == [{"echo": {"id": "1", "amount": 1}}, {"flow": {"id": "2", "amount": 1}}]


async def test_old_names_warn(world: str, echo: Standalone[Order, Order], workflow: Workflow[Order]) -> None:
    for runnable in (echo, workflow):
        with pytest.warns(DeprecationWarning, match="run_no_wait"):
            ref = await ask(world, runnable, "run_no_wait", Order(id="1"))
        with pytest.warns(DeprecationWarning, match="run_many_no_wait"):
            refs = await ask(world, runnable, "run_many_no_wait", [runnable.create_bulk_run_item(Order(id="1"))])
        assert str(ref) != str(refs[0])


class WhereItRuns(BaseModel):
    """Notes the threads on which an application's own serializer and validator run."""

    at: int = 0

    @model_serializer
    def _dump(self) -> dict[str, int]:
        return {"at": threading.get_ident()}

    @field_validator("at")
    @classmethod
    def _load(cls, value: int) -> int:
        return threading.get_ident()


async def test_code_of_the_application_never_runs_on_the_connection_thread(
    world: str, hatchet: Hatchet, connection: FakeConnection
) -> None:
    @hatchet.task(name="where", input_validator=WhereItRuns)
    def where(input: WhereItRuns, ctx: Context) -> WhereItRuns:
        return input

    result = await ask(world, where, "run", WhereItRuns())
    assert result.at == threading.get_ident() != connection.thread_id
    assert connection.triggered[0].input == f'{{"at":{threading.get_ident()}}}'


async def test_receipts_of_runs_can_be_read_with_another_type(world: str, hatchet: Hatchet) -> None:
    @hatchet.task(name="loose")
    def loose(input: EmptyModel, ctx: Context) -> dict[str, Any]:
        return {}

    assert await ask(world, loose, "run", {"order_id": "1"}) == {"order_id": "1"}
    assert Receipt.model_validate(await ask(world, loose, "run", {"order_id": "1"})).order_id == "1"
