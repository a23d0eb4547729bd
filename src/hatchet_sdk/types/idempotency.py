"""Keys that keep the same thing from being started twice."""

from datetime import timedelta

from pydantic import BaseModel


class BaseIdempotencyConfig(BaseModel):
    """Args: key_expression: CEL over `input` and `additional_metadata` that yields the key, unique in the tenant."""

    key_expression: str


class TTLBasedIdempotencyConfig(BaseIdempotencyConfig):
    """The key is held for a fixed time after the run was accepted.

    Args:
        ttl: how long, at least 1 ms.
    """

    ttl: timedelta


class StatusBasedIdempotencyConfig(BaseIdempotencyConfig):
    """The key is held until the run has ended.

    Args:
        fallback_ttl: the longest time that it is held.
    """

    fallback_ttl: timedelta


IdempotencyConfig = TTLBasedIdempotencyConfig | StatusBasedIdempotencyConfig
