"""The test of the test: bugs put into the engine on purpose are found."""

import pytest

from proof.__main__ import SEEDS_FOR_A_MUTANT
from proof.mutants import MUTANTS, Mutant, NoSuchPlace
from proof.world import simulate

ENOUGH = 13


def _name(mutant: Mutant) -> str:
    return mutant.name


@pytest.mark.parametrize("mutant", MUTANTS, ids=_name)
def test_a_seeded_bug_is_found(mutant: Mutant) -> None:
    """Its seed is the one that `make simulate ARGS=--mutants` found; where the engine has changed, others are tried."""
    with mutant.applied():
        seeds = (mutant.seed, *range(1, SEEDS_FOR_A_MUTANT + 1))
        found = (simulate(seed).violation for seed in seeds)
        violation = next((one for one in found if one is not None and one.is_promise), None)
    assert violation is not None, f"{mutant.says}: not found in {SEEDS_FOR_A_MUTANT} seeds"


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
