"""`ConcurrencyScope` of the REST API."""

from enum import StrEnum


class ConcurrencyScope(StrEnum):
    """What a concurrency limit belongs to."""

    WORKFLOW = "WORKFLOW"
    TASK = "TASK"
