"""`WorkflowPauseScheduledCronRunQueueBehavior` of the REST API."""

from enum import StrEnum


class WorkflowPauseScheduledCronRunQueueBehavior(StrEnum):
    """What becomes of ticks and schedules while a workflow is paused."""

    DROP = "DROP"
    QUEUE = "QUEUE"
