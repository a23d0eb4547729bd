"""Defaults of workflows, and declarations that are refused or deprecated."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from hatchet_sdk import (
    DesiredWorkerLabel,
    Hatchet,
    Priority,
    RateLimit,
    TaskDefaults,
)
from tests.sdk_api.declaring import body


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
