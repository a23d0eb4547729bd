"""Assignments of the published protocol."""

from typing import Any

from pydantic_core import from_json, to_json

from hatchet_sdk.logger import logger
from hatchet_sdk.worker.action import Action
from hatchet_wire.published.dispatcher_pb2 import AssignedAction


def read_action(message: AssignedAction) -> Action:
    """The assignment, with the parts of its payload as JSON texts again.

    What it does not say (timeout, retries, workflow name) is left to the task's own definition.
    """
    payload = _payload(message.action_payload)
    return Action(
        task_id=message.task_run_external_id,
        run_id=message.workflow_run_id,
        retry_count=message.retry_count,
        action_id=message.action_id,
        task_name=message.task_name,
        workflow_name="",
        workflow_id=message.workflow_id or None,
        workflow_version_id=message.workflow_version_id or None,
        step_id=message.task_id,
        priority=message.priority or None,
        input=_text(payload.get("input")),
        additional_metadata=message.additional_metadata,
        parent_run_id=message.parent_workflow_run_id or None,
        child_index=message.child_workflow_index if message.HasField("child_workflow_index") else None,
        child_key=message.child_workflow_key if message.HasField("child_workflow_key") else None,
        parents={name: _text(output) for name, output in (payload.get("parents") or {}).items()},
        triggers=_text(payload.get("triggers")),
        task_errors=payload.get("step_run_errors") or {},
        invocation_count=message.durable_task_invocation_count,
        triggering_event_id=message.triggering_event_external_id or None,
        triggering_event_key=message.triggering_event_key or None,
    )


def _payload(text: str) -> dict[str, Any]:
    try:
        payload = from_json(text) if text else {}
    except ValueError:
        logger.error("an assignment came with a payload that is not JSON; the task runs with an empty one")
        return {}
    return payload if isinstance(payload, dict) else {}


def _text(value: Any) -> str:
    return to_json(value).decode() if value else ""
