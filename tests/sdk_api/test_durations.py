"""Durations on the wire."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatchet_engine.core.durations import parse_duration
from hatchet_sdk.utils.datetimes import partition_date_range
from hatchet_sdk.utils.timedelta_to_expression import as_timedelta, expr_to_timedelta, timedelta_to_expr

MILLISECOND = timedelta(milliseconds=1)
positive = st.timedeltas(min_value=timedelta(), max_value=timedelta(days=3650))


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(hours=2), "2h"),
        (timedelta(minutes=90), "90m"),
        (timedelta(seconds=90), "90s"),
        (timedelta(days=1), "24h"),
        (timedelta(milliseconds=250), "250ms"),
        (timedelta(seconds=1.5), "1500ms"),
        (timedelta(microseconds=1), "1ms"),
        (timedelta(milliseconds=1, microseconds=1), "2ms"),
        (timedelta(), "0s"),
        (timedelta(seconds=-3), "-3s"),
    ],
)
def test_the_largest_unit_that_fits_exactly(duration: timedelta, text: str) -> None:
    assert timedelta_to_expr(duration) == text


@given(positive)
def test_a_duration_is_never_shortened(duration: timedelta) -> None:
    there = expr_to_timedelta(timedelta_to_expr(duration))
    assert duration <= there < duration + MILLISECOND


@given(positive)
def test_the_engine_reads_what_the_sdk_writes(duration: timedelta) -> None:
    text = timedelta_to_expr(duration)
    assert timedelta(microseconds=parse_duration(text)) == expr_to_timedelta(text)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("1h30m", timedelta(minutes=90)),
        ("1.5s", timedelta(milliseconds=1500)),
        ("1h2m3s4ms", timedelta(hours=1, minutes=2, seconds=3, milliseconds=4)),
        (" 5m ", timedelta(minutes=5)),
        ("-3s", timedelta(seconds=-3)),
    ],
)
def test_compound_durations_are_read(text: str, duration: timedelta) -> None:
    assert expr_to_timedelta(text) == duration


@pytest.mark.parametrize("text", ["", "5", "5 m", "m", "5d", "1h x", "--1s"])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        expr_to_timedelta(text)


def test_text_is_deprecated() -> None:
    with pytest.warns(DeprecationWarning, match="timedelta"):
        assert timedelta_to_expr("10s") == "10s"
    with pytest.warns(DeprecationWarning, match="timedelta"):
        assert as_timedelta("10s") == timedelta(seconds=10)


def test_a_range_is_cut_at_utc_midnights() -> None:
    since = datetime(2026, 1, 1, 23, tzinfo=timezone(timedelta(hours=-2)))
    assert partition_date_range(since, datetime(2026, 1, 3, 1)) == [
        (datetime(2026, 1, 2, 1, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC)),
        (datetime(2026, 1, 3, tzinfo=UTC), datetime(2026, 1, 3, 1, tzinfo=UTC)),
    ]
    assert partition_date_range(since, since) == []


@given(st.datetimes(max_value=datetime(2100, 1, 1), min_value=datetime(2000, 1, 1)), st.integers(1, 40 * 86400))
def test_the_parts_of_a_range_are_the_range(since: datetime, seconds: int) -> None:
    since = since.replace(tzinfo=UTC)
    until = since + timedelta(seconds=seconds)
    parts = partition_date_range(since, until)
    assert (parts[0][0], parts[-1][1]) == (since, until)
    assert all(left[1] == right[0] for left, right in pairwise(parts))
    assert all(start < end <= start + timedelta(days=1) for start, end in parts)
