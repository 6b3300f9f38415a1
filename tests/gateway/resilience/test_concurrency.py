from hypothesis import given
from hypothesis import strategies as st

from risiti.gateway.resilience.concurrency import AdaptiveLimit, Bounds, RetryBudget


@given(st.lists(st.tuples(st.sampled_from(("fine", "slow", "congested", "restart")), st.floats(0, 9)), max_size=300))
def test_the_limit_stays_within_its_bounds(steps: list[tuple[str, float]]) -> None:
    limit, now = AdaptiveLimit(Bounds()), 0.0
    for step, gap in steps:
        now += gap
        match step:
            case "congested":
                limit.congested(now)
            case "restart":
                limit.restart()
                assert limit.limit == 2
            case _:
                limit.succeeded(now, 0.1 if step == "fine" else 25.0, used=1.0)
        assert 2 <= limit.limit <= 64


def test_it_grows_by_one_for_as_many_answers_as_it_allows_at_once() -> None:
    limit = AdaptiveLimit(Bounds(start=8))
    for _ in range(8):
        assert limit.limit == 8
        limit.succeeded(0.0, 0.1, used=1.0)
    assert limit.limit == 9


def test_a_limit_that_is_not_used_does_not_grow() -> None:
    limit = AdaptiveLimit(Bounds(start=8))
    for _ in range(100):
        limit.succeeded(0.0, 0.1, used=0.5)
    assert limit.limit == 8


def test_a_burst_of_bad_answers_shrinks_it_once() -> None:
    limit = AdaptiveLimit(Bounds(start=20))
    for _ in range(10):
        limit.congested(1.0)
    assert limit.limit == 14
    limit.congested(6.0)
    assert limit.limit == 9


def test_answers_that_grow_slow_shrink_it() -> None:
    limit = AdaptiveLimit(Bounds(start=20))
    for _ in range(19):
        limit.succeeded(0.0, 0.5, used=0.1)
    for _ in range(10):
        limit.succeeded(1.0, 25.0, used=0.1)
    assert limit.limit == 14


def test_processes_share_it_and_each_may_have_one() -> None:
    limit = AdaptiveLimit(Bounds(start=8))
    assert [limit.share(processes) for processes in (0, 1, 2, 3, 100)] == [8, 8, 4, 2, 1]


def test_a_spent_budget_comes_back_with_success() -> None:
    budget = RetryBudget(size=2)
    budget.spend()
    assert not budget.is_spent
    budget.spend()
    assert budget.is_spent
    for _ in range(11):
        budget.earn()
    assert not budget.is_spent
