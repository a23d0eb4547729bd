"""What workers of the published protocol are sent: AssignedAction messages (docs/wire.md C.4)."""

from hatchet_engine.core.changes import CancelAttempt
from hatchet_engine.core.model import VersionStep
from hatchet_engine.runtime.records import Delivery
from hatchet_wire.published.dispatcher_pb2 import CANCEL_STEP_RUN, START_STEP_RUN, AssignedAction

_REMEMBERED_STEPS = 10_000


def start_action(tenant_id: str, delivery: Delivery) -> AssignedAction:
    """Start an attempt of a standalone task."""
    assigned = delivery.assigned
    action = _action(tenant_id, assigned.task_id, assigned.retry_count, assigned.step)
    action.action_type = START_STEP_RUN
    action.action_payload = _payload(delivery.input)
    action.priority = assigned.priority
    action.additional_metadata = delivery.additional_metadata or "{}"
    origin = delivery.origin
    if origin is not None:
        if origin.parent_run_id is not None:
            action.parent_workflow_run_id = origin.parent_run_id
        if origin.child_index is not None:
            action.child_workflow_index = origin.child_index
        if origin.child_key is not None:
            action.child_workflow_key = origin.child_key
    return action


def cancel_action(tenant_id: str, cancel: CancelAttempt, step: VersionStep | None) -> AssignedAction:
    """Stop an attempt. The SDK looks it up by task id and retry count; the other ids are as on its start."""
    action = _action(tenant_id, cancel.task_id, cancel.retry_count, step)
    action.action_type = CANCEL_STEP_RUN
    return action


def _action(tenant_id: str, task_id: str, retry_count: int, step: VersionStep | None) -> AssignedAction:
    action = AssignedAction(
        tenant_id=tenant_id,
        workflow_run_id=task_id,
        job_run_id=task_id,
        task_run_external_id=task_id,
        retry_count=retry_count,
    )
    if step is not None:
        name = step.step.name
        action.action_id = step.action
        action.job_id = action.task_id = step.id
        action.job_name = action.task_name = name
        action.workflow_id = step.version.workflow_id
        action.workflow_version_id = step.version.id
    return action


def _payload(input_: str) -> str:
    # The input was checked to be a JSON object when it came in, so it can be put in as it is.
    return (
        f'{{"input":{input_ or "{}"},"triggered_by":"manual","parents":{{}},'
        '"triggers":{"filter_payload":null},"user_data":null,"overrides":null}'
    )


class RecentSteps:
    """Which step an attempt that was sent on this stream belongs to, so that its cancel carries the same ids."""

    def __init__(self) -> None:
        self._steps: dict[str, VersionStep] = {}

    def remember(self, task_id: str, step: VersionStep) -> None:
        self._steps.pop(task_id, None)
        self._steps[task_id] = step
        if len(self._steps) > _REMEMBERED_STEPS:
            del self._steps[next(iter(self._steps))]

    def of(self, task_id: str) -> VersionStep | None:
        return self._steps.get(task_id)
