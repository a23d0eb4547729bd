"""`V1WorkflowType` of the REST API."""

from enum import StrEnum


class V1WorkflowType(StrEnum):
    """What a row of the run list stands for."""

    DAG = "DAG"
    TASK = "TASK"
