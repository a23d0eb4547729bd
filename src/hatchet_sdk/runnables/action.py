"""Kinds of work that an engine sends, and the key of one piece of it."""

from enum import StrEnum
from typing import TypeAlias

ActionKey: TypeAlias = str
"""`<task run id>/<retry count>`."""


class ActionType(StrEnum):
    """Kind of a work item."""

    START_STEP_RUN = "START_STEP_RUN"
    CANCEL_STEP_RUN = "CANCEL_STEP_RUN"
    START_BATCH = "START_BATCH"
