"""A caller's total time, known to everything that is done on its behalf.

It travels with the task (a context variable), so that no function in between has to pass it on. Work whose deadline
has passed is not begun; work that began with enough time is bounded by what is left.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from risiti.gateway.kernel.clock import Clock

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


@contextmanager
def within(clock: Clock, seconds: float) -> Iterator[None]:
    """Give everything in this block so many seconds in all; a shorter time that holds already stays."""
    end = clock.monotonic() + seconds
    outer = _deadline.get()
    token = _deadline.set(end if outer is None else min(outer, end))
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


def left(clock: Clock) -> float | None:
    """Return the seconds that are left, 0 if none; None if there is no deadline."""
    end = _deadline.get()
    return None if end is None else max(0.0, end - clock.monotonic())


def bounded(clock: Clock, seconds: float) -> float:
    """Return `seconds`, or what is left if that is less."""
    remaining = left(clock)
    return seconds if remaining is None else min(seconds, remaining)


def has_passed(clock: Clock) -> bool:
    """Tell whether there is a deadline and nothing is left of it."""
    return left(clock) == 0
