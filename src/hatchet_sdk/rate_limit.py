"""The old home of `hatchet_sdk.types.rate_limit`."""

from hatchet_sdk.types.rate_limit import RateLimit, RateLimitDuration

__all__ = ["RateLimit", "RateLimitDuration"]
