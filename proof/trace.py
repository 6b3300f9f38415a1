"""What happened in a simulation, line by line, and a digest of all of it: the same seed gives the same digest."""

import hashlib
from collections import Counter, deque
from collections.abc import Callable

LINES_KEPT = 40


class Trace:
    """Takes down what happens; keeps the last lines for whoever has to find out why."""

    def __init__(self, now: Callable[[], float], show: Callable[[str], None] | None = None) -> None:
        """Take the time from `now`; give each line to `show` at once, if it is there."""
        self._now = now
        self._show = show
        self._digest = hashlib.sha256()
        self.lines = 0
        self.last: deque[str] = deque(maxlen=LINES_KEPT)
        self.counts: Counter[str] = Counter()
        """How often what happened; the totals of a run."""

    def note(self, who: str, what: str, *, count: str | None = None) -> None:
        """Take down one line; with `count`, also count it under that name."""
        line = f"{self._now():12.3f} {who:<12} {what}"
        self._digest.update(line.encode())
        self.lines += 1
        self.last.append(line)
        if count is not None:
            self.counts[count] += 1
        if self._show is not None:
            self._show(line)

    def digest(self) -> str:
        """Return the digest of all lines so far (hexadecimal)."""
        return self._digest.hexdigest()
