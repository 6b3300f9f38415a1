"""Watches every message to the authority: how long it took and how it ended, as a metric and as a span."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from risiti.efris import Effect, EfrisError, Governor, NotSent, Pass, Refused
from risiti.gateway.observability.tracing import Attribute, Call, Tracing

ANSWERED: Final = "answered"
REFUSED: Final = "refused"
NOT_SENT: Final = "not_sent"
NO_ANSWER: Final = "no_answer"
BROKEN_OFF: Final = "broken_off"

Tell = Callable[[str, str, float], None]
"""Is told interface, outcome and seconds of each message."""


class ObservedGovernor:
    """A governor around another one; it decides nothing."""

    def __init__(self, inner: Governor, tell: Tell, tracing: Tracing, monotonic: Callable[[], float]) -> None:
        self._inner = inner
        self._tell = tell
        self._tracing = tracing
        self._monotonic = monotonic

    async def admit(self, interface: str, effect: Effect, seconds: float) -> Pass:
        """Wait for the turn of one message as the inner governor has it, and watch it from then on."""
        inner = await self._inner.admit(interface, effect, seconds)
        call = self._tracing.call(f"EFRIS {interface}", {Attribute.INTERFACE: interface})
        return _ObservedPass(inner, self, interface, self._monotonic(), call)

    def over(self, watched: "_ObservedPass", error: BaseException | None) -> None:
        """Tell how a message ended."""
        outcome = outcome_of(error)
        self._tell(watched.interface, outcome, self._monotonic() - watched.began)
        if watched.call is not None:
            code = error.return_code.code if isinstance(error, Refused) else None
            watched.call.end(outcome, code, failed=outcome not in {ANSWERED, REFUSED})


@dataclass(frozen=True, slots=True)
class _ObservedPass:
    inner: Pass
    governor: ObservedGovernor
    interface: str
    began: float
    call: Call | None

    @property
    def seconds(self) -> float:
        return self.inner.seconds

    def ended(self, error: BaseException | None) -> None:
        self.governor.over(self, error)
        self.inner.ended(error)


def outcome_of(error: BaseException | None) -> str:
    """Return in one word how a message ended; the words are as few as the labels of a metric should be."""
    if error is None:
        return ANSWERED
    if isinstance(error, Refused):
        return REFUSED
    if isinstance(error, NotSent):
        return NOT_SENT
    return NO_ANSWER if isinstance(error, EfrisError) else BROKEN_OFF
