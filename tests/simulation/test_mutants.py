"""The test of the test: bugs put into the engine on purpose are found."""

import pytest

from proof.mutants import MUTANTS, Mutant, NoSuchPlace
from proof.world import simulate

ENOUGH = 13


def _name(mutant: Mutant) -> str:
    return mutant.name


@pytest.mark.parametrize("mutant", MUTANTS, ids=_name)
def test_a_seeded_bug_is_found(mutant: Mutant) -> None:
    """Its seed is the one that `make simulate ARGS=--mutants` found; another engine may need another."""
    with mutant.applied():
        violation = simulate(mutant.seed).violation
    assert violation is not None, mutant.says
    assert violation.is_promise, violation


def test_there_are_enough_of_them() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= ENOUGH


def test_a_mutant_whose_place_is_gone_fails_loudly() -> None:
    lost = Mutant("lost", "breaks what is not there", 1, (("risiti.gateway.submissions.settle:gone", lambda it: it),))
    with pytest.raises(NoSuchPlace), lost.applied():
        pass


def test_an_engine_is_whole_again_after_a_mutant() -> None:
    before = simulate(1).digest
    with MUTANTS[0].applied():
        pass
    assert simulate(1).digest == before
