"""What the end of one message says about the authority and about the device: one pure function, a table of the codes.

A refusal is an answer: the authority works. What counts against it is silence, noise and its own words for being ill.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from risiti.efris import EfrisError, Interrupted, Refused, TimedOut, Unreachable, Unreadable
from risiti.efris.return_codes import TOO_MANY_REQUESTS

ILL = frozenset({"99", "46", "9901", "9902", TOO_MANY_REQUESTS})
"""Codes by which the authority says that it is ill, or that we are too many."""
LOADED = frozenset({"45", "2125"})
"""Codes that are signs of load; each counts half."""
_BUSY_STATUS = (429, 503)


@dataclass(frozen=True, slots=True)
class Judgement:
    """How one message ended."""

    upstream: float | None
    """How much it counts against the upstream, 0: it answered; None: it says nothing."""
    device: float | None
    """The same for the device's lane."""
    is_congested: bool = False
    """A sign that we send too much."""
    is_no_connection: bool = False
    """It says that the address cannot be reached, whatever was to be said to it."""
    reason: str = ""


_ANSWERED = Judgement(0.0, 0.0)
NOTHING = Judgement(None, None)


_SILENCE: Mapping[type[EfrisError], Judgement] = {
    Unreachable: Judgement(1.0, None, is_no_connection=True),
    TimedOut: Judgement(1.0, 1.0, is_congested=True),
    Interrupted: Judgement(1.0, 1.0),
}


def judge(error: BaseException | None) -> Judgement:
    """Judge what a message ended with; None: with the answer that was wanted."""
    if error is None:
        return _ANSWERED
    if isinstance(error, Refused):
        return Judgement(1.0, None, is_congested=True, reason=str(error)) if error.code in ILL else _ANSWERED
    if isinstance(error, Unreadable):
        return replace(_noise(error), reason=str(error))
    for kind, judgement in _SILENCE.items():
        if isinstance(error, kind):
            return replace(judgement, reason=str(error))
    return NOTHING


def _noise(error: Unreadable) -> Judgement:
    """Judge an answer that settles nothing: by its code if it has one, by what came instead if not."""
    if error.accepted_opaque:
        return Judgement(0.0, 1.0)
    if error.return_code is None:
        return Judgement(1.0, 1.0, is_congested=error.http_status in _BUSY_STATUS)
    if error.return_code.code in ILL:
        return Judgement(1.0, 1.0, is_congested=True)
    if error.return_code.code in LOADED:
        return Judgement(0.5, None, is_congested=True)
    return Judgement(0.0, 1.0)
