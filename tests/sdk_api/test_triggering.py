"""What a call of run sends, alone and inside a task."""

import asyncio
from typing import Any

import pytest

from hatchet_sdk import (
    Context,
    DesiredWorkerLabel,
    EmptyModel,
    Hatchet,
    Priority,
    TriggerWorkflowOptions,
    WorkerLabelComparator,
    WorkflowRunTriggerConfig,
)
from hatchet_sdk.exceptions import IllegalTaskInputError
from hatchet_sdk.runnables.standalone import Standalone
from hatchet_sdk.transport.records import TriggerSpec
from tests.sdk_api.conftest import MakeContext, hatchet_on
from tests.sdk_api.fakes import FakeConnection
from tests.sdk_api.models import Order, no_output


@pytest.fixture
def echo(hatchet: Hatchet) -> Standalone[Order, Order]:
    @hatchet.task(name="Echo", input_validator=Order)
    def echo(input: Order, ctx: Context) -> Order:
        return input

    return echo


def test_a_plain_run(echo: Standalone[Order, Order], connection: FakeConnection) -> None:
    echo.run(Order(id="1"))
    assert connection.triggered == [TriggerSpec("Echo", '{"id":"1","amount":1}', "")]
    assert connection.subscribed == [True]


def test_a_run_that_is_not_waited_for(echo: Standalone[Order, Order], connection: FakeConnection) -> None:
    echo.run(Order(id="1"), wait_for_result=False)
    assert connection.subscribed == [False]


async def test_all_options(echo: Standalone[Order, Order], connection: FakeConnection) -> None:
    await echo.aio_run(
        Order(id="1"),
        child_key="k",
        additional_metadata={"a": [1]},
        priority=Priority.HIGH,
        sticky=True,
        desired_worker_id="w-7",
        desired_worker_labels=[
            DesiredWorkerLabel(key="n", value=3, comparator=WorkerLabelComparator.LESS_THAN),
            DesiredWorkerLabel(key="zone", value="eu", required=True),
        ],
    )
    (spec,) = connection.triggered
    assert (spec.child_key, spec.priority, spec.desired_worker_id) == ("k", 3, "w-7")
    assert spec.additional_metadata == '{"a":[1]}'
    assert spec.desired_labels is not None
    assert (spec.desired_labels["n"].int_value, spec.desired_labels["n"].comparator) == (3, 4)
    assert (spec.desired_labels["zone"].str_value, spec.desired_labels["zone"].required) == ("eu", True)


def test_a_worker_is_only_wanted_when_sticky(echo: Standalone[Order, Order], connection: FakeConnection) -> None:
    echo.run(Order(id="1"), desired_worker_id="w-7")
    assert connection.triggered[0].desired_worker_id is None


def test_metadata_of_the_call_wins_over_that_of_the_task(hatchet: Hatchet, connection: FakeConnection) -> None:
    task = hatchet.task(name="t", default_additional_metadata={"a": 1, "b": 1})(no_output)
    task.run(additional_metadata={"b": 2}, wait_for_result=False)
    task.run(wait_for_result=False)
    assert [spec.additional_metadata for spec in connection.triggered] == ['{"a":1,"b":2}', '{"a":1,"b":1}']


def test_names_are_namespaced_once(connection: FakeConnection) -> None:
    hatchet = hatchet_on(connection, namespace="ns")
    task = hatchet.task(name="t")(no_output)
    item = WorkflowRunTriggerConfig(workflow_name="other", input=None, options=TriggerWorkflowOptions())
    elsewhere = WorkflowRunTriggerConfig(
        workflow_name="other", input=None, options=TriggerWorkflowOptions(namespace="team_")
    )
    task.run_many([task.create_bulk_run_item(), item, elsewhere], wait_for_result=False)
    assert [spec.workflow for spec in connection.triggered] == ["ns_t", "ns_other", "team_other"]


@pytest.mark.parametrize("priority", [0, 4])
def test_impossible_priorities_are_refused(echo: Standalone[Order, Order], priority: int) -> None:
    with pytest.raises(ValueError, match="priority"):
        echo.run(Order(id="1"), priority=priority)


def test_integer_priorities_warn(echo: Standalone[Order, Order], connection: FakeConnection) -> None:
    with pytest.warns(DeprecationWarning, match="Priority"):
        echo.run(Order(id="1"), priority=2)
    assert connection.triggered[0].priority == 2


def test_the_options_object_warns(echo: Standalone[Order, Order], connection: FakeConnection) -> None:
    options = TriggerWorkflowOptions(additional_metadata={"a": 1}, child_key="k", priority=2)
    with pytest.warns(DeprecationWarning, match="options"):
        echo.run(Order(id="1"), options, additional_metadata={"b": 2})
    (spec,) = connection.triggered
    assert (spec.additional_metadata, spec.child_key, spec.priority) == ('{"a":1,"b":2}', "k", 2)
    assert options.additional_metadata == {"a": 1}


def test_a_bad_input_reaches_nobody(echo: Standalone[Order, Order], connection: FakeConnection) -> None:
    with pytest.raises(IllegalTaskInputError):
        echo.run(Order(id="\x00"))
    assert connection.triggered == []


class TestChildren:
    """Runs that a running task starts."""

    async def run_inside(self, hatchet: Hatchet, ctx: Context, body: Any) -> None:
        parent = hatchet.task(name="parent")(body)
        await parent.tasks[0].aio_call(ctx)

    async def test_they_name_their_parent_and_are_numbered(
        self, hatchet: Hatchet, echo: Standalone[Order, Order], connection: FakeConnection, make_context: MakeContext
    ) -> None:
        async def body(input: EmptyModel, ctx: Context) -> None:
            await echo.aio_run(Order(id="a"))
            await echo.aio_run(Order(id="b"), child_key="k")
            await echo.aio_run_many([echo.create_bulk_run_item(Order(id=str(n))) for n in range(3)])

        await self.run_inside(hatchet, make_context(), body)

        assert [spec.child_index for spec in connection.triggered] == [0, 1, 2, 3, 4]
        assert {spec.parent_task_id for spec in connection.triggered} == {"task-1"}
        assert {spec.parent_run_id for spec in connection.triggered} == {"run-1"}
        assert [spec.child_key for spec in connection.triggered] == [None, "k", None, None, None]

    async def test_each_attempt_counts_from_0(
        self, hatchet: Hatchet, echo: Standalone[Order, Order], connection: FakeConnection, make_context: MakeContext
    ) -> None:
        async def body(input: EmptyModel, ctx: Context) -> None:
            await echo.aio_run(Order(id="a"))

        await self.run_inside(hatchet, make_context(retry_count=0), body)
        await self.run_inside(hatchet, make_context(retry_count=1), body)
        assert [spec.child_index for spec in connection.triggered] == [0, 0]

    async def test_concurrent_spawns_get_different_numbers(
        self, hatchet: Hatchet, echo: Standalone[Order, Order], connection: FakeConnection, make_context: MakeContext
    ) -> None:
        async def body(input: EmptyModel, ctx: Context) -> None:
            await asyncio.gather(*(echo.aio_run(Order(id=str(number))) for number in range(20)))

        await self.run_inside(hatchet, make_context(), body)
        assert sorted(spec.child_index or 0 for spec in connection.triggered) == list(range(20))

    async def test_they_inherit_metadata_but_not_that_of_the_engine(
        self, hatchet: Hatchet, echo: Standalone[Order, Order], connection: FakeConnection, make_context: MakeContext
    ) -> None:
        async def body(input: EmptyModel, ctx: Context) -> None:
            await echo.aio_run(Order(id="a"))
            await echo.aio_run(Order(id="a"), additional_metadata={"b": 2})

        metadata = '{"a":1,"b":1,"hatchet__event_id":"e"}'
        await self.run_inside(hatchet, make_context(additional_metadata=metadata), body)
        assert [spec.additional_metadata for spec in connection.triggered] == ['{"a":1,"b":1}', '{"a":1,"b":2}']

    async def test_a_sticky_child_wants_the_worker_of_its_parent(
        self, hatchet: Hatchet, echo: Standalone[Order, Order], connection: FakeConnection, make_context: MakeContext
    ) -> None:
        async def body(input: EmptyModel, ctx: Context) -> None:
            await echo.aio_run(Order(id="a"), sticky=True)

        await self.run_inside(hatchet, make_context(), body)
        assert connection.triggered[0].desired_worker_id == "worker-1"

    def test_a_sync_parent_uses_the_blocking_twin(
        self, hatchet: Hatchet, echo: Standalone[Order, Order], connection: FakeConnection, make_context: MakeContext
    ) -> None:
        def body(input: EmptyModel, ctx: Context) -> Order:
            return echo.run(Order(id="a"))

        parent = hatchet.task(name="parent")(body)
        assert parent.tasks[0].call(make_context()) == Order(id="a")
        assert (connection.triggered[0].parent_task_id, connection.triggered[0].child_index) == ("task-1", 0)

    async def test_after_the_body_runs_have_no_parent(
        self, hatchet: Hatchet, echo: Standalone[Order, Order], connection: FakeConnection, make_context: MakeContext
    ) -> None:
        async def body(input: EmptyModel, ctx: Context) -> None:
            raise KeyError

        with pytest.raises(KeyError):
            await self.run_inside(hatchet, make_context(), body)
        await echo.aio_run(Order(id="a"))
        assert connection.triggered[0].parent_task_id is None

    async def test_a_bad_child_takes_no_number_of_the_next(
        self, hatchet: Hatchet, echo: Standalone[Order, Order], connection: FakeConnection, make_context: MakeContext
    ) -> None:
        async def body(input: EmptyModel, ctx: Context) -> None:
            with pytest.raises(IllegalTaskInputError):
                await echo.aio_run(Order(id="\x00"))
            await echo.aio_run(Order(id="a"))

        await self.run_inside(hatchet, make_context(), body)
        assert [spec.child_index for spec in connection.triggered] == [0]
