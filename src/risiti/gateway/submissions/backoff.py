"""When to try again what provably was not sent: exponential, capped, with full jitter."""

from random import Random

from risiti.gateway.submissions.timing import Timing

_DOUBLINGS = 16  # beyond this the cap rules anyway


def pause(timing: Timing, failures: int, random: Random) -> float:
    """Return the seconds to wait after so many failures in a row (1 or more).

    Full jitter spreads the documents of an outage over the whole interval, so that they do not all come back at once.
    """
    most = min(timing.retry_most, timing.retry_first * 2 ** min(failures, _DOUBLINGS))
    return random.uniform(0, most)
