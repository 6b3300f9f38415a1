"""A batch grows while the authority answers quickly, and halves where one was in vain, once for all of a burst."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risiti.gateway.resilience.batch_size import BatchBounds, BatchSize

BOUNDS = BatchBounds(start=2, most=10, quick=5.0, shrink_every=5.0, rest=60.0)


def grown(to: int) -> BatchSize:
    size = BatchSize(BOUNDS)
    for documents in range(2, to):
        size.ended(0.0, documents, 1.0)
    assert size.size(0.0) == to
    return size


def test_it_grows_by_one_with_each_full_batch_that_was_answered_quickly_and_no_further_than_it_may() -> None:
    assert grown(10).size(0.0) == 10
    size = grown(10)
    size.ended(0.0, 10, 1.0)
    assert size.size(0.0) == 10


def test_a_batch_that_was_not_full_says_nothing_for_larger_ones() -> None:
    size = grown(6)
    size.ended(0.0, 5, 1.0)
    assert size.size(0.0) == 6


@pytest.mark.parametrize(("seconds", "then"), [(5.0, 7), (5.1, 3), (None, 3)])
def test_it_halves_where_the_answer_was_slow_or_nothing_came_of_it(seconds: float | None, then: int) -> None:
    size = grown(6)
    size.ended(1.0, 6, seconds)
    assert size.size(1.0) == then


@pytest.mark.parametrize(("later", "then"), [(4.9, 4), (5.0, 2)])
def test_what_was_on_its_way_with_it_counts_once(later: float, then: int) -> None:
    size = grown(8)
    size.ended(0.0, 8, None)
    size.ended(later, 8, None)
    assert size.size(later) == then


@pytest.mark.parametrize(("later", "then"), [(59.9, 4), (60.0, 5)])
def test_it_rests_before_it_grows_again(later: float, then: int) -> None:
    size = grown(8)
    size.ended(0.0, 8, None)
    size.ended(later, 4, 1.0)
    assert size.size(later) == then


@pytest.mark.parametrize(("later", "then"), [(59.9, 1), (60.0, 2)])
def test_one_by_one_it_is_tried_with_two_again_after_a_rest(later: float, then: int) -> None:
    size = BatchSize(BOUNDS)
    size.ended(0.0, 2, None)
    assert size.size(later) == then


def test_a_setting_of_one_means_never_two() -> None:
    size = BatchSize(BatchBounds(most=1))
    assert size.size(0.0) == 1
    size.ended(0.0, 1, 1.0)
    assert size.size(1_000.0) == 1


endings = st.tuples(st.floats(0, 100), st.integers(1, 20), st.none() | st.floats(0, 20))


@given(endings=st.lists(endings), most=st.integers(1, 20))
def test_it_never_leaves_its_bounds(endings: list[tuple[float, int, float | None]], most: int) -> None:
    size, now = BatchSize(BatchBounds(most=most)), 0.0
    for passed, documents, seconds in endings:
        now += passed
        size.ended(now, min(documents, size.size(now)), seconds)
        assert 1 <= size.size(now) <= most
