"""Rate limits: keyed, shared by all workers and workflows of a tenant."""

from enum import StrEnum

from pydantic import BaseModel, model_validator


class RateLimitDuration(StrEnum):
    """The window in which a limit's units are given out."""

    SECOND = "SECOND"
    MINUTE = "MINUTE"
    HOUR = "HOUR"
    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    YEAR = "YEAR"


class RateLimit(BaseModel):
    """What one run of a task takes from a rate limit.

    Args:
        static_key: name of a limit that was declared with `hatchet.rate_limits.put`.
        dynamic_key: CEL that yields the key of a limit which is made when a run needs it.
        units: how many units a run takes; text is CEL.
        limit: units per window of a dynamic limit; text is CEL.
        duration: window of a dynamic limit.
    """

    static_key: str | None = None
    dynamic_key: str | None = None
    units: str | int = 1
    limit: int | str | None = None
    duration: RateLimitDuration = RateLimitDuration.MINUTE

    @model_validator(mode="after")
    def _one_key(self) -> "RateLimit":
        if bool(self.static_key) == bool(self.dynamic_key):
            raise ValueError("a rate limit has either a static_key or a dynamic_key")
        if self.dynamic_key and self.limit is None:
            raise ValueError("a rate limit with a dynamic_key needs a limit")
        return self
