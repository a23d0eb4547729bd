"""What crosses the border between the SDK's public API and its transport."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from hatchet_wire.published.v1.shared.trigger_pb2 import DesiredWorkerLabels

RunStatusText = Literal["COMPLETED", "FAILED", "CANCELLED"]


@dataclass(slots=True)
class TriggerSpec:
    """One run to start. `input` and `additional_metadata` are JSON objects as text, or empty."""

    workflow: str
    """Namespaced name."""
    input: str
    additional_metadata: str
    priority: int | None = None
    """1..3; None: the workflow's default."""
    parent_run_id: str | None = None
    parent_task_id: str | None = None
    child_index: int | None = None
    child_key: str | None = None
    desired_worker_id: str | None = None
    desired_labels: "Mapping[str, DesiredWorkerLabels] | None" = None


@dataclass(slots=True)
class TaskOutcome:
    """How one task of a finished run ended."""

    task_id: str
    name: str
    output: str
    """JSON object, or empty."""
    error: str | None
    """None: no error; empty: cancelled."""


@dataclass(slots=True)
class RunOutcome:
    """How a run ended."""

    run_id: str
    status: RunStatusText
    tasks: list[TaskOutcome]
