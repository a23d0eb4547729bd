"""Workflows as registration messages."""

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pydantic_core import to_json

from hatchet_sdk.runnables.types import EmptyModel, StepType
from hatchet_sdk.types.concurrency import ConcurrencyExpression, concurrency_rules
from hatchet_sdk.types.idempotency import IdempotencyConfig, TTLBasedIdempotencyConfig
from hatchet_sdk.types.labels import DesiredWorkerLabel, WorkerLabelComparator
from hatchet_sdk.types.rate_limit import RateLimit
from hatchet_sdk.utils.timedelta_to_expression import timedelta_to_expr
from hatchet_wire.published.v1 import workflows_pb2 as proto
from hatchet_wire.published.v1.shared.condition_pb2 import TaskConditions
from hatchet_wire.published.v1.shared.trigger_pb2 import DesiredWorkerLabels
from hatchet_wire.published.v1.shared.trigger_pb2 import WorkerLabelComparator as ProtoComparator

if TYPE_CHECKING:
    from hatchet_sdk.runnables.declaration import BaseWorkflow
    from hatchet_sdk.runnables.task import Task
    from hatchet_sdk.runnables.task_definition import TaskDefinition

_MILLISECOND = timedelta(milliseconds=1)
_STORED_LIMIT = "-1"
"""What the engine reads as: do not change the limit that was declared for this key."""


def workflow_request(workflow: "BaseWorkflow[Any]") -> proto.CreateWorkflowVersionRequest:
    """The registration of a workflow.

    Raises:
        ValueError: it has no tasks.
    """
    config, client = workflow._config, workflow._client.config
    tasks = [task for task in workflow.tasks if task.type is not StepType.ON_FAILURE]
    if not tasks:
        raise ValueError(f"workflow '{workflow.name}' has no tasks; add one with @{workflow.name}.task()")
    request = proto.CreateWorkflowVersionRequest(
        name=workflow.name,
        description=config.description or "",
        version=config.version or "",
        event_triggers=[client.apply_namespace(event) for event in config.on_events],
        cron_triggers=config.on_crons,
        tasks=[task.to_proto(workflow.service_name) for task in _with_success_parents(tasks)],
        concurrency_arr=[_concurrency(rule) for rule in concurrency_rules(config.concurrency)],
        default_filters=[
            proto.DefaultFilter(expression=each.expression, scope=each.scope, payload=to_json(each.payload))
            for each in config.default_filters
        ],
    )
    _set_options(request, workflow)
    return request


def _set_options(request: proto.CreateWorkflowVersionRequest, workflow: "BaseWorkflow[Any]") -> None:
    config = workflow._config
    failure = next((task for task in workflow.tasks if task.type is StepType.ON_FAILURE), None)
    if failure:
        request.on_failure_task.CopyFrom(failure.to_proto(workflow.service_name))
    if config.cron_input is not None:
        request.cron_input = workflow.serialize_input(config.cron_input) or "{}"
    if config.sticky:
        request.sticky = proto.StickyStrategy.Value(config.sticky.value)
    if config.default_priority is not None:
        request.default_priority = int(config.default_priority)
    if workflow.input_validator_type is not EmptyModel:
        request.input_json_schema = json.dumps(workflow.input_validator.json_schema()).encode()
    if config.idempotency:
        request.idempotency.CopyFrom(_idempotency(config.idempotency))


def _with_success_parents(tasks: "list[Task[Any, Any]]") -> "list[Task[Any, Any]]":
    """The tasks; the on-success task now has all tasks as parents that are nobody else's parent."""
    success = next((task for task in tasks if task.type is StepType.ON_SUCCESS), None)
    if success:
        others = [task for task in tasks if task is not success]
        inner = {id(parent) for task in others for parent in task.parents}
        success.parents = [task for task in others if id(task) not in inner]
    return tasks


def task_options(task: "TaskDefinition[Any, Any]", service_name: str) -> proto.CreateTaskOpts:
    """The registration of one task."""
    options = proto.CreateTaskOpts(
        readable_id=task.name,
        action=f"{service_name}:{task.name}",
        timeout=timedelta_to_expr(task.execution_timeout),
        schedule_timeout=timedelta_to_expr(task.schedule_timeout),
        inputs="{}",
        parents=[parent.name for parent in task.parents],
        retries=task.retries,
        rate_limits=[_rate_limit(limit) for limit in task.rate_limits],
        worker_labels=label_messages(task.desired_worker_labels),
        concurrency=[_concurrency(rule) for rule in concurrency_rules(task.concurrency)],
        is_durable=task.is_durable,
        slot_requests=task.slot_requests,
        backoff_factor=task.backoff_factor,
        backoff_max_seconds=task.backoff_max_seconds,
    )
    if task.conditions:
        options.conditions.CopyFrom(_conditions(task))
    if task.batch:
        interval = task.batch.batch_max_interval
        options.batch.CopyFrom(
            proto.TaskBatchConfig(
                batch_max_size=task.batch.batch_max_size,
                batch_max_interval_ms=None if interval is None else max(1, interval // _MILLISECOND),
                batch_group_key=task.batch.batch_group_key,
                batch_group_max_runs=task.batch.batch_group_max_runs,
                broadcast_output=task.batch.broadcast_output,
            )
        )
    return options


def _conditions(task: "TaskDefinition[Any, Any]") -> TaskConditions:
    conditions = TaskConditions()
    for condition in task.conditions:
        condition.add_to(conditions, task._workflow._client.config)
    return conditions


def _concurrency(rule: ConcurrencyExpression) -> proto.Concurrency:
    return proto.Concurrency(
        expression=rule.expression,
        max_runs=rule.max_runs,
        limit_strategy=proto.ConcurrencyLimitStrategy.Value(rule.limit_strategy.value),
    )


def _idempotency(config: IdempotencyConfig) -> proto.IdempotencyConfig:
    by_time = isinstance(config, TTLBasedIdempotencyConfig)
    ttl = config.ttl if isinstance(config, TTLBasedIdempotencyConfig) else config.fallback_ttl
    return proto.IdempotencyConfig(
        expression=config.key_expression,
        ttl_ms=ttl // _MILLISECOND,
        method=proto.IdempotencyMethod.TTL if by_time else proto.IdempotencyMethod.STATUS,
    )


def _rate_limit(limit: RateLimit) -> proto.CreateTaskRateLimit:
    message = proto.CreateTaskRateLimit(
        key=limit.static_key or limit.dynamic_key or "",
        key_expr=limit.dynamic_key,
        limit_values_expr=_STORED_LIMIT if limit.limit is None else str(limit.limit),
        duration=proto.RateLimitDuration.Value(limit.duration.value),
    )
    if isinstance(limit.units, int):
        message.units = limit.units
    else:
        message.units_expr = limit.units
    return message


def label_messages(labels: Iterable[DesiredWorkerLabel]) -> dict[str, DesiredWorkerLabels]:
    """Wanted labels by key, as messages."""
    return {label.key: _label(label) for label in labels if label.key}


def _label(label: DesiredWorkerLabel) -> DesiredWorkerLabels:
    message = DesiredWorkerLabels(
        required=label.required,
        weight=100 if label.weight is None else label.weight,
        comparator=ProtoComparator.ValueType(WorkerLabelComparator(label.comparator or 0).value),
    )
    if isinstance(label.value, int):
        message.int_value = label.value
    else:
        message.str_value = label.value
    return message
