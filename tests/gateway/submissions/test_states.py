import itertools

import pytest

from risiti.gateway.submissions.states import MOVES, SETTLED, DocumentState, IllegalMove, check_move

S = DocumentState


def test_what_may_have_reached_the_authority_is_never_sent_again_without_being_asked_about() -> None:
    assert S.SENDING not in MOVES[S.IN_DOUBT]
    assert S.SENDING not in MOVES[S.HELD]
    assert {state for state, next_ones in MOVES.items() if S.SENDING in next_ones} == {S.WAITING}


def test_a_fiscal_number_is_for_ever() -> None:
    assert MOVES[S.FISCALISED] == frozenset()


def test_only_a_document_that_was_never_sent_can_be_withdrawn() -> None:
    assert {state for state, next_ones in MOVES.items() if S.WITHDRAWN in next_ones} == {S.WAITING}


def test_every_state_has_its_moves_and_can_be_reached() -> None:
    assert set(MOVES) == set(S)
    assert set(itertools.chain(*MOVES.values())) == set(S)


def test_a_settled_document_moves_only_by_a_person_or_a_correction() -> None:
    assert frozenset({S.FISCALISED, S.REFUSED, S.HELD, S.WITHDRAWN}) == SETTLED


@pytest.mark.parametrize(("before", "after"), list(itertools.product(S, S)))
def test_the_table_is_what_is_enforced(before: DocumentState, after: DocumentState) -> None:
    if after in MOVES[before]:
        check_move(before, after)
    else:
        with pytest.raises(IllegalMove, match=f"from {before} to {after}"):
            check_move(before, after)
