"""`V1LogLineLevel` of the REST API."""

from enum import StrEnum


class V1LogLineLevel(StrEnum):
    """Level of a log line."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARN = "WARN"
    ERROR = "ERROR"
