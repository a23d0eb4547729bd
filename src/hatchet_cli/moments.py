"""Times and durations on the command line."""

from datetime import UTC, datetime, timedelta

from hatchet_cli.failure import UsageError

DAY = "24h"


def parse_duration_s(text: str) -> float:
    """Seconds of `90s`, `5m`, `1h30m`, `2d`; a bare number is seconds.

    Raises:
        UsageError: the text is no duration.
    """
    from hatchet_engine.core.durations import SECOND, parse_duration
    from hatchet_engine.core.errors import InvalidArgument

    try:
        return float(text)
    except ValueError:
        pass
    try:
        return parse_duration(text) / SECOND
    except InvalidArgument as error:
        raise UsageError(f"{text!r} is not a duration.", "Write e.g. 30s, 5m, 1h30m or 7d.") from error


def parse_moment(text: str) -> str:
    """An RFC 3339 time in UTC of a time, or of a duration before now.

    Raises:
        UsageError: the text is neither.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = datetime.now(UTC) - timedelta(seconds=parse_duration_s(text))
        except (UsageError, OverflowError) as error:
            raise UsageError(
                f"{text!r} is neither a time nor a duration.",
                "Write a duration before now such as 30m, 24h or 7d, or a time such as 2026-01-31T12:00:00Z.",
            ) from error
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
