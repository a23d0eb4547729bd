"""Running bodies without engine and worker."""

import logging
from datetime import timedelta
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ValidationError

from hatchet_sdk import (
    Context,
    Depends,
    DurableContext,
    EmptyModel,
    Hatchet,
    SleepCondition,
    TaskDefaults,
)
from tests.sdk_api.fakes import FakeConnection
from tests.sdk_api.models import Order, Point, Receipt, Row, no_output


class ImageInput(BaseModel):
    image_url: str
    filters: list[str]


class ImageOutput(BaseModel):
    processed_url: str


async def test_the_example_of_the_migration_guide(hatchet: Hatchet) -> None:
    """ "Testing migrated tasks": input, retry count, metadata and lifespan without an engine."""

    @hatchet.task(input_validator=ImageInput)
    async def process_image(input: ImageInput, ctx: Context) -> ImageOutput:
        ctx.log(f"attempt {ctx.attempt_number} for {ctx.additional_metadata['customer']}")
        return ImageOutput(processed_url=f"{ctx.lifespan['cdn']}/{input.filters[0]}/{ctx.retry_count}")

    result = await process_image.aio_mock_run(
        ImageInput(image_url="https://example.com/photo.png", filters=["thumbnail"]),
        additional_metadata={"customer": "c1"},
        retry_count=2,
        lifespan={"cdn": "https://cdn.example.com"},
    )

    assert result.processed_url == "https://cdn.example.com/thumbnail/2"


def test_a_sync_task_with_a_plain_dict(hatchet: Hatchet) -> None:
    @hatchet.task()
    def hello(input: EmptyModel, ctx: Context) -> dict[str, Any]:
        return {"extra": input.model_extra, "lifespan": ctx.lifespan}

    assert hello.mock_run() == {"extra": {}, "lifespan": None}


async def test_the_wrong_twin_is_refused(hatchet: Hatchet) -> None:
    @hatchet.task()
    async def asynchronous(input: EmptyModel, ctx: Context) -> None:
        return None

    @hatchet.task()
    def synchronous(input: EmptyModel, ctx: Context) -> None:
        return None

    with pytest.raises(TypeError, match="aio_mock_run"):
        asynchronous.mock_run()
    with pytest.raises(TypeError, match="`mock_run`"):
        await synchronous.aio_mock_run()


@pytest.mark.parametrize(
    ("kind", "value"),
    [(Order, Order(id="1")), (Point, Point(1, 2)), (dict, {"a": [1]}), (Row, {"key": "k", "values": [1]})],
    ids=["model", "dataclass", "dict", "typed dict"],
)
def test_inputs_of_every_kind_go_through_json(hatchet: Hatchet, kind: Any, value: Any) -> None:
    @hatchet.task(input_validator=kind)
    def echo(input: Any, ctx: Context) -> dict[str, Any]:
        return {"input": input}

    assert echo.mock_run(value) == {"input": value}


def test_an_input_that_does_not_fit_fails(hatchet: Hatchet) -> None:
    @hatchet.task(input_validator=Order)
    def typed(input: Order, ctx: Context) -> None:
        return None

    with pytest.raises(ValidationError):
        typed.mock_run()


def test_outputs_of_parents(hatchet: Hatchet) -> None:
    workflow = hatchet.workflow(name="Pipeline", input_validator=Order, task_defaults=TaskDefaults(retries=2))

    @workflow.task()
    def pay(input: Order, ctx: Context) -> Receipt:
        return Receipt(order_id=input.id)

    @workflow.task()
    def skipped(input: Order, ctx: Context) -> Receipt:
        return Receipt(order_id=input.id)

    @workflow.task(parents=[pay, skipped])
    def ship(input: Order, ctx: Context) -> dict[str, Any]:
        assert ctx.was_skipped(skipped)
        assert not ctx.was_skipped(pay)
        with pytest.raises(ValueError, match="skipped was skipped"):
            ctx.task_output(skipped)
        return {"receipt": ctx.task_output(pay), "max": ctx.max_attempts}

    result = ship.mock_run(
        Order(id="7"), parent_outputs={"pay": {"order_id": "7", "total": 2}, "skipped": {"skipped": True}}
    )
    assert result == {"receipt": Receipt(order_id="7", total=2), "max": 3}
    assert pay.mock_run(Order(id="8")) == Receipt(order_id="8")


def test_a_missing_parent_output_is_named(hatchet: Hatchet) -> None:
    workflow = hatchet.workflow(name="w")
    first = workflow.task(name="first")(no_output)

    @workflow.task(parents=[first])
    def second(input: EmptyModel, ctx: Context) -> None:
        ctx.task_output(first)

    with pytest.raises(ValueError, match="Step output for 'first' not found"):
        second.mock_run()


def resource(input: EmptyModel, ctx: Context) -> str:
    raise AssertionError("nothing is resolved in a mock run")


async def test_dependencies_are_given(hatchet: Hatchet) -> None:
    @hatchet.task()
    async def task(input: EmptyModel, ctx: Context, db: Annotated[str, Depends(resource)]) -> dict[str, str]:
        return {"db": db}

    assert await task.aio_mock_run(dependencies={"db": "fake"}) == {"db": "fake"}
    with pytest.raises(TypeError, match="db"):
        await task.aio_mock_run()


def test_facts_of_a_mock_context(hatchet: Hatchet) -> None:
    @hatchet.task(name="Facts", retries=1)
    def facts(input: EmptyModel, ctx: Context) -> dict[str, Any]:
        assert hatchet.current_context is ctx
        return {
            "ids": [ctx.workflow_run_id, ctx.task_run_id, ctx.worker_id],
            "names": [ctx.workflow_name, ctx.task_name],
            "cancelled": ctx.is_cancelled,
        }

    result = facts.mock_run()
    assert all(text.startswith("mock-") for text in result["ids"])
    assert result["names"] == ["Facts", "facts"]
    assert result["cancelled"] is False
    assert hatchet.current_context is None


def test_the_raw_return_value_comes_back(hatchet: Hatchet) -> None:
    @hatchet.task()
    def strange(input: EmptyModel, ctx: Context) -> Any:
        return [1, 2]

    assert strange.mock_run() == [1, 2]


def test_log_and_stream(hatchet: Hatchet, caplog: pytest.LogCaptureFixture) -> None:
    @hatchet.task()
    def talks(input: EmptyModel, ctx: Context) -> None:
        ctx.log("a line")
        ctx.log({"a": 1})
        ctx.put_stream("chunk")
        ctx.refresh_timeout(timedelta(seconds=1))
        ctx.release_slot()
        ctx.upsert_worker_labels({"a": 1})

    with caplog.at_level(logging.INFO, logger="hatchet"):
        talks.mock_run()
    levels = {record.getMessage(): record.levelname for record in caplog.records}
    assert levels["a line"] == "INFO"
    assert levels['{"a": 1}'] == "INFO"
    assert [level for text, level in levels.items() if "put_stream" in text] == ["ERROR"]


async def test_durable_waits_need_an_engine(hatchet: Hatchet) -> None:
    @hatchet.durable_task()
    async def durable(input: EmptyModel, ctx: DurableContext) -> None:
        await ctx.aio_wait_for("key", SleepCondition(timedelta(seconds=1)))

    with pytest.raises(ValueError, match="mock run"):
        await durable.aio_mock_run()


async def test_children_of_a_mock_run_are_real_and_have_no_parent(hatchet: Hatchet, connection: FakeConnection) -> None:
    @hatchet.task(input_validator=Order)
    async def child(input: Order, ctx: Context) -> Order:
        return input

    @hatchet.task()
    async def parent(input: EmptyModel, ctx: Context) -> Order:
        return await child.aio_run(Order(id="1"))

    assert await parent.aio_mock_run(additional_metadata={"a": 1}) == Order(id="1")
    (spec,) = connection.triggered
    assert (spec.parent_task_id, spec.child_index, spec.additional_metadata) == (None, None, "")


def test_batch_tasks_cannot_be_mocked(hatchet: Hatchet) -> None:
    @hatchet.batch_task(batch_max_size=2)
    def batch(inputs: Any, ctx: Context) -> dict[Any, dict[str, Any]]:
        return {}

    with pytest.raises(TypeError, match="batch task"):
        batch.mock_run()
