"""How long background tasks may run, wait and be kept, as one value."""

from dataclasses import dataclass
from random import Random

_DOUBLINGS = 20  # beyond this the cap rules anyway


@dataclass(frozen=True, slots=True)
class TaskTiming:
    """All waiting times of background tasks, in seconds."""

    limit: float = 120.0
    """Hard limit of one run of a handler; a longer task does a part and says `Again`."""
    margin: float = 60.0
    """What a runner may need beyond the limit to write down the result before it counts as dead."""
    retry_first: float = 5.0
    retry_most: float = 3_600.0
    poll: float = 1.0
    """How often a runner looks for tasks."""

    @property
    def lease(self) -> float:
        """How long a runner may hold a task without a word."""
        return self.limit + self.margin

    def retry_after(self, attempts: int, random: Random) -> float:
        """Return the pause after so many attempts that failed: exponential, capped, with full jitter."""
        most = min(self.retry_most, self.retry_first * 2 ** min(attempts, _DOUBLINGS))
        return random.uniform(self.retry_first / 2, most)
