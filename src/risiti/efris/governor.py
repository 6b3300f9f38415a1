"""Governor: decides whether and when a message may leave, and hears what came of it; yours, if you pass one.

A client without a governor sends at once. With one, every message that the client would send asks first: those for the
time and the session key, too. So a rate limit or a circuit breaker holds for all of them, in one place.
"""

from typing import Protocol

from risiti.efris.interface import Effect


class Pass(Protocol):
    """The permission for one message; `ended` is called exactly once."""

    @property
    def seconds(self) -> float:
        """How long the exchange may take; at most what was asked for."""
        ...

    def ended(self, error: BaseException | None) -> None:
        """Hear how it ended: None when it was answered, an `EfrisError`, or what broke it off (cancelled, say)."""
        ...


class Governor(Protocol):
    """Rules over the messages of one client, or of many."""

    async def admit(self, interface: str, effect: Effect, seconds: float) -> Pass:
        """Wait for the turn of one message, which would like to take so many seconds.

        Raises:
            HeldBack: it may not leave now.
        """
        ...
