"""When to try again what provably was not sent: exponential, capped, with full jitter."""

from random import Random

from risiti.gateway.submissions.timing import Timing

_DOUBLINGS = 16  # beyond this the cap rules anyway
_QUICK_MOST = 100


def pause(timing: Timing, failures: int, random: Random) -> float:
    """Return the seconds to wait after so many failures in a row (1 or more).

    Full jitter spreads the documents of an outage over the whole interval, so that they do not all come back at once.
    """
    most = timing.retry_first * 2 ** min(failures, _DOUBLINGS)
    cap = timing.retry_most if failures <= _quick_tries(timing) else timing.retry_slow
    return random.uniform(0, min(cap, most))


def _quick_tries(timing: Timing) -> int:
    """Return how many tries fit into the first minutes, in which nothing waits for long; half a bound is its mean."""
    tries, passed = 0, 0.0
    while passed < timing.retry_slow_after and tries < _QUICK_MOST:
        tries += 1
        passed += min(timing.retry_most, timing.retry_first * 2**tries) / 2
    return tries
