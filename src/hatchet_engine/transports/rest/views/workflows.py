"""Workflows and their versions."""

from collections.abc import Sequence

from hatchet_engine.core.definition import Step as CoreStep
from hatchet_engine.core.definition import WorkflowDefinition
from hatchet_engine.core.durations import format_duration
from hatchet_engine.store.queries import VersionRow, WorkflowRow
from hatchet_engine.transports.rest.models.workflows import (
    Job,
    Step,
    Workflow,
    WorkflowVersion,
    WorkflowVersionMeta,
)
from hatchet_engine.transports.rest.views.json_text import json_object
from hatchet_engine.transports.rest.views.runs import steps_with_children
from hatchet_engine.transports.rest.views.tasks import resource


def listed_workflow(workflow: WorkflowRow, newest: VersionRow | None) -> Workflow:
    """A workflow as lists show it, with its newest version."""
    return _workflow(workflow, [newest] if newest is not None else [])


def detailed_workflow(workflow: WorkflowRow, versions: Sequence[VersionRow]) -> Workflow:
    """A workflow with all its versions, newest first, and the tasks of the newest."""
    shown = _workflow(workflow, versions)
    if versions:
        shown.jobs = [_job(workflow, versions[0])]
    return shown


def workflow_version(workflow: WorkflowRow, version: VersionRow) -> WorkflowVersion:
    raw = json_object(version.definition)
    definition = WorkflowDefinition.parse(raw)
    return WorkflowVersion(
        metadata=resource(version.id, version.created_at),
        version=version_name(version, definition),
        order=version.number,
        workflow_id=workflow.id,
        default_priority=definition.default_priority,
        workflow=_workflow(workflow, [version]),
        schedule_timeout=format_duration(definition.steps[0].schedule_timeout),
        jobs=[_job(workflow, version)],
        workflow_config=raw,
    )


def version_name(version: VersionRow, definition: WorkflowDefinition) -> str:
    """What the registration called the version, else its number."""
    return definition.version or f"v{version.number}"


def _workflow(workflow: WorkflowRow, versions: Sequence[VersionRow]) -> Workflow:
    definitions = [WorkflowDefinition.parse(json_object(version.definition)) for version in versions]
    return Workflow(
        metadata=resource(workflow.id, workflow.created_at, *(version.created_at for version in versions)),
        name=workflow.name,
        description=definitions[0].description if definitions else "",
        is_paused=False,
        versions=[
            WorkflowVersionMeta(
                metadata=resource(version.id, version.created_at),
                version=version_name(version, definition),
                order=version.number,
                workflow_id=workflow.id,
            )
            for version, definition in zip(versions, definitions, strict=True)
        ],
        tenant_id=workflow.tenant_id,
    )


def _job(workflow: WorkflowRow, version: VersionRow) -> Job:
    """The published API groups the tasks of a version in one job, which has the version's id."""
    steps = steps_with_children(version)
    ids = {step.name: step_id for step, step_id, _ in steps}
    return Job(
        metadata=resource(version.id, version.created_at),
        tenant_id=workflow.tenant_id,
        version_id=version.id,
        name=workflow.name,
        steps=[_step(workflow, version, step, ids, children) for step, _, children in steps],
    )


def _step(workflow: WorkflowRow, version: VersionRow, step: CoreStep, ids: dict[str, str], children: list[str]) -> Step:
    return Step(
        metadata=resource(ids[step.name], version.created_at),
        readable_id=step.name,
        tenant_id=workflow.tenant_id,
        job_id=version.id,
        action=step.action,
        timeout=format_duration(step.execution_timeout),
        is_durable=step.is_durable,
        slot_requests=dict(step.slot_requests),
        children=children,
        parents=[ids[name] for name in step.parents],
    )
