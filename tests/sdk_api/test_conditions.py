"""Conditions of tasks, on the wire."""

from datetime import UTC, datetime, timedelta

import pytest

from hatchet_engine.core.definition import WorkflowDefinition
from hatchet_sdk import (
    Context,
    EmptyModel,
    Hatchet,
    ParentCondition,
    SleepCondition,
    UserEventCondition,
    or_,
)
from hatchet_wire.published.v1.shared import condition_pb2 as condition_proto
from tests.sdk_api.conftest import hatchet_on
from tests.sdk_api.declaring import as_the_engine_sees, body
from tests.sdk_api.fakes import FakeConnection


def test_of_every_kind(connection: FakeConnection) -> None:
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


def test_registering_again_means_the_same(hatchet: Hatchet) -> None:
    def declare() -> WorkflowDefinition:
        workflow = hatchet.workflow(name="w")
        parent = workflow.task(name="a")(body)
        conditions = [or_(ParentCondition(parent, "true"), SleepCondition(timedelta(seconds=1)))]
        workflow.task(name="b", parents=[parent], wait_for=conditions)(body)
        return as_the_engine_sees(workflow.to_proto())

    assert declare().checksum() == declare().checksum()


def test_data_keys_are_unique_in_a_task(hatchet: Hatchet) -> None:
    workflow = hatchet.workflow(name="w")
    second = timedelta(seconds=1)
    with pytest.raises(ValueError, match="unique readable data keys"):
        workflow.task(name="a", wait_for=[SleepCondition(second)], skip_if=[SleepCondition(second)])(body)
    workflow.task(name="b", wait_for=[SleepCondition(second)], skip_if=[SleepCondition(second, "other")])(body)


def test_one_condition_object_can_be_used_twice(hatchet: Hatchet) -> None:
    workflow = hatchet.workflow(name="w")
    event = UserEventCondition("e")
    workflow.task(name="a", wait_for=[event])(body)
    workflow.task(name="b", skip_if=[event])(body)
    queued, skipped = (task.conditions.user_event_conditions[0] for task in workflow.to_proto().tasks)
    assert (queued.base.action, skipped.base.action) == (condition_proto.Action.QUEUE, condition_proto.Action.SKIP)


def test_an_empty_group_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        or_()
