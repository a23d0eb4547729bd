"""`WorkerType` of the REST API."""

from enum import StrEnum


class WorkerType(StrEnum):
    """Who runs a worker."""

    SELFHOSTED = "SELFHOSTED"
    MANAGED = "MANAGED"
    WEBHOOK = "WEBHOOK"
