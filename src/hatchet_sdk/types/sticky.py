"""Keeping the tasks of a run on one worker."""

from enum import StrEnum


class StickyStrategy(StrEnum):
    """SOFT prefers the worker that ran the first task, HARD waits for it."""

    SOFT = "SOFT"
    HARD = "HARD"
