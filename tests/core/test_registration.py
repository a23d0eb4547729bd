from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatchet_engine.core.commands import RegisterWorkflow, TriggerItem, TriggerRuns
from hatchet_engine.core.definition import WorkflowDefinition
from hatchet_engine.core.durations import SECOND, format_duration, parse_duration
from hatchet_engine.core.errors import CoreError, InvalidArgument, Unimplemented
from tests.core.harness import Bench


def raw(**changes: Any) -> dict[str, Any]:
    return {"name": "flow", "tasks": [{"readable_id": "a", "action": "flow:a"}], **changes}


def task(**changes: Any) -> dict[str, Any]:
    return raw(tasks=[{"readable_id": "a", "action": "flow:a", **changes}])


BAD = [
    (raw(name="no spaces"), "workflow name"),
    (raw(tasks=[]), "has no tasks"),
    (raw(default_priority=4), "default_priority"),
    (task(readable_id="ä"), "task name"),
    (task(action="x"), "service:verb"),
    (task(retries=-1), "retries"),
    (task(backoff_factor=0.5), "backoff_factor"),
    (task(backoff_max_seconds=86_401), "backoff_max_seconds"),
    (task(timeout="5"), "duration"),
    (task(slot_requests={"default": 0}), "slot_requests"),
    (task(parents=["b"]), "parent step 'b' not found for step 'a'"),
    (task(parents=["a"]), "cycle"),
    (task(concurrency=[{"expression": "input.x", "limit_strategy": "DROP_NEWEST"}]), "DROP_NEWEST"),
    (task(rate_limits=[{"units": 1}]), "rate limit"),
    (raw(tasks=[{"readable_id": "a", "action": "f:a"}] * 2), "two tasks"),
]


@pytest.mark.parametrize(("registration", "part"), BAD)
def test_a_bad_registration_is_refused_with_its_reason(registration: dict[str, Any], part: str) -> None:
    with pytest.raises(InvalidArgument, match=part):
        WorkflowDefinition.parse(registration)


def register(bench: Bench, registration: dict[str, Any], version_id: str) -> Any:
    definition = WorkflowDefinition.parse(registration)
    ids = [f"{version_id}-{step.name}" for step in definition.steps]
    return bench.do(RegisterWorkflow(definition, f"for-{version_id}", version_id, ids))[0]


def test_an_equal_definition_makes_no_new_version() -> None:
    bench = Bench()
    first = register(bench, raw(), "v1")
    assert register(bench, raw(), "v2") is first
    assert not bench.changes
    changed = register(bench, raw(description="new"), "v3")
    assert (changed.id, changed.number, changed.workflow_id) == ("v3", 2, "for-v1")


def test_random_group_ids_do_not_make_a_version() -> None:
    def conditions(group: str, key: str) -> dict[str, Any]:
        base = {"or_group_id": group, "readable_data_key": key}
        return task(conditions={"parent_override_conditions": [{"parent_readable_id": "p", "base": base}]})

    one, other = conditions("u1", "k1"), conditions("u2", "k2")
    assert WorkflowDefinition.parse(one).checksum() == WorkflowDefinition.parse(other).checksum()
    assert WorkflowDefinition.parse(one).checksum() != WorkflowDefinition.parse(task()).checksum()


@pytest.mark.parametrize(
    ("registration", "feature"),
    [
        (raw(tasks=[{"readable_id": n, "action": f"f:{n}"} for n in "ab"]), "several tasks"),
        (raw(on_failure_task={"readable_id": "f", "action": "f:f"}), "several tasks"),
        (task(is_durable=True), "durable tasks"),
        (task(rate_limits=[{"key": "k"}]), "rate limits"),
        (raw(idempotency={"expression": "input.x"}), "idempotency"),
    ],
)
def test_what_is_stored_but_not_executed_yet_is_refused_by_name(registration: dict[str, Any], feature: str) -> None:
    bench = Bench()
    register(bench, registration, "v")
    with pytest.raises(Unimplemented, match=feature):
        bench.do(TriggerRuns([TriggerItem("r", "flow")]))
    assert bench.tenant.tasks == {}


def test_one_bad_item_creates_nothing() -> None:
    bench = Bench()
    bench.workflow()
    for bad in (TriggerItem("b", "missing"), TriggerItem("b", "work", priority=4)):
        with pytest.raises(CoreError):
            bench.do(TriggerRuns([TriggerItem("a", "work"), bad]))
        assert bench.tenant.tasks == {}
        assert not bench.changes


def test_a_trigger_sent_again_makes_no_second_run() -> None:
    bench = Bench()
    bench.workflow()
    bench.trigger("a")
    known = TriggerRuns([TriggerItem("a", "work"), TriggerItem("b", "work")], frozenset({"b"}), True)
    assert bench.do(known) == [["a", "b"]]
    assert list(bench.tenant.tasks) == ["a"]
    assert not bench.changes


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5s", 5), ("1h30m", 5400), ("250ms", 0.25), ("0h", 0), ("1.5m", 90), ("2d", 172_800), ("-3s", 0)],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds * SECOND


@pytest.mark.parametrize("text", ["", "5", "s", "5x", "5s5", "1 h", "9" * 400 + "s", "s5s", "--5s"])
def test_what_is_not_a_duration_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        parse_duration(text)


@given(st.integers(1, 3 * 10**12).map(lambda n: n * 1000))
def test_a_formatted_duration_parses_to_itself(micros: int) -> None:
    assert abs(parse_duration(format_duration(micros)) - micros) <= micros * 1e-5
