"""`WorkerRuntimeSDKs` of the REST API."""

from enum import StrEnum


class WorkerRuntimeSDKs(StrEnum):
    """Language of a worker's SDK."""

    GOLANG = "GOLANG"
    PYTHON = "PYTHON"
    TYPESCRIPT = "TYPESCRIPT"
    RUBY = "RUBY"
