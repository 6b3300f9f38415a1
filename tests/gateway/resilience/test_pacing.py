from hypothesis import given
from hypothesis import strategies as st

from risiti.gateway.resilience.pacing import Gcra, Rate

SLACK = 1e-6


@given(
    st.integers(1, 300),
    st.lists(st.floats(0, 3, allow_nan=False), min_size=1, max_size=300),
)
def test_no_second_ever_holds_more_than_the_limit(limit: int, gaps: list[float]) -> None:
    gcra, rate, now, leaves = Gcra(), Rate.of(limit), 0.0, []
    for gap in gaps:
        now += gap if gap > 2 else 0  # mostly all at once
        leaves.append(now + gcra.take(rate, now))
    assert leaves == sorted(leaves)
    for number, first in enumerate(leaves):
        assert sum(1 for other in leaves[number:] if other < first + 1 - SLACK) <= limit


@given(st.integers(1, 1_000))
def test_in_the_long_run_most_of_the_limit_is_used(limit: int) -> None:
    gcra, rate = Gcra(), Rate.of(limit)
    last = max(gcra.take(rate, 0.0) for _ in range(10 * limit))
    assert last <= 10 / 0.9


def test_asking_how_long_it_would_take_takes_nothing() -> None:
    gcra, rate = Gcra(), Rate.of(1)
    assert gcra.take(rate, 0.0) == 0
    assert [gcra.wait(rate, 0.0) for _ in range(3)] == [1, 1, 1]
    assert gcra.take(rate, 0.5) == 0.5
