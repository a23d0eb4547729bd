"""What a declaration becomes on the wire."""

import json
from datetime import timedelta
from typing import Any

import pytest

from hatchet_sdk import (
    ConcurrencyExpression,
    ConcurrencyLimitStrategy,
    Context,
    DefaultFilter,
    DesiredWorkerLabel,
    DurableContext,
    EmptyModel,
    Hatchet,
    Priority,
    RateLimit,
    RateLimitDuration,
    StatusBasedIdempotencyConfig,
    StickyStrategy,
    TTLBasedIdempotencyConfig,
    WorkerLabelComparator,
)
from hatchet_sdk.runnables.types import BatchMemberId
from hatchet_sdk.runnables.workflow import Standalone
from hatchet_wire.published.v1 import workflows_pb2 as proto
from tests.sdk_api.conftest import hatchet_on
from tests.sdk_api.declaring import as_the_engine_sees, body
from tests.sdk_api.fakes import FakeConnection
from tests.sdk_api.models import Order, Receipt

PER_USER = ConcurrencyExpression(
    expression="input.id", max_runs=2, limit_strategy=ConcurrencyLimitStrategy.CANCEL_IN_PROGRESS
)


def test_a_task_with_defaults(hatchet: Hatchet) -> None:
    request = hatchet.task(name="MyTask")(body).to_proto()
    task = request.tasks[0]
    assert (request.name, task.readable_id, task.action) == ("MyTask", "mytask", "mytask:mytask")
    assert (task.timeout, task.schedule_timeout, task.retries, task.inputs) == ("1m", "5m", 0, "{}")
    assert dict(task.slot_requests) == {"default": 1}
    assert request.default_priority == 1
    assert not task.HasField("backoff_factor")
    assert not request.HasField("input_json_schema")
    assert not request.HasField("cron_input")
    assert as_the_engine_sees(request).is_standalone


def test_the_name_of_the_function_is_the_default(hatchet: Hatchet) -> None:
    @hatchet.task()
    def Resize(input: EmptyModel, ctx: Context) -> None:
        return None

    assert (Resize.name, Resize.tasks[0].name, Resize.tasks[0].action_id) == ("Resize", "resize", "resize:resize")


@pytest.fixture
def full(connection: FakeConnection) -> Standalone[Order, dict[str, Any]]:
    """A task that uses every setting."""
    hatchet = hatchet_on(connection, namespace="Ns")
    return hatchet.task(
        name="Full",
        description="does it all",
        input_validator=Order,
        on_events=["order:*", "ns_prefixed"],
        on_crons=["*/5 * * * *"],
        cron_input=Order(id="cron"),
        version="v7",
        sticky=StickyStrategy.HARD,
        default_priority=Priority.HIGH,
        concurrency=[PER_USER, ConcurrencyExpression.from_int(3)],
        schedule_timeout=timedelta(minutes=10),
        execution_timeout=timedelta(milliseconds=250),
        retries=4,
        rate_limits=[
            RateLimit(static_key="api", units=2),
            RateLimit(dynamic_key="input.id", limit=10, units="input.amount", duration=RateLimitDuration.HOUR),
        ],
        desired_worker_labels=[
            DesiredWorkerLabel(key="gpu", value=1, required=True, comparator=WorkerLabelComparator.GREATER_THAN),
            DesiredWorkerLabel(key="zone", value="eu", weight=7),
        ],
        backoff_factor=2.0,
        backoff_max_seconds=60,
        default_filters=[DefaultFilter(expression="true", scope="s", payload={"a": 1})],
        slot_cost=3,
        idempotency=TTLBasedIdempotencyConfig(key_expression="input.id", ttl=timedelta(minutes=1)),
    )(body)


def test_all_settings_of_a_workflow(full: Standalone[Order, dict[str, Any]]) -> None:
    request = full.to_proto()
    assert (request.name, full.name, full.service_name) == ("ns_Full", "ns_Full", "ns_full")
    assert list(request.event_triggers) == ["ns_order:*", "ns_prefixed"]
    assert (list(request.cron_triggers), request.cron_input) == (["*/5 * * * *"], '{"id":"cron","amount":1}')
    assert (request.description, request.version) == ("does it all", "v7")
    assert (request.sticky, request.default_priority) == (proto.StickyStrategy.HARD, 3)
    assert json.loads(request.input_json_schema)["required"] == ["id"]
    assert (request.idempotency.expression, request.idempotency.ttl_ms) == ("input.id", 60_000)
    assert request.idempotency.method == proto.IdempotencyMethod.TTL
    assert (request.default_filters[0].scope, request.default_filters[0].payload) == ("s", b'{"a":1}')
    assert not request.concurrency_arr


def test_all_settings_of_a_task(full: Standalone[Order, dict[str, Any]]) -> None:
    request = full.to_proto()
    task = request.tasks[0]
    assert (task.timeout, task.schedule_timeout, task.retries) == ("250ms", "10m", 4)
    assert (task.backoff_factor, task.backoff_max_seconds) == (2.0, 60)
    assert [(rule.expression, rule.max_runs) for rule in task.concurrency] == [("input.id", 2), ("'constant'", 3)]
    assert task.concurrency[0].limit_strategy == proto.ConcurrencyLimitStrategy.CANCEL_IN_PROGRESS
    assert task.concurrency[1].limit_strategy == proto.ConcurrencyLimitStrategy.GROUP_ROUND_ROBIN
    assert dict(task.slot_requests) == {"default": 3}

    static, dynamic = task.rate_limits
    assert (static.key, static.units, static.limit_values_expr) == ("api", 2, "-1")
    assert (static.duration, static.HasField("key_expr")) == (proto.RateLimitDuration.MINUTE, False)
    assert (dynamic.key_expr, dynamic.units_expr, dynamic.limit_values_expr) == ("input.id", "input.amount", "10")
    assert dynamic.duration == proto.RateLimitDuration.HOUR

    gpu, zone = task.worker_labels["gpu"], task.worker_labels["zone"]
    assert (gpu.int_value, gpu.required, gpu.comparator, gpu.weight) == (1, True, 2, 100)
    assert (zone.str_value, zone.required, zone.comparator, zone.weight) == ("eu", False, 0, 7)
    assert as_the_engine_sees(request).steps[0].execution_timeout == 250_000


def test_concurrency_of_a_workflow_is_held_by_the_run(hatchet: Hatchet) -> None:
    workflow = hatchet.workflow(name="w", concurrency=PER_USER)
    workflow.task(name="a", concurrency=5)(body)
    request = workflow.to_proto()
    assert [rule.expression for rule in request.concurrency_arr] == ["input.id"]
    assert [rule.max_runs for rule in request.tasks[0].concurrency] == [5]


def test_status_based_idempotency(hatchet: Hatchet) -> None:
    config = StatusBasedIdempotencyConfig(key_expression="'a'", fallback_ttl=timedelta(seconds=2))
    request = hatchet.task(name="t", idempotency=config)(body).to_proto()
    assert (request.idempotency.ttl_ms, request.idempotency.method) == (2000, proto.IdempotencyMethod.STATUS)


def test_a_durable_task(hatchet: Hatchet) -> None:
    @hatchet.durable_task(name="d")
    async def durable(input: EmptyModel, ctx: DurableContext) -> None:
        return None

    task = durable.to_proto().tasks[0]
    assert (task.is_durable, dict(task.slot_requests)) == (True, {"durable": 1})
    policy = durable.tasks[0].eviction_policy
    assert policy is not None
    assert (policy.ttl, policy.allow_capacity_eviction) == (timedelta(minutes=15), True)


def test_a_batch_task(hatchet: Hatchet) -> None:
    @hatchet.batch_task(
        input_validator=Order,
        batch_max_size=10,
        batch_max_interval=timedelta(seconds=2),
        batch_group_key="input.id",
        batch_group_max_runs=3,
    )
    async def batch(inputs: dict[BatchMemberId, Order], ctx: Context) -> dict[BatchMemberId, Receipt]:
        return {}

    config = batch.to_proto().tasks[0].batch
    assert (config.batch_max_size, config.batch_max_interval_ms) == (10, 2000)
    assert (config.batch_group_key, config.batch_group_max_runs, config.broadcast_output) == ("input.id", 3, False)
    assert batch.output_validator_type is Receipt


def test_a_broadcasting_batch_task_in_a_workflow(hatchet: Hatchet) -> None:
    workflow = hatchet.workflow(name="w", input_validator=Order)

    @workflow.batch_task(batch_max_size=2, broadcast_output=True)
    def batch(inputs: dict[BatchMemberId, Order], ctx: Context) -> Receipt:
        return Receipt(order_id="1")

    assert workflow.to_proto().tasks[0].batch.broadcast_output
    assert batch.output_validator_type is Receipt


@pytest.mark.parametrize("settings", [{"batch_max_size": 0}, {"batch_max_interval": timedelta()}])
def test_impossible_batches_are_refused(hatchet: Hatchet, settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="batch"):
        hatchet.batch_task(**settings)


def test_a_graph(hatchet: Hatchet) -> None:
    workflow = hatchet.workflow(name="Pipeline", input_validator=Order)

    @workflow.task()
    def first(input: Order, ctx: Context) -> Receipt:
        return Receipt(order_id=input.id)

    @workflow.task()
    def second(input: Order, ctx: Context) -> None:
        return None

    @workflow.task(parents=[first, second])
    def third(input: Order, ctx: Context) -> None:
        return None

    @workflow.task(parents=[first])
    def fourth(input: Order, ctx: Context) -> None:
        return None

    @workflow.on_failure_task()
    def report(input: Order, ctx: Context) -> None:
        return None

    @workflow.on_success_task(name="Thanks")
    def celebrate(input: Order, ctx: Context) -> None:
        return None

    request = workflow.to_proto()
    parents = {task.readable_id: list(task.parents) for task in request.tasks}
    assert parents == {
        "first": [],
        "second": [],
        "third": ["first", "second"],
        "fourth": ["first"],
        "thanks-on-success": ["third", "fourth"],
    }
    assert request.on_failure_task.readable_id == "report-on-failure"
    assert request.on_failure_task.action == "pipeline:report-on-failure"
    assert [task.name for task in workflow.tasks][-2:] == ["thanks-on-success", "report-on-failure"]
    assert len(as_the_engine_sees(request).steps) == 6
    assert workflow.to_proto() == request


def test_there_is_one_handler_of_each_kind(hatchet: Hatchet) -> None:
    workflow = hatchet.workflow(name="w")
    workflow.on_failure_task()(body)
    workflow.on_success_task()(body)
    with pytest.raises(ValueError, match="on-failure"):
        workflow.on_failure_task()(body)
    with pytest.raises(ValueError, match="on-success"):
        workflow.on_success_task()(body)


def test_a_workflow_needs_tasks(hatchet: Hatchet) -> None:
    with pytest.raises(ValueError, match="no tasks"):
        hatchet.workflow(name="empty").to_proto()


def test_a_standalone_task_can_be_copied_into_a_workflow(hatchet: Hatchet) -> None:
    standalone = hatchet.task(name="alone", retries=3)(body)
    workflow = hatchet.workflow(name="w")
    workflow.add_task(standalone)
    task = workflow.to_proto().tasks[0]
    assert (task.readable_id, task.action, task.retries) == ("alone", "w:alone", 3)
    assert standalone.to_proto().tasks[0].action == "alone:alone"
