"""How long the engine waits for what, as one value; production's defaults are safe against the real authority."""

from dataclasses import dataclass

POLL = 0.1
"""Seconds between two looks for work that another process may have accepted."""
POLL_WHERE_TOLD = 0.25
"""The same where processes tell each other of it (LISTEN and NOTIFY): for what has become due, and for lost words."""


@dataclass(frozen=True, slots=True)
class Timing:
    """All waiting times, in seconds.

    The authority refuses a request whose time is more than `request_validity` off (return code 28), so no copy of a
    request can be accepted later than that. The quiet period adds the error of our clock and the longest processing:
    once it is over, what the authority will ever know of a request, it knows.
    """

    answer: float = 30.0
    """Hard limit of one call to the authority."""
    send_window: float = 10.0
    """A claim that is older than this is not sent any more: its worker was paused."""
    settle_margin: float = 30.0
    """What a worker may need to write down an answer before its lease is taken for dead."""
    request_validity: float = 600.0
    clock_error: float = 60.0
    processing: float = 240.0
    query_lag: float = 900.0
    """How much later than its acceptance a document may show up in the authority's lists."""
    negatives_needed: int = 2
    asks: tuple[float, ...] = (5.0, 5.0, 10.0, 20.0, 40.0, 120.0)
    """Pauses before the questions about a document in doubt; the last one repeats."""
    patience: float = 7_200.0
    ask_every_after_patience: float = 900.0
    seen_patience: float = 14_400.0
    """How long a document that the authority says to exist may stay invisible before a person is asked."""
    retry_first: float = 2.0
    retry_most: float = 120.0
    """Where that doubling ends at first..."""
    retry_slow_after: float = 600.0
    """...and after about so long without success it goes on..."""
    retry_slow: float = 900.0
    """...to here. There is no last try."""
    poll: float = POLL
    """Between two looks for work."""
    lane_probe: float = 900.0
    """How long a paused device rests before the worker tries whether the authority has let it in again."""

    @property
    def quiet(self) -> float:
        """After this many seconds no copy of a request can still take effect."""
        return self.request_validity + self.clock_error + self.processing

    @property
    def lease(self) -> float:
        """How long a worker may hold a document without a word."""
        return self.send_window + self.answer + self.settle_margin

    def ask_again_after(self, asked: int, in_doubt_for: float) -> float:
        """Return the pause before the next question, when `asked` were asked and the doubt is so many seconds old."""
        if in_doubt_for > self.patience:
            return self.ask_every_after_patience
        return self.asks[min(asked, len(self.asks) - 1)]
