"""A caller's total time, known to everything that is done on its behalf.

It travels with the task (a context variable), so that no function in between has to pass it on. Work whose deadline
has passed is not begun; work that began with enough time is bounded by what is left.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from risiti.gateway.kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class Deadline:
    """When somebody's time is over."""

    clock: Clock
    end: float
    """By the clock's monotonic seconds."""

    @property
    def left(self) -> float:
        """Seconds that are left, 0 if none."""
        return max(0.0, self.end - self.clock.monotonic())


_deadline: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


@contextmanager
def within(clock: Clock, seconds: float) -> Iterator[None]:
    """Give everything in this block so many seconds in all; a shorter time that holds already stays."""
    inner, outer = Deadline(clock, clock.monotonic() + seconds), _deadline.get()
    token = _deadline.set(inner if outer is None or inner.left < outer.left else outer)
    try:
        yield
    finally:
        _deadline.reset(token)


@contextmanager
def unbounded() -> Iterator[None]:
    """Free everything in this block of its caller's deadline: it is done for its own sake."""
    token = _deadline.set(None)
    try:
        yield
    finally:
        _deadline.reset(token)


def current() -> Deadline | None:
    """Return the deadline that holds here, for work that waits in a line on its caller's behalf."""
    return _deadline.get()


def left() -> float | None:
    """Return the seconds that are left, 0 if none; None if there is no deadline."""
    holds = _deadline.get()
    return None if holds is None else holds.left


def bounded(seconds: float) -> float:
    """Return `seconds`, or what is left if that is less."""
    remaining = left()
    return seconds if remaining is None else min(seconds, remaining)


def has_passed() -> bool:
    """Tell whether there is a deadline and nothing is left of it."""
    return left() == 0
