"""Ranges of time."""

from datetime import UTC, datetime, timedelta


def partition_date_range(since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
    """The range cut at UTC midnights, oldest part first.

    Args:
        since: start of the range; without a time zone it is taken as UTC.
        until: end of the range, likewise.
    """
    start, end = as_utc(since), as_utc(until)
    parts: list[tuple[datetime, datetime]] = []
    while start < end:
        midnight = start.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        parts.append((start, min(midnight, end)))
        start = midnight
    return parts


def as_utc(moment: datetime) -> datetime:
    """`moment` in UTC; without a time zone it is taken as UTC already."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
