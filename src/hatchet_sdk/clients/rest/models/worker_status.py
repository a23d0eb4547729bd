"""`WorkerStatus` of the REST API."""

from enum import StrEnum


class WorkerStatus(StrEnum):
    """Whether a worker takes work."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    PAUSED = "PAUSED"
