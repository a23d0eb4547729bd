"""Registration of workflow versions."""

from hatchet_engine.core.changes import Changes
from hatchet_engine.core.commands import RegisterWorkflow
from hatchet_engine.core.model import Version, Workflow
from hatchet_engine.core.state import Tenant


def register(tenant: Tenant, command: RegisterWorkflow, changes: Changes, now: int) -> Version:
    """Store a definition. One that equals the newest version changes nothing and answers that version."""
    definition = command.definition
    checksum = definition.checksum()
    workflow = tenant.workflows.get(definition.name)
    if workflow is None:
        workflow = Workflow(command.workflow_id, definition.name, now)
        tenant.workflows[definition.name] = workflow
        changes.workflows.append(workflow)
    elif workflow.latest is not None and workflow.latest.checksum == checksum:
        return workflow.latest
    number = workflow.latest.number + 1 if workflow.latest is not None else 1
    version = Version(command.version_id, workflow.id, number, definition, checksum, command.step_ids, now)
    add_version(tenant, workflow, version)
    changes.versions.append(version)
    return version


def add_version(tenant: Tenant, workflow: Workflow, version: Version) -> None:
    """Put a version into the tenant's indices; the highest number is the newest."""
    tenant.versions[version.id] = version
    workflow.versions[version.id] = version
    if workflow.latest is None or workflow.latest.number < version.number:
        workflow.latest = version
