"""What one assignment says, whichever protocol it came by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(slots=True)
class Action:
    """One attempt that this worker shall execute. JSON texts are objects, or empty."""

    task_id: str
    run_id: str
    retry_count: int
    action_id: str
    task_name: str
    workflow_name: str
    workflow_id: str | None = None
    workflow_version_id: str | None = None
    step_id: str = ""
    priority: int | None = None
    input: str = ""
    additional_metadata: str = ""
    parent_run_id: str | None = None
    child_index: int | None = None
    child_key: str | None = None
    parents: Mapping[str, str] = field(default_factory=dict)
    """Parent task name -> its output as JSON text (`{"skipped": true}`: it was skipped; empty: no output)."""
    triggers: str = ""
    """Readable key of a condition -> data of what satisfied it, plus `filter_payload`, as JSON text."""
    task_errors: Mapping[str, str] = field(default_factory=dict)
    """On-failure tasks only: name of the failed task -> its error text."""
    invocation_count: int = 0
    triggering_event_id: str | None = None
    triggering_event_key: str | None = None
    execution_timeout: timedelta | None = None
    """None: not told (published protocol); the task's own definition says it."""
    retries: int = 0

    @property
    def key(self) -> tuple[str, int]:
        """The identity of the attempt."""
        return (self.task_id, self.retry_count)
