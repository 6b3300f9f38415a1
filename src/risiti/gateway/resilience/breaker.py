"""Circuit breaker: CLOSED, OPEN, HALF_OPEN, as pure steps of one value that any number of processes can share.

`Standing` is what all processes agree on; whoever keeps it (a row of the database, or `Breaker` for one process) makes
each step under a lock. `Tally` is what one process has seen since it last told the others. Only one process at a time
holds the probe, and only for a while, so a prober that dies keeps nobody from trying.
"""

from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from risiti.gateway.kernel.clock import Clock

CLOSED_LONG_ENOUGH = 600.0
"""Closed for so many seconds, a breaker has forgotten how often it opened before."""
_DOUBLINGS = 10
_BUCKETS = 6


class Phase(StrEnum):
    """Whether calls go through."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    """One process tries with one call at a time."""


@dataclass(frozen=True, slots=True)
class Policy:
    """When a breaker opens, and for how long; times in seconds."""

    failures: int = 5
    """So many in a row, over all processes, open it."""
    open_for: float = 60.0
    """After so long it is tried again."""
    open_most: float = 60.0
    """Where `open_for` ends, which doubles from one fruitless try to the next."""
    probe_lease: float = 120.0
    """How long a prober may be silent before another one tries."""
    window: float = 60.0
    """What the two shares below are taken over."""
    calls_needed: int = 20
    """Fewer calls than that in the window say nothing..."""
    slow_calls_needed: int = 5
    """...but so many slow ones do: of calls that take so long there are never many in a window."""
    failed_share: float = 0.5
    slow_share: float = 0.8
    slow_after: float = 20.0
    """A call that takes longer is slow, however it ends."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What all processes agree on."""

    phase: Phase = Phase.CLOSED
    turns: int = 0
    """Grows with every change of the phase; what was seen in an earlier turn no longer counts."""
    failures: int = 0
    """In a row, while closed."""
    openings: int = 0
    """In a row, without a long closed time between them."""
    since: datetime | None = None
    """When the phase began; None: it has been so from the start."""
    retry_at: datetime | None = None
    """While open: when it is tried again."""
    prober: str | None = None
    probe_until: datetime | None = None
    reason: str = ""
    """Why it opened."""
    paused_by: str | None = None
    """Who keeps it open by hand; None: nobody."""


@dataclass(frozen=True, slots=True)
class Report:
    """What one process has seen since its last report."""

    succeeded: bool
    failures: int
    """In a row since the last success."""
    trip: str = ""
    """Why the process asks to open at once, if it does."""
    reason: str = ""
    """The last failure."""


def told(standing: Standing, policy: Policy, report: Report, now: datetime) -> Standing:
    """Count what a process reports; opens when it is enough. Reports to a breaker that is not closed change nothing."""
    if standing.phase is not Phase.CLOSED:
        return standing
    failures = report.failures + (0 if report.succeeded else standing.failures)
    if report.trip:
        return _open(standing, policy, now, report.trip)
    if failures >= policy.failures:
        return _open(standing, policy, now, f"{failures} failures in a row, the last one: {report.reason}")
    return replace(standing, failures=failures)


def may_probe(standing: Standing, policy: Policy, now: datetime) -> bool:
    """Tell whether it is time to try again, and nobody else does."""
    if standing.paused_by is not None:
        return False
    if standing.phase is Phase.OPEN:
        return _is_over(standing.retry_at, now, policy.open_most)
    if standing.phase is Phase.HALF_OPEN:
        return _is_over(standing.probe_until, now, policy.probe_lease)
    return False


def begin_probe(standing: Standing, policy: Policy, who: str, now: datetime) -> Standing | None:
    """Make `who` the one that tries; None if it is not time, or somebody else is at it."""
    if not may_probe(standing, policy, now):
        return None
    turned = standing if standing.phase is Phase.HALF_OPEN else _turn(standing, Phase.HALF_OPEN, now)
    return replace(turned, prober=who, probe_until=now + timedelta(seconds=policy.probe_lease))


def end_probe(standing: Standing, policy: Policy, who: str, failure: str | None, now: datetime) -> Standing | None:
    """Close again, or open again for `failure`; None if `who` is no longer the prober."""
    if standing.phase is not Phase.HALF_OPEN or standing.prober != who:
        return None
    if failure is not None:
        return _open(standing, policy, now, failure)
    return replace(_turn(standing, Phase.CLOSED, now), failures=0, reason="", retry_at=None)


def pause(standing: Standing, by: str, reason: str, now: datetime) -> Standing:
    """Open it, and keep it open until it is resumed, whatever calls come to."""
    if standing.paused_by is not None:
        return standing
    turned = _turn(standing, Phase.OPEN, now)
    return replace(turned, failures=0, openings=0, reason=reason[:500], retry_at=None, paused_by=by)


def resume(standing: Standing, now: datetime) -> Standing:
    """Let it be tried at once; it closes when the try succeeds. One that is not paused stays as it is."""
    if standing.paused_by is None:
        return standing
    return replace(_turn(standing, Phase.OPEN, now), retry_at=now, paused_by=None)


def _open(standing: Standing, policy: Policy, now: datetime, reason: str) -> Standing:
    rested = (
        standing.phase is Phase.CLOSED
        and standing.since is not None
        and now - standing.since > timedelta(seconds=CLOSED_LONG_ENOUGH)
    )
    openings = 1 if rested else standing.openings + 1
    pause = min(policy.open_most, policy.open_for * 2 ** min(openings - 1, _DOUBLINGS))
    turned = _turn(standing, Phase.OPEN, now)
    return replace(turned, failures=0, openings=openings, reason=reason[:500], retry_at=now + timedelta(seconds=pause))


def _turn(standing: Standing, phase: Phase, now: datetime) -> Standing:
    return replace(standing, phase=phase, turns=standing.turns + 1, since=now, prober=None, probe_until=None)


def _is_over(moment: datetime | None, now: datetime, most: float) -> bool:
    """Tell whether a moment has come; one further ahead than it can be was written before the clock was set back."""
    return moment is None or not now < moment <= now + timedelta(seconds=most)


class Tally:
    """What one process sees of the calls through one breaker. Times are monotonic seconds."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._buckets: deque[tuple[int, list[float]]] = deque(maxlen=_BUCKETS)
        self.reset()

    def reset(self) -> None:
        """Forget everything: the breaker has turned."""
        self._succeeded = False
        self._failures = 0
        self._reason = ""
        self._tripped = ""
        self._buckets.clear()
        self._in_all = [0.0, 0.0, 0.0]
        """Calls, failed ones and slow ones of all buckets together."""
        self._too_many = ""
        """What is wrong with the shares; every call asks, so it is judged when one is counted."""

    def success(self, now: float, seconds: float) -> None:
        """Count a call that was answered, which took so long."""
        self._succeeded, self._failures = True, 0
        self._count(now, failed=0.0, seconds=seconds)

    def failure(self, now: float, seconds: float, reason: str, weight: float = 1.0) -> None:
        """Count a call that failed; one of less than full weight counts in the shares only."""
        if weight >= 1:
            self._failures += 1
            self._reason = reason
        self._count(now, failed=weight, seconds=seconds)

    def trip(self, why: str) -> None:
        """Ask to open at once, whatever was counted."""
        self._tripped = why

    def would_open(self, standing: Standing) -> bool:
        """Tell whether reporting it would open the breaker."""
        before = 0 if self._succeeded else standing.failures
        return (self._failures > 0 and self._failures + before >= self._policy.failures) or bool(self._trip())

    def report(self) -> Report:
        """Return what is to be reported."""
        return Report(self._succeeded, self._failures, self._trip(), self._reason)

    def reported(self) -> None:
        """Begin the next report."""
        self._succeeded, self._failures = False, 0

    def _count(self, now: float, *, failed: float, seconds: float) -> None:
        number = int(now // (self._policy.window / _BUCKETS))
        while self._buckets and self._buckets[0][0] <= number - _BUCKETS:
            for place, gone in enumerate(self._buckets.popleft()[1]):
                self._in_all[place] -= gone
        if not self._buckets or self._buckets[-1][0] != number:
            self._buckets.append((number, [0.0, 0.0, 0.0]))
        for counts in (self._buckets[-1][1], self._in_all):
            counts[0] += 1
            counts[1] += failed
            counts[2] += seconds > self._policy.slow_after
        self._too_many = self._judge_shares()

    def _trip(self) -> str:
        return self._tripped or self._too_many

    def _judge_shares(self) -> str:
        calls, failed, slow = self._in_all
        if calls >= self._policy.calls_needed and failed >= self._policy.failed_share * calls:
            return f"{failed:g} of the last {calls:g} calls failed"
        if slow >= max(self._policy.slow_calls_needed, self._policy.slow_share * calls):
            return f"{slow:g} of the last {calls:g} calls took longer than {self._policy.slow_after:g} s"
        return ""


class Breaker:
    """A breaker of one process, for something that only this process speaks to in its own way."""

    def __init__(self, policy: Policy, clock: Clock) -> None:
        self._policy = policy
        self._clock = clock
        self._tally = Tally(policy)
        self.standing = Standing()

    def admits(self) -> bool:
        """Tell whether a call may begin; in HALF_OPEN that is one call, which must be followed by `ended`."""
        if self.standing.phase is Phase.CLOSED:
            return True
        probing = begin_probe(self.standing, self._policy, "self", self._clock.now())
        self.standing = probing or self.standing
        return probing is not None

    def ended(self, seconds: float, failure: str | None) -> None:
        """Say how a call that was admitted ended."""
        now = self._clock.now()
        if self.standing.phase is Phase.HALF_OPEN:
            self.standing = end_probe(self.standing, self._policy, "self", failure, now) or self.standing
            self._tally.reset()
        elif failure is None:
            self._tally.success(self._clock.monotonic(), seconds)
        else:
            self._tally.failure(self._clock.monotonic(), seconds, failure)
        if self._tally.would_open(self.standing):
            self.standing = told(self.standing, self._policy, self._tally.report(), now)
            self._tally.reset()
