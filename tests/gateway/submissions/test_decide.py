"""The decision about a document in doubt, as a truth table and as properties."""

import math
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from risiti.gateway.submissions.decide import (
    Adopt,
    AskAgain,
    BelieveRefusal,
    Doubt,
    Hold,
    SendAgain,
    decide,
    may_resend,
)
from risiti.gateway.submissions.kind import Difference, Found, Original
from risiti.gateway.submissions.tables import HeldReason
from risiti.gateway.submissions.timing import Timing
from risiti.gateway.tenancy.tables import Guard

TIMING = Timing()
FINAL = TIMING.quiet + TIMING.query_lag
OURS = Found(Original("325043056477", "12345678901234567890", "https://example.invalid/qr", "1590"), ())
OTHERS = replace(OURS, differences=(Difference("gross", "100.00", "999.00"),))

PROVED_ABSENT = Doubt(
    age=FINAL,
    in_doubt_for=FINAL,
    asked=9,
    negatives=TIMING.negatives_needed,
    seen=False,
    pending_refusal=None,
    refusal_is_suspicious=False,
    may_resend=True,
)

doubts = st.builds(
    Doubt,
    age=st.floats(0, 10_000) | st.just(math.inf),
    in_doubt_for=st.floats(0, 20_000),
    asked=st.integers(0, 500),
    negatives=st.integers(0, 500),
    seen=st.booleans(),
    pending_refusal=st.sampled_from([None, "1600", "1316"]),
    refusal_is_suspicious=st.booleans(),
    may_resend=st.booleans(),
)
answers = st.sampled_from([None, (), (OURS,), (OTHERS,), (OTHERS, OURS), (OURS, OURS)])


def test_a_document_that_is_shown_with_our_content_is_adopted_at_once() -> None:
    assert decide(replace(PROVED_ABSENT, age=1.0, asked=0, negatives=0), (OURS,), TIMING) == Adopt(OURS, ())


def test_a_document_with_other_content_under_our_reference_is_never_adopted() -> None:
    assert decide(PROVED_ABSENT, (OTHERS,), TIMING) == Hold(HeldReason.CONFLICT)


def test_a_second_document_of_ours_is_reported_with_the_adopted_one() -> None:
    assert decide(PROVED_ABSENT, (OURS, OTHERS, OURS), TIMING) == Adopt(OURS, (OURS,))


def test_it_is_sent_again_only_after_the_quiet_period_the_lag_and_two_negatives() -> None:
    assert decide(PROVED_ABSENT, (), TIMING) == SendAgain()
    early = replace(PROVED_ABSENT, age=FINAL - 0.001)
    assert isinstance(decide(early, (), TIMING), AskAgain)
    once = replace(PROVED_ABSENT, negatives=TIMING.negatives_needed - 2)
    assert isinstance(decide(once, (), TIMING), AskAgain)


def test_without_a_proven_duplicate_check_a_person_decides_instead_of_a_second_send() -> None:
    assert decide(replace(PROVED_ABSENT, may_resend=False), (), TIMING) == Hold(HeldReason.UNDECIDED)


def test_a_negative_inside_the_quiet_period_does_not_count() -> None:
    decision = decide(replace(PROVED_ABSENT, age=TIMING.quiet - 1), (), TIMING)
    assert decision == AskAgain(1.0, is_negative=False)


def test_what_the_authority_says_to_exist_is_waited_for_and_then_shown_to_a_person() -> None:
    seen = replace(PROVED_ABSENT, seen=True)
    assert isinstance(decide(seen, (), TIMING), AskAgain)
    late = replace(seen, in_doubt_for=TIMING.seen_patience + 1)
    assert decide(late, (), TIMING) == Hold(HeldReason.UNDECIDED)


def test_a_refusal_after_an_unanswered_attempt_is_believed_once_that_attempt_is_proved_absent() -> None:
    assert decide(replace(PROVED_ABSENT, pending_refusal="1316"), (), TIMING) == BelieveRefusal()


def test_a_shortage_that_our_own_first_copy_may_have_caused_goes_to_a_person() -> None:
    shortage = replace(PROVED_ABSENT, pending_refusal="1600", refusal_is_suspicious=True)
    assert decide(shortage, (), TIMING) == Hold(HeldReason.UNDECIDED)


def test_a_shortage_of_the_only_attempt_is_believed_when_one_question_shows_no_copy_of_it() -> None:
    alone = replace(PROVED_ABSENT, age=math.inf, negatives=0, pending_refusal="1600", refusal_is_suspicious=True)
    assert decide(alone, (), TIMING) == BelieveRefusal()
    assert isinstance(decide(alone, None, TIMING), AskAgain)
    assert decide(alone, (OURS,), TIMING) == Adopt(OURS, ())


def test_only_evidence_or_the_owners_signature_allows_a_resend() -> None:
    assert may_resend(Guard.PROVEN, auto_resend=False)
    assert may_resend(Guard.UNPROVEN, auto_resend=True)
    assert not may_resend(Guard.UNPROVEN, auto_resend=False)
    assert not may_resend(Guard.ABSENT, auto_resend=False)


@given(doubts, answers)
def test_nothing_is_sent_again_unless_every_condition_holds(doubt: Doubt, answer: tuple[Found, ...] | None) -> None:
    decision = decide(doubt, answer, TIMING)
    if isinstance(decision, SendAgain):
        assert answer == ()
        assert not doubt.seen
        assert doubt.age >= FINAL
        assert doubt.negatives + 1 >= TIMING.negatives_needed
        assert doubt.may_resend
        assert doubt.pending_refusal is None


@given(doubts, answers)
def test_a_refusal_is_never_believed_while_the_document_may_exist(
    doubt: Doubt, answer: tuple[Found, ...] | None
) -> None:
    if isinstance(decide(doubt, answer, TIMING), BelieveRefusal):
        assert answer == ()
        assert not doubt.seen
        assert doubt.age >= FINAL


@given(doubts, answers)
def test_an_unanswered_question_changes_nothing_and_the_next_one_is_bounded(
    doubt: Doubt, answer: tuple[Found, ...] | None
) -> None:
    decision = decide(doubt, answer, TIMING)
    if answer is None:
        assert isinstance(decision, AskAgain)
        assert not decision.is_negative
    if isinstance(decision, AskAgain):
        assert 0 < decision.after <= TIMING.ask_every_after_patience
