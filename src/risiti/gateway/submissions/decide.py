"""What to do with a document in doubt: one pure function of what is known and what the authority has just shown."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from risiti.gateway.submissions.kind import Found
from risiti.gateway.submissions.tables import HeldReason
from risiti.gateway.submissions.timing import Timing
from risiti.gateway.tenancy.tables import Guard


@dataclass(frozen=True, slots=True)
class Doubt:
    """What is known of a document in doubt."""

    age: float
    """Seconds since the newest attempt that may have been processed, by the clock (theirs or ours) that says less.

    Infinite: there was none, every attempt was answered.
    """
    in_doubt_for: float
    """Seconds since the doubt arose."""
    asked: int
    negatives: int
    seen: bool
    """The authority has said that the reference exists."""
    pending_refusal: str | None
    """A return code that would be final if nothing else had been sent before."""
    refusal_is_suspicious: bool
    """That code can be caused by our own first copy (it took the stock)."""
    may_resend: bool
    """The authority's duplicate check is proven, or the owner has signed that we may."""


@dataclass(frozen=True, slots=True)
class Adopt:
    """It is there, and it is ours."""

    found: Found
    others: tuple[Found, ...]
    """More documents with our content under our reference: a duplicate that must be reported."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A person has to decide."""

    reason: HeldReason


@dataclass(frozen=True, slots=True)
class AskAgain:
    """Not decided yet."""

    after: float
    """Seconds to wait."""
    is_negative: bool
    """This answer counts as one that did not show the document when it could have."""


@dataclass(frozen=True, slots=True)
class SendAgain:
    """Proved absent: the attempt never took effect and cannot any more."""


@dataclass(frozen=True, slots=True)
class BelieveRefusal:
    """Proved absent, and the authority has refused it: the refusal is final."""


Decision = Adopt | Hold | AskAgain | SendAgain | BelieveRefusal


def may_resend(guard: Guard, *, auto_resend: bool) -> bool:
    """Tell whether a document proved absent is sent again without a person."""
    return guard is Guard.PROVEN or auto_resend


def decide(doubt: Doubt, found: Sequence[Found] | None, timing: Timing) -> Decision:  # noqa: C901, PLR0911 - one line, one rule
    """Decide from the documents that the authority shows under the reference (None: it did not answer the question).

    A document that is shown decides at once. One that is not shown proves nothing before the quiet period and the lag
    of the authority's lists are over, and nothing at all when the authority has said that the reference exists.
    """
    pause = timing.ask_again_after(doubt.asked + 1, doubt.in_doubt_for)
    if found is None:
        return AskAgain(pause, is_negative=False)
    ours = tuple(one for one in found if not one.differences)
    if ours:
        return Adopt(ours[0], ours[1:])
    if found:
        return Hold(HeldReason.CONFLICT)
    if doubt.seen:
        if doubt.in_doubt_for > timing.seen_patience:
            return Hold(HeldReason.UNDECIDED)
        return AskAgain(pause, is_negative=False)
    if doubt.pending_refusal is not None and math.isinf(doubt.age):
        return BelieveRefusal()  # only a copy of the refused attempt could exist, and it would be there by now
    if doubt.age < timing.quiet:
        return AskAgain(min(pause, timing.quiet - doubt.age), is_negative=False)
    final = timing.quiet + timing.query_lag
    if doubt.age < final:
        return AskAgain(min(pause, final - doubt.age), is_negative=True)
    if doubt.negatives + 1 < timing.negatives_needed:
        return AskAgain(min(pause, timing.asks[0]), is_negative=True)
    if doubt.pending_refusal is not None:
        return Hold(HeldReason.UNDECIDED) if doubt.refusal_is_suspicious else BelieveRefusal()
    return SendAgain() if doubt.may_resend else Hold(HeldReason.UNDECIDED)
