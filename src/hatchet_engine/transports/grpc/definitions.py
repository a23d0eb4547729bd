"""Workflow registrations of the wire as the core takes them: the JSON form of the v1 message."""

from collections.abc import Mapping
from typing import Any

from google.protobuf.json_format import MessageToDict

from hatchet_engine.core.definition import WorkflowDefinition
from hatchet_engine.core.errors import InvalidArgument, Unimplemented
from hatchet_engine.transports.payloads import clean_text
from hatchet_wire.published import workflows_pb2 as v0
from hatchet_wire.published.v1.workflows_pb2 import (
    Concurrency,
    CreateTaskOpts,
    CreateTaskRateLimit,
    CreateWorkflowVersionRequest,
)


def definition(request: CreateWorkflowVersionRequest) -> WorkflowDefinition:
    """The validated definition.

    Raises:
        InvalidArgument: naming the field and what it must be.
    """
    raw = MessageToDict(request, preserving_proto_field_name=True)
    _check_texts(raw, "the registration")
    return WorkflowDefinition.parse(raw)


def _check_texts(value: Any, where: str) -> None:
    if isinstance(value, str):
        if clean_text(value) != value:
            raise InvalidArgument(f"Invalid request: {where} contains the character U+0000")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            _check_texts(key, f"a key in {where}")
            _check_texts(item, key)
    elif isinstance(value, list):
        for item in value:
            _check_texts(item, where)


def from_v0(opts: v0.CreateWorkflowVersionOpts) -> CreateWorkflowVersionRequest:
    """A registration in jobs and steps, in the v1 form.

    Raises:
        Unimplemented: it uses what v1 has no place for.
    """
    if opts.scheduled_triggers:
        raise Unimplemented("scheduled_triggers: scheduled runs are not available in this version of the engine")
    request = CreateWorkflowVersionRequest(
        name=opts.name,
        description=opts.description,
        version=opts.version,
        event_triggers=opts.event_triggers,
        cron_triggers=opts.cron_triggers,
        tasks=[_task(step, opts) for job in opts.jobs for step in job.steps],
    )
    if opts.HasField("cron_input"):
        request.cron_input = opts.cron_input
    if opts.HasField("sticky"):
        # Both protocols number the strategies alike; the stubs have a type for each.
        request.sticky = opts.sticky  # type: ignore[assignment]
    if opts.HasField("default_priority"):
        request.default_priority = opts.default_priority
    if opts.HasField("concurrency"):
        request.concurrency.CopyFrom(_concurrency(opts.concurrency))
    if opts.on_failure_job.steps:
        request.on_failure_task.CopyFrom(_task(opts.on_failure_job.steps[0], opts))
    return request


def _concurrency(concurrency: v0.WorkflowConcurrencyOpts) -> Concurrency:
    if concurrency.action:
        raise Unimplemented("concurrency.action: group key functions belong to v0; give an expression")
    converted = Concurrency(expression=concurrency.expression)
    if concurrency.HasField("max_runs"):
        converted.max_runs = concurrency.max_runs
    if concurrency.HasField("limit_strategy"):
        converted.limit_strategy = concurrency.limit_strategy  # type: ignore[assignment]
    return converted


def _task(step: v0.CreateWorkflowStepOpts, opts: v0.CreateWorkflowVersionOpts) -> CreateTaskOpts:
    task = CreateTaskOpts(
        readable_id=step.readable_id,
        action=step.action,
        timeout=step.timeout,
        inputs=step.inputs,
        parents=step.parents,
        retries=step.retries,
        # The messages of both protocols have the same fields under the same numbers.
        rate_limits=[CreateTaskRateLimit.FromString(limit.SerializeToString()) for limit in step.rate_limits],
        worker_labels=step.worker_labels,
    )
    if step.HasField("backoff_factor"):
        task.backoff_factor = step.backoff_factor
    if step.HasField("backoff_max_seconds"):
        task.backoff_max_seconds = step.backoff_max_seconds
    if opts.HasField("schedule_timeout"):
        task.schedule_timeout = opts.schedule_timeout
    return task
