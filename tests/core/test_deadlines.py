from hypothesis import given
from hypothesis import strategies as st

from hatchet_engine.core.deadlines import Deadlines
from hatchet_engine.core.durations import HOUR, SECOND

KEYS = st.sampled_from("abcdef")
TIMES = st.one_of(st.integers(0, 200_000), st.integers(0, 5 * SECOND), st.integers(0, 3 * HOUR))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), KEYS, TIMES),
        st.tuples(st.just("remove"), KEYS, st.just(0)),
        st.tuples(st.just("wait"), st.just(""), TIMES),
    ),
    max_size=60,
)
LATEST = 20_000


@given(STEPS)
def test_a_deadline_fires_once_never_early_and_at_most_a_bucket_late(steps: list[tuple[str, str, int]]) -> None:
    deadlines, expected, now = Deadlines(), dict[str, int](), 10_000 * HOUR
    for what, key, amount in steps:
        if what == "add" and key not in expected:
            expected[key] = now + amount
            deadlines.add(key, expected[key], now)
        elif what == "remove" and key in expected:
            deadlines.remove(key, expected.pop(key))
        elif what == "wait":
            now += amount
            due = deadlines.due(now)
            assert len(set(due)) == len(due)
            assert all(expected[fired] <= now for fired in due)
            for fired in due:
                del expected[fired]
            assert all(at + LATEST > now for at in expected.values())
    for key, at in expected.items():
        assert deadlines.contains(key, at)


@given(st.dictionaries(KEYS, TIMES, min_size=1))
def test_sleeping_until_next_misses_nothing(ahead: dict[str, int]) -> None:
    start = now = 10_000 * HOUR
    deadlines = Deadlines()
    for key, amount in ahead.items():
        deadlines.add(key, start + amount, start)
    fired: dict[str, int] = {}
    while (wake := deadlines.next()) is not None:
        now = max(now, wake)
        fired.update(dict.fromkeys(deadlines.due(now), now - start))
    assert fired.keys() == ahead.keys()
    assert all(ahead[key] <= at < ahead[key] + LATEST for key, at in fired.items())


def test_nothing_is_next_when_all_is_cleared() -> None:
    deadlines = Deadlines()
    deadlines.add("a", SECOND, 0)
    deadlines.add("b", HOUR, 0)
    deadlines.remove("a", SECOND)
    deadlines.remove("b", HOUR)
    assert deadlines.next() is None
