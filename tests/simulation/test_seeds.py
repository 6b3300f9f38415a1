"""A short run of the simulation; `make simulate SEEDS=10000` is the long one."""

import pytest

from proof.world import simulate

SEEDS_IN_ALL = 300
AT_ONCE = 20


@pytest.mark.parametrize("first", range(1, SEEDS_IN_ALL, AT_ONCE))
def test_no_promise_is_broken_whatever_fails(first: int) -> None:
    for seed in range(first, first + AT_ONCE):
        report = simulate(seed)
        assert report.violation is None, f"seed {seed}: {report.violation}\n" + "\n".join(report.last)
