"""Creating runs."""

from hatchet_engine.core.changes import Changes
from hatchet_engine.core.commands import TriggerItem, TriggerRuns
from hatchet_engine.core.definition import PRIORITIES
from hatchet_engine.core.errors import InvalidArgument, Unimplemented
from hatchet_engine.core.model import Origin, Task, Version
from hatchet_engine.core.state import Tenant


class RunIds(list[str]):
    """The reply of a TriggerRuns: the run ids in order."""


def trigger(tenant: Tenant, command: TriggerRuns, changes: Changes, now: int) -> RunIds:
    """Create one run per item, all or none. An id that exists already (sent again) creates nothing."""
    versions = _newest_versions(tenant, command)
    for item in command.items:
        if item.priority is not None and item.priority not in PRIORITIES:
            raise InvalidArgument(f"Invalid request: priority must be 1, 2 or 3, not {item.priority}")
    run_ids = RunIds()
    for item in command.items:
        run_ids.append(item.run_id)
        if item.run_id not in tenant.tasks and item.run_id not in command.known:
            _create(tenant, versions[item.workflow], item, changes, now)
    return run_ids


def _newest_versions(tenant: Tenant, command: TriggerRuns) -> dict[str, Version]:
    versions: dict[str, Version] = {}
    missing: dict[str, None] = {}
    for item in command.items:
        if item.workflow in versions:
            continue
        workflow = tenant.workflows.get(item.workflow)
        if workflow is None or workflow.latest is None:
            missing[item.workflow] = None
        else:
            versions[item.workflow] = workflow.latest
    if missing:
        raise InvalidArgument(f"workflow names not found: {', '.join(missing)}")
    for version in versions.values():
        _check_executable(version)
    return versions


def _check_executable(version: Version) -> None:
    definition = version.definition
    unsupported = [*definition.not_executed, *(text for step in definition.steps for text in step.not_executed)]
    if not definition.is_standalone:
        unsupported.insert(0, "several tasks")
    if unsupported:
        raise Unimplemented(
            f"workflow '{definition.name}' uses {', '.join(dict.fromkeys(unsupported))}, which this engine stores but "
            "does not execute yet; nothing was started"
        )


def _create(tenant: Tenant, version: Version, item: TriggerItem, changes: Changes, now: int) -> None:
    task = Task(item.run_id, version.steps[0], item.priority or version.definition.default_priority, now)
    if item.parent_task_id is not None:
        task.origin = Origin(item.parent_run_id, item.parent_task_id, item.child_index, item.child_key)
    tenant.tasks[task.id] = task
    changes.created.append((task, item.input, item.additional_metadata))
    changes.fresh.add(task.id)
    tenant.enqueue(task, now)
