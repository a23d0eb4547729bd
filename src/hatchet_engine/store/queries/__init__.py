"""The read side: what REST, gRPC look-ups and late results need, straight from the tables.

Every function takes `Store.reader`, blocks, and is called in a thread, never on the engine loop.
"""

from hatchet_engine.store.queries.connection import database_answers
from hatchet_engine.store.queries.filters import TaskFilter
from hatchet_engine.store.queries.history import (
    AttemptRow,
    EventRow,
    History,
    RunPage,
    find_attempt,
    run_page,
    task_history,
)
from hatchet_engine.store.queries.logs import LogFilter, LogRow, log_page
from hatchet_engine.store.queries.metrics import LiveCount, TenantRow, find_tenant, live_counts
from hatchet_engine.store.queries.runs import (
    FinishedOutcome,
    RunDetails,
    RunTask,
    finished_outcomes,
    run_details,
)
from hatchet_engine.store.queries.tasks import (
    TaskPage,
    TaskRow,
    children_of,
    descendants,
    find_task,
    find_tasks,
    state_counts,
    task_ids,
    task_ids_json,
    task_page,
)
from hatchet_engine.store.queries.workers import WorkerRow, find_worker, workers_seen_since
from hatchet_engine.store.queries.workflows import (
    VersionRow,
    WorkflowPage,
    WorkflowRow,
    find_version,
    find_workflow,
    newest_versions,
    versions_of,
    workflow_page,
)

__all__ = [
    "AttemptRow",
    "EventRow",
    "FinishedOutcome",
    "History",
    "LiveCount",
    "LogFilter",
    "LogRow",
    "RunDetails",
    "RunPage",
    "RunTask",
    "TaskFilter",
    "TaskPage",
    "TaskRow",
    "TenantRow",
    "VersionRow",
    "WorkerRow",
    "WorkflowPage",
    "WorkflowRow",
    "children_of",
    "database_answers",
    "descendants",
    "find_attempt",
    "find_task",
    "find_tasks",
    "find_tenant",
    "find_version",
    "find_worker",
    "find_workflow",
    "finished_outcomes",
    "live_counts",
    "log_page",
    "newest_versions",
    "run_details",
    "run_page",
    "state_counts",
    "task_history",
    "task_ids",
    "task_ids_json",
    "task_page",
    "versions_of",
    "workers_seen_since",
    "workflow_page",
]
