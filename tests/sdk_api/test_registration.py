"""What a declaration becomes on the wire."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from pydantic import ValidationError

from hatchet_engine.core.definition import WorkflowDefinition
from hatchet_sdk import (
    ConcurrencyExpression,
    ConcurrencyLimitStrategy,
    Context,
    DefaultFilter,
    DesiredWorkerLabel,
    DurableContext,
    EmptyModel,
    Hatchet,
    ParentCondition,
    Priority,
    RateLimit,
    RateLimitDuration,
    SleepCondition,
    StatusBasedIdempotencyConfig,
    StickyStrategy,
    TaskDefaults,
    TTLBasedIdempotencyConfig,
    UserEventCondition,
    WorkerLabelComparator,
    or_,
)
from hatchet_sdk.runnables.types import BatchMemberId
from hatchet_wire.published.v1 import workflows_pb2 as proto
from hatchet_wire.published.v1.shared import condition_pb2 as condition_proto
from tests.sdk_api.conftest import hatchet_on
from tests.sdk_api.fakes import FakeConnection
from tests.sdk_api.models import Order, Receipt

PER_USER = ConcurrencyExpression(
    expression="input.id", max_runs=2, limit_strategy=ConcurrencyLimitStrategy.CANCEL_IN_PROGRESS
)


def body(input: Any, ctx: Context) -> dict[str, Any]:
    return {}


def as_the_engine_sees(request: proto.CreateWorkflowVersionRequest) -> WorkflowDefinition:
    return WorkflowDefinition.parse(MessageToDict(request, preserving_proto_field_name=True))


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


def test_all_settings_of_a_task(connection: FakeConnection) -> None:
    hatchet = hatchet_on(connection, namespace="Ns")
    made = hatchet.task(
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
    request = made.to_proto()
    task = request.tasks[0]

    assert (request.name, made.name, made.service_name) == ("ns_Full", "ns_Full", "ns_full")
    assert list(request.event_triggers) == ["ns_order:*", "ns_prefixed"]
    assert (list(request.cron_triggers), request.cron_input) == (["*/5 * * * *"], '{"id":"cron","amount":1}')
    assert (request.description, request.version) == ("does it all", "v7")
    assert (request.sticky, request.default_priority) == (proto.StickyStrategy.HARD, 3)
    assert json.loads(request.input_json_schema)["required"] == ["id"]
    assert (request.idempotency.expression, request.idempotency.ttl_ms) == ("input.id", 60_000)
    assert request.idempotency.method == proto.IdempotencyMethod.TTL
    assert (request.default_filters[0].scope, request.default_filters[0].payload) == ("s", b'{"a":1}')
    assert not request.concurrency_arr

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


class TestTaskDefaults:
    defaults = TaskDefaults(
        schedule_timeout=timedelta(hours=1),
        execution_timeout=timedelta(minutes=2),
        retries=5,
        backoff_factor=3.0,
        backoff_max_seconds=9,
        priority=Priority.HIGH,
    )

    def test_they_replace_built_in_values(self, hatchet: Hatchet) -> None:
        workflow = hatchet.workflow(name="w", task_defaults=self.defaults)
        workflow.task(name="a")(body)
        # Written out, but equal to the built-in default: replaced as well.
        workflow.durable_task(name="b", retries=0, execution_timeout=timedelta(seconds=60))(body)
        request = workflow.to_proto()
        for task in request.tasks:
            assert (task.schedule_timeout, task.timeout, task.retries) == ("1h", "2m", 5)
            assert (task.backoff_factor, task.backoff_max_seconds) == (3.0, 9)
        assert request.default_priority == 3

    def test_other_values_stay(self, hatchet: Hatchet) -> None:
        workflow = hatchet.workflow(name="w", task_defaults=self.defaults, default_priority=Priority.MEDIUM)
        workflow.task(name="a", retries=1, execution_timeout=timedelta(seconds=5))(body)
        request = workflow.to_proto()
        assert (request.tasks[0].retries, request.tasks[0].timeout) == (1, "5s")
        assert request.default_priority == 2

    def test_the_handlers_do_not_get_them(self, hatchet: Hatchet) -> None:
        workflow = hatchet.workflow(name="w", task_defaults=self.defaults)
        workflow.task(name="a")(body)
        workflow.on_failure_task()(body)
        workflow.on_success_task()(body)
        request = workflow.to_proto()
        assert (request.on_failure_task.timeout, request.on_failure_task.retries) == ("1m", 0)
        assert request.tasks[1].retries == 0

    @pytest.mark.parametrize("priority", [0, 4])
    def test_their_priority_is_1_to_3(self, priority: int) -> None:
        with pytest.raises(ValidationError):
            TaskDefaults(priority=priority)


class TestConditions:
    def test_of_every_kind(self, connection: FakeConnection) -> None:
        hatchet = hatchet_on(connection, namespace="ns")
        workflow = hatchet.workflow(name="w")
        since = datetime(2026, 1, 1, tzinfo=UTC)

        @workflow.task()
        def parent(input: EmptyModel, ctx: Context) -> dict[str, int]:
            return {}

        @workflow.task(
            parents=[parent],
            wait_for=[
                SleepCondition(timedelta(seconds=5)),
                or_(SleepCondition(timedelta(hours=1)), UserEventCondition("go", "input.ok", "went", "s", since)),
            ],
            skip_if=[ParentCondition(parent, "output.n > 1"), ParentCondition(parent)],
            cancel_if=[UserEventCondition("stop")],
        )
        def child(input: EmptyModel, ctx: Context) -> None:
            return None

        conditions = workflow.to_proto().tasks[1].conditions
        short, long = conditions.sleep_conditions
        go, stop = conditions.user_event_conditions
        first, second = conditions.parent_override_conditions

        assert (short.sleep_for, short.base.readable_data_key) == ("5s", "sleep:5s")
        assert (long.sleep_for, long.base.readable_data_key) == ("1h", "sleep:1h")
        assert (go.user_event_key, go.base.readable_data_key, go.base.expression) == ("ns_go", "went", "input.ok")
        assert (go.event_scope, go.consider_events_since.ToDatetime(UTC)) == ("s", since)
        assert (stop.user_event_key, stop.base.readable_data_key, stop.base.expression) == ("ns_stop", "stop", "")
        assert not stop.HasField("event_scope")
        assert (first.parent_readable_id, first.base.expression) == ("parent", "output.n > 1")
        assert {c.base.action for c in (short, long, go)} == {condition_proto.Action.QUEUE}
        assert {c.base.action for c in (first, second)} == {condition_proto.Action.SKIP}
        assert stop.base.action == condition_proto.Action.CANCEL
        groups = [c.base.or_group_id for c in (short, long, go, first, second, stop)]
        assert groups[1] == groups[2]
        assert len(set(groups)) == 5

    def test_registering_again_means_the_same(self, hatchet: Hatchet) -> None:
        def declare() -> WorkflowDefinition:
            workflow = hatchet.workflow(name="w")
            parent = workflow.task(name="a")(body)
            conditions = [or_(ParentCondition(parent, "true"), SleepCondition(timedelta(seconds=1)))]
            workflow.task(name="b", parents=[parent], wait_for=conditions)(body)
            return as_the_engine_sees(workflow.to_proto())

        assert declare().checksum() == declare().checksum()

    def test_data_keys_are_unique_in_a_task(self, hatchet: Hatchet) -> None:
        workflow = hatchet.workflow(name="w")
        second = timedelta(seconds=1)
        with pytest.raises(ValueError, match="unique readable data keys"):
            workflow.task(name="a", wait_for=[SleepCondition(second)], skip_if=[SleepCondition(second)])(body)
        workflow.task(name="b", wait_for=[SleepCondition(second)], skip_if=[SleepCondition(second, "other")])(body)

    def test_one_condition_object_can_be_used_twice(self, hatchet: Hatchet) -> None:
        workflow = hatchet.workflow(name="w")
        event = UserEventCondition("e")
        workflow.task(name="a", wait_for=[event])(body)
        workflow.task(name="b", skip_if=[event])(body)
        queued, skipped = (task.conditions.user_event_conditions[0] for task in workflow.to_proto().tasks)
        assert (queued.base.action, skipped.base.action) == (condition_proto.Action.QUEUE, condition_proto.Action.SKIP)

    def test_an_empty_group_is_refused(self) -> None:
        with pytest.raises(ValueError, match="at least one"):
            or_()


class TestRefusals:
    @pytest.mark.parametrize("cost", [0, -1])
    def test_slot_cost(self, hatchet: Hatchet, cost: int) -> None:
        with pytest.raises(ValueError, match="slot_cost"):
            hatchet.task(slot_cost=cost)

    def test_retries(self, hatchet: Hatchet) -> None:
        with pytest.raises(ValueError, match="retries"):
            hatchet.task(retries=-1)(body)

    @pytest.mark.parametrize(
        "keys", [{}, {"static_key": "a", "dynamic_key": "b", "limit": 1}, {"dynamic_key": "input.a"}]
    )
    def test_rate_limits(self, keys: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match="key"):
            RateLimit(**keys)

    @pytest.mark.parametrize("labels", [[DesiredWorkerLabel(value=1)], [DesiredWorkerLabel(key="a", value=1)] * 2])
    def test_labels(self, hatchet: Hatchet, labels: list[DesiredWorkerLabel]) -> None:
        with pytest.raises(ValueError, match="key"):
            hatchet.task(desired_worker_labels=labels)

    @pytest.mark.parametrize("priority", [0, 4, -1])
    def test_priorities(self, hatchet: Hatchet, priority: int) -> None:
        with pytest.raises(ValueError, match="priority"):
            hatchet.workflow(name="w", default_priority=priority)


class TestDeprecations:
    def test_labels_as_a_dict(self, hatchet: Hatchet) -> None:
        with pytest.warns(DeprecationWarning, match="list"):
            made = hatchet.task(name="t", desired_worker_labels={"zone": DesiredWorkerLabel(value="eu")})(body)
        assert made.to_proto().tasks[0].worker_labels["zone"].str_value == "eu"

    def test_integer_priorities(self, hatchet: Hatchet) -> None:
        with pytest.warns(DeprecationWarning, match="Priority"):
            made = hatchet.task(name="t", default_priority=3)(body)
        assert made.to_proto().default_priority == 3

    def test_durations_as_text(self, hatchet: Hatchet) -> None:
        with pytest.warns(DeprecationWarning, match="timedelta"):
            made = hatchet.task(name="t", execution_timeout="10s")(body)
        assert made.tasks[0].execution_timeout == timedelta(seconds=10)
