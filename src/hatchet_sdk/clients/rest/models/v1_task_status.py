"""`V1TaskStatus` of the REST API."""

from enum import StrEnum


class V1TaskStatus(StrEnum):
    """State of a run or of a task run."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"
