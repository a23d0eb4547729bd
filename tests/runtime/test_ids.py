import uuid

from hypothesis import given
from hypothesis import strategies as st

from hatchet_engine.runtime.ids import Uuid7


def test_ids_are_uuids_of_version_7() -> None:
    made = uuid.UUID(Uuid7()())
    assert (made.version, made.variant) == (7, uuid.RFC_4122)


def test_the_time_is_in_the_id() -> None:
    made = uuid.UUID(Uuid7(now_ns=lambda: 1_800_000_000_123_456_789)())
    assert made.int >> 80 == 1_800_000_000_123


@given(st.lists(st.integers(10**18, 2 * 10**18), min_size=2, max_size=50))
def test_ids_grow_whatever_the_clock_does(instants: list[int]) -> None:
    clock = iter(instants)
    source = Uuid7(now_ns=lambda: next(clock))
    made = [source() for _ in instants]
    assert made == sorted(set(made))
