from hypothesis import given
from hypothesis import strategies as st

from hatchet_engine.runtime.chunks import ChunkOrder


@given(st.permutations(range(8)))
def test_chunks_come_out_in_order_whatever_order_they_come_in(arrivals: list[int]) -> None:
    order = ChunkOrder()
    released = [chunk for index in arrivals for chunk in order.put(0, index, str(index))]
    assert released == [(index, str(index)) for index in range(8)]


def test_a_gap_is_given_up_by_a_flush_and_what_comes_late_is_dropped() -> None:
    order = ChunkOrder()
    assert order.put(0, 2, "c") == []
    assert order.flush() == [(2, "c")]
    assert order.put(0, 1, "b") == []
    assert order.put(0, 3, "d") == [(3, "d")]


def test_a_new_attempt_starts_at_zero_and_an_old_one_is_over() -> None:
    order = ChunkOrder()
    order.put(0, 0, "a")
    order.put(0, 5, "f")
    assert order.put(1, 0, "A") == [(5, "f"), (0, "A")]
    assert order.put(0, 1, "b") == []


def test_chunks_without_an_index_pass_through() -> None:
    assert ChunkOrder().put(0, None, "x") == [(None, "x")]
