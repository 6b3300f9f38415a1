"""Passwords: which ones are taken, and how they are kept (argon2id); hashing never holds up the event loop."""

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import zxcvbn
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from risiti.gateway.kernel.errors import FieldError, Unavailable

T = TypeVar("T")

MIN_CHARACTERS: Final = 10
MAX_CHARACTERS: Final = 100
"""Longer ones are refused before anything is computed from them."""
MIN_SCORE: Final = 3
"""zxcvbn's score from 0 to 4; 3 means more than a hundred million guesses by who knows what people choose."""
AT_ONCE: Final = 1
"""Hashes computed at the same time by one process: each takes a core, and MEMORY_KIB of memory."""
MOST_IN_LINE: Final = 50
"""More are not kept waiting: they would be answered when nobody waits any more, and everybody after them too."""
RETRY_SECONDS: Final = 3
_POLITENESS: Final = 10
"""How much a hashing thread yields to everything else on the machine (nice)."""
MEMORY_KIB: Final = 19_456
ITERATIONS: Final = 2
"""With one lane: the parameters that OWASP's password storage cheat sheet names for argon2id."""

HASHER: Final = PasswordHasher(time_cost=ITERATIONS, memory_cost=MEMORY_KIB, parallelism=1)


def faults(password: str, *, path: str, about: Sequence[str] = ()) -> list[FieldError]:
    """Return what is wrong with a password that somebody chose; `about`: words known of them, such as names."""
    if not MIN_CHARACTERS <= len(password) <= MAX_CHARACTERS:
        message = f"A password has {MIN_CHARACTERS} to {MAX_CHARACTERS} characters."
        return [FieldError(path, "password_length", message, "A few unrelated words are easy to keep in mind.")]
    judged = zxcvbn.zxcvbn(password, user_inputs=list(about), max_length=MAX_CHARACTERS)
    if int(judged["score"]) < MIN_SCORE:
        message = "This password is easy to guess: it is common, or follows a common pattern."
        return [FieldError(path, "password_weak", message, "Take a few unrelated words.")]
    return []


class Hashing:
    """Hashes and verifies in threads, `AT_ONCE` at a time, that yield to all other work; not too many wait for them."""

    def __init__(self, hasher: PasswordHasher = HASHER) -> None:
        """Take another `hasher` in tests only: a cheaper one."""
        self._hasher = hasher
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="hashing", initializer=_yield_to_others)
        self._in_line = 0
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        """Return what is kept of a password.

        Raises:
            Unavailable: too many wait already.
        """
        return await self._compute(lambda: self._hasher.hash(password))

    async def verify(self, kept: str | None, password: str) -> bool:
        """Tell whether it is the password; where there is none to compare with, take as long to say no.

        Raises:
            Unavailable: too many wait already.
        """
        if len(password) > MAX_CHARACTERS:
            return False
        if self._nobodys is None:
            self._nobodys = await self.hash("the password of nobody")
        compared = kept or self._nobodys
        return await self._compute(lambda: self._matches(compared, password)) and kept is not None

    async def _compute(self, compute: Callable[[], T]) -> T:
        if self._in_line >= MOST_IN_LINE:
            raise Unavailable(
                "More people sign in at this moment than this process can attend to; nothing was done.",
                code="overloaded",
                retry_after=RETRY_SECONDS,
            )
        self._in_line += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, compute)
        finally:
            self._in_line -= 1

    def _matches(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False


def _yield_to_others() -> None:
    """Let the event loop go first: health and invoices do not wait for people who sign in."""
    if sys.platform == "linux":  # elsewhere the whole process would yield
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), os.getpriority(os.PRIO_PROCESS, 0) + _POLITENESS)
