"""Requests to run a workflow, as core commands. The three forms of the wire differ in their fields' names only."""

from hatchet_engine.core.commands import TriggerItem
from hatchet_engine.core.errors import Unimplemented
from hatchet_engine.transports.payloads import (
    check_priority,
    check_run_payloads,
    check_text,
    decode_utf8,
    is_uuid,
    parse_uuid,
)
from hatchet_wire.published.v1.shared.trigger_pb2 import TriggerWorkflowRequest
from hatchet_wire.published.v1.workflows_pb2 import TriggerWorkflowRunRequest
from hatchet_wire.session.session_pb2 import Trigger

_NO_AFFINITY = "desired_worker_labels: worker affinity is not available in this version of the engine"


def from_session(trigger: Trigger) -> TriggerItem:
    """The item of a session's `Trigger`.

    Raises:
        InvalidArgument: an id, a payload or the priority is refused.
        Unimplemented: it asks for a feature that this engine lacks.
    """
    run_id, input_, metadata, priority = trigger.run_id, trigger.input, trigger.additional_metadata, trigger.priority
    if not is_uuid(run_id):
        parse_uuid(run_id, "run_id")
        run_id = run_id.lower()
    check_run_payloads(input_, metadata)
    item = TriggerItem(run_id, trigger.workflow, input_, metadata)
    if priority:
        item.priority = check_priority(priority)
    if trigger.parent_task_id:
        item.parent_task_id = parse_uuid(trigger.parent_task_id, "parent_task_id")
        if trigger.parent_run_id:
            item.parent_run_id = parse_uuid(trigger.parent_run_id, "parent_run_id")
        if trigger.HasField("child_index"):
            item.child_index = trigger.child_index
        if trigger.HasField("child_key"):
            item.child_key = check_text(trigger.child_key, "child_key")
    if trigger.desired_worker_id:
        item.desired_worker_id = parse_uuid(trigger.desired_worker_id, "desired_worker_id")
    if trigger.desired_labels:
        raise Unimplemented(_NO_AFFINITY)
    return item


def from_published(request: TriggerWorkflowRequest, run_id: str) -> TriggerItem:
    """The item of a v1 `TriggerWorkflowRequest`, for a run with a new id.

    Raises:
        InvalidArgument: an id, a payload or the priority is refused.
        Unimplemented: it asks for a feature that this engine lacks.
    """
    check_run_payloads(request.input, request.additional_metadata)
    item = TriggerItem(run_id, request.name, request.input, request.additional_metadata)
    if request.HasField("priority"):
        item.priority = check_priority(request.priority)
    if request.parent_task_run_external_id:
        item.parent_task_id = parse_uuid(request.parent_task_run_external_id, "parent_task_run_external_id")
        if request.parent_id:
            item.parent_run_id = parse_uuid(request.parent_id, "parent_id")
        if request.HasField("child_index"):
            item.child_index = request.child_index
        if request.HasField("child_key"):
            item.child_key = check_text(request.child_key, "child_key")
    if request.desired_worker_id:
        item.desired_worker_id = parse_uuid(request.desired_worker_id, "desired_worker_id")
    if request.desired_worker_labels:
        raise Unimplemented(_NO_AFFINITY)
    return item


def from_simple(request: TriggerWorkflowRunRequest, run_id: str) -> TriggerItem:
    """The item of a `TriggerWorkflowRunRequest`, whose payloads are bytes.

    Raises:
        InvalidArgument: a payload or the priority is refused.
        Unimplemented: it asks for a feature that this engine lacks.
    """
    input_ = decode_utf8(request.input, "input")
    metadata = decode_utf8(request.additional_metadata, "additional_metadata")
    check_run_payloads(input_, metadata)
    item = TriggerItem(run_id, request.workflow_name, input_, metadata)
    if request.HasField("priority"):
        item.priority = check_priority(request.priority)
    if request.desired_worker_labels:
        raise Unimplemented(_NO_AFFINITY)
    return item
