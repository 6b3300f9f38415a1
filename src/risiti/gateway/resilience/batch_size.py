"""BatchSize: how many documents one message may carry; grows while answers come quickly, halves where one does not."""

from dataclasses import dataclass

ALONE = 1
"""A message that carries one document is no batch."""


@dataclass(frozen=True, slots=True)
class BatchBounds:
    """Between what the size moves, and how; times in seconds."""

    start: int = 2
    most: int = 10
    quick: float = 5.0
    """An answer that takes longer is a reason for smaller batches."""
    shrink_every: float = 5.0
    """Between two decreases: what was sent before one says nothing about it."""
    rest: float = 60.0
    """For so long after a decrease the size does not grow; at one it is tried with two again then."""


class BatchSize:
    """How many documents a message to one upstream may carry. Times are monotonic seconds."""

    def __init__(self, bounds: BatchBounds) -> None:
        self._bounds = bounds
        self._size = min(bounds.start, bounds.most)
        self._shrunk_at = float("-inf")

    def size(self, now: float) -> int:
        """Return the most documents of the next message."""
        if self._size == ALONE and self._has_rested(now):
            return min(2, self._bounds.most)
        return self._size

    def ended(self, now: float, documents: int, seconds: float | None) -> None:
        """Hear of a message with so many documents: it was answered in so many seconds, or nothing came of it (None).

        A batch that was not as large as it might have been says nothing for larger ones.
        """
        if seconds is None or seconds > self._bounds.quick:
            if now - self._shrunk_at >= self._bounds.shrink_every:
                self._size = max(ALONE, self.size(now) // 2)
                self._shrunk_at = now
        elif self._has_rested(now) and documents >= self.size(now):
            self._size = min(self._bounds.most, documents + 1)

    def _has_rested(self, now: float) -> bool:
        return now - self._shrunk_at >= self._bounds.rest
