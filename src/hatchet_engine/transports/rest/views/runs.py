"""Workflow runs."""

from hatchet_engine.core.definition import Step, WorkflowDefinition
from hatchet_engine.store.queries import RunPage, TaskRow, VersionRow
from hatchet_engine.transports.rest.models.runs import (
    V1WorkflowRun,
    V1WorkflowRunDetails,
    V1WorkflowRunDisplayName,
    WorkflowRunShapeItemForWorkflowRunDetails,
)
from hatchet_engine.transports.rest.models.tasks import Cause
from hatchet_engine.transports.rest.views.events import task_events
from hatchet_engine.transports.rest.views.json_text import json_list, json_object
from hatchet_engine.transports.rest.views.tasks import (
    STATUS,
    display_name,
    milliseconds,
    resource,
    task_summary,
)

NIL_ID = "00000000-0000-0000-0000-000000000000"
"""In the shape of a run: this task does not exist yet."""


def workflow_run(task: TaskRow, payloads: bool = True) -> V1WorkflowRun:
    return V1WorkflowRun(
        metadata=resource(task.id, task.created_at, task.queued_at, task.started_at, task.finished_at),
        status=STATUS[task.state],
        started_at=task.started_at,
        finished_at=task.finished_at,
        duration=milliseconds(task.started_at, task.finished_at),
        tenant_id=task.tenant_id,
        additional_metadata=json_object(task.additional_metadata),
        display_name=display_name(task.workflow_name, task.created_at),
        workflow_id=task.workflow_id,
        output=json_object(task.output) if payloads else {},
        error_message=task.error,
        workflow_version_id=task.version_id,
        input=json_object(task.input) if payloads else {},
        created_at=task.created_at,
        parent_task_external_id=task.parent_task_id,
    )


def run_details(page: RunPage, causes: list[Cause]) -> V1WorkflowRunDetails:
    """Everything about a run; `causes` are why its task waits."""
    task = page.history.task
    summary = task_summary(task, page.children)
    if causes:
        summary.explain = causes
    return V1WorkflowRunDetails(
        run=workflow_run(task),
        task_events=task_events(page.history),
        shape=run_shape(task, page.version),
        tasks=[summary],
        workflow_config=json_object(page.version.definition) if page.version is not None else None,
    )


def only_id(task: TaskRow) -> V1WorkflowRunDetails:
    """For those who want to know nothing but the id of the run that they created."""
    return V1WorkflowRunDetails(run=workflow_run(task, payloads=False), task_events=[], shape=[], tasks=[])


def run_shape(task: TaskRow, version: VersionRow | None) -> list[WorkflowRunShapeItemForWorkflowRunDetails]:
    """One item per task of the version, also for those that do not exist yet."""
    if version is None:
        return []
    return [
        WorkflowRunShapeItemForWorkflowRunDetails(
            task_external_id=task.id if step_id == task.step_id else NIL_ID,
            step_id=step_id,
            children_step_ids=children,
            task_name=step.name,
        )
        for step, step_id, children in steps_with_children(version)
    ]


def steps_with_children(version: VersionRow) -> list[tuple[Step, str, list[str]]]:
    """Each task definition of a version with its id and the ids of those that follow it."""
    definition = WorkflowDefinition.parse(json_object(version.definition))
    step_ids: list[str] = json_list(version.step_ids)
    pairs = list(zip(definition.steps, step_ids, strict=True))
    return [
        (step, step_id, [other_id for other, other_id in pairs if step.name in other.parents])
        for step, step_id in pairs
    ]


def run_display_name(task: TaskRow) -> V1WorkflowRunDisplayName:
    return V1WorkflowRunDisplayName(
        metadata=resource(task.id, task.created_at),
        display_name=display_name(task.workflow_name, task.created_at),
    )
