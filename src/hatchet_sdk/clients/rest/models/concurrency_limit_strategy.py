"""`ConcurrencyLimitStrategy` of the REST API."""

from enum import StrEnum


class ConcurrencyLimitStrategy(StrEnum):
    """What happens to a run beyond a limit."""

    CANCEL_IN_PROGRESS = "CANCEL_IN_PROGRESS"
    DROP_NEWEST = "DROP_NEWEST"
    QUEUE_NEWEST = "QUEUE_NEWEST"
    GROUP_ROUND_ROBIN = "GROUP_ROUND_ROBIN"
    CANCEL_NEWEST = "CANCEL_NEWEST"
