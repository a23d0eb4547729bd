"""What must be true of the rows, also of those that are finished. Each statement selects the ids that break a rule."""

from dataclasses import dataclass

from hatchet_engine.core.machine import TERMINAL, TaskState


@dataclass(frozen=True, slots=True)
class RowCheck:
    """`problem` goes on after the number of rows: "3 tasks are finished but have no end"."""

    name: str
    problem: str
    sql: str


_FINISHED = ", ".join(str(int(state)) for state in sorted(TERMINAL))
_RUNNING = int(TaskState.RUNNING)
_LAST = int(max(TaskState))

ROW_CHECKS = (
    RowCheck(
        "no_end",
        "tasks are finished but have no time of their end",
        f"SELECT id FROM tasks WHERE state IN ({_FINISHED}) AND finished_at IS NULL",
    ),
    RowCheck(
        "early_end",
        "tasks are not finished but have a time of their end",
        f"SELECT id FROM tasks WHERE state NOT IN ({_FINISHED}) AND finished_at IS NOT NULL",
    ),
    RowCheck(
        "no_worker",
        "tasks are running but name no worker",
        f"SELECT id FROM tasks WHERE state = {_RUNNING} AND worker_id IS NULL",
    ),
    RowCheck(
        "unknown_state",
        "tasks are in a state that does not exist",
        f"SELECT id FROM tasks WHERE state NOT BETWEEN 0 AND {_LAST}",
    ),
    RowCheck(
        "unknown_tenant",
        "tasks belong to a tenant that does not exist",
        "SELECT id FROM tasks WHERE NOT EXISTS (SELECT 1 FROM tenants WHERE tenants.id = tasks.tenant_id)",
    ),
    RowCheck(
        "unknown_version",
        "tasks are of a workflow version that does not exist",
        "SELECT id FROM tasks"
        " WHERE NOT EXISTS (SELECT 1 FROM workflow_versions WHERE workflow_versions.id = tasks.version_id)",
    ),
    RowCheck(
        "unreadable_payload",
        "tasks that are not finished have an input or metadata that is no JSON",
        f"SELECT id FROM tasks WHERE state NOT IN ({_FINISHED})"
        " AND ((input != '' AND NOT json_valid(input))"
        " OR (additional_metadata != '' AND NOT json_valid(additional_metadata)))",
    ),
    RowCheck(
        "lost_attempt",
        "attempts belong to a task that does not exist, or that never came so far",
        "SELECT task_id FROM attempts WHERE NOT EXISTS"
        " (SELECT 1 FROM tasks WHERE tasks.id = attempts.task_id AND tasks.retry_count > attempts.retry_count)",
    ),
)
