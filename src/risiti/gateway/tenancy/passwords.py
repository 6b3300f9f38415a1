"""Passwords: which ones are taken, and how they are kept (argon2id); hashing never holds up the event loop."""

import asyncio
from collections.abc import Sequence
from typing import Final

import zxcvbn
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from risiti.gateway.kernel.errors import FieldError

MIN_CHARACTERS: Final = 10
MAX_CHARACTERS: Final = 100
"""Longer ones are refused before anything is computed from them."""
MIN_SCORE: Final = 3
"""zxcvbn's score from 0 to 4; 3 means more than a hundred million guesses by who knows what people choose."""
AT_ONCE: Final = 2
"""Hashes computed at the same time by one process: each takes a core, and MEMORY_KIB of memory."""
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
    """Hashes and verifies in threads, `AT_ONCE` at a time."""

    def __init__(self, hasher: PasswordHasher = HASHER) -> None:
        """Take another `hasher` in tests only: a cheaper one."""
        self._hasher = hasher
        self._places = asyncio.Semaphore(AT_ONCE)
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        """Return what is kept of a password."""
        async with self._places:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, kept: str | None, password: str) -> bool:
        """Tell whether it is the password; where there is none to compare with, take as long to say no."""
        if len(password) > MAX_CHARACTERS:
            return False
        if self._nobodys is None:
            self._nobodys = await self.hash("the password of nobody")
        async with self._places:
            return await asyncio.to_thread(self._matches, kept or self._nobodys, password) and kept is not None

    def _matches(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False
