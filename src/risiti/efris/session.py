"""The session key and the clock offset, when both go stale, and how several clients share them."""

import asyncio
import binascii
from base64 import b64decode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from risiti.efris import crypto
from risiti.efris.envelope import EnvelopeError, decode_base64

_TICK = timedelta(seconds=0.5)


class SessionKeyError(ValueError):
    """The authority's answer holds no usable session key for this private key."""


@dataclass(frozen=True, slots=True)
class SessionKey:
    """The AES key agreed with the authority.

    Attributes:
        secret: 16 bytes (24 or 32 are accepted).
        fetched_at: Monotonic seconds.
        previous: The secret before this one, while an answer sealed with it may still come.
    """

    secret: bytes = field(repr=False)
    fetched_at: float
    previous: bytes | None = field(default=None, repr=False)

    def is_fresh(self, monotonic: float, lifetime: float) -> bool:
        """Tell whether it is younger than `lifetime` seconds."""
        return monotonic - self.fetched_at < lifetime


class SessionKeys(Protocol):
    """Keeps the session key of a device for everybody who speaks for it: other clients, other processes."""

    async def obtain(self, worn: SessionKey | None, fetch: Callable[[], Awaitable[bytes]]) -> SessionKey:
        """Return a key that can be used.

        Args:
            worn: The key that must not be returned again, because it was refused or has grown old; None: any will do.
            fetch: Asks the authority for a new one. Call it only if nobody has one, and only once.

        Raises:
            EfrisError: none is to be had; what `fetch` raised, or NotReady.
        """
        ...


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """What the authority's clock showed at a moment of our monotonic clock, so that a step of ours does not matter.

    Attributes:
        authority_time: The authority's time at `measured_at`, aware.
        measured_at: Monotonic seconds, the middle of the round trip.
        error: Most seconds the reading can be wrong: half the round trip and half a tick of one second.
    """

    authority_time: datetime
    measured_at: float
    error: float

    @classmethod
    def measure(cls, shown: datetime, asked_at: float, answered_at: float) -> "ClockOffset":
        """Take a reading: `shown` has whole seconds and was true somewhere between asking and answering."""
        return cls(
            authority_time=shown + _TICK,
            measured_at=(asked_at + answered_at) / 2,
            error=(answered_at - asked_at) / 2 + _TICK.total_seconds(),
        )

    def is_fresh(self, monotonic: float, lifetime: float) -> bool:
        """Tell whether it is younger than `lifetime` seconds."""
        return monotonic - self.measured_at < lifetime

    def now(self, monotonic: float) -> datetime:
        """Return the authority's time at a moment of the monotonic clock, in whole seconds."""
        passed = timedelta(seconds=monotonic - self.measured_at)
        return (self.authority_time + passed).replace(microsecond=0)


class AuthorityTime:
    """The authority's time, read once for all clients that share this value.

    Args:
        readings: How many readings are made each time; the one with the least error is kept.
        taken: Told of each change: the offset before (None at first) and the one now.
    """

    def __init__(
        self, readings: int = 1, taken: "Callable[[ClockOffset | None, ClockOffset], None] | None" = None
    ) -> None:
        self.offset: ClockOffset | None = None
        self._readings = readings
        self._taken = taken
        self._lock = asyncio.Lock()

    async def read(
        self, measure: Callable[[], Awaitable[ClockOffset]], is_fresh: Callable[[ClockOffset], bool]
    ) -> ClockOffset:
        """Return the offset if it is fresh, else measure it; whoever else asks meanwhile waits for that.

        Raises:
            EfrisError: what `measure` raises.
        """
        async with self._lock:
            if self.offset is not None and is_fresh(self.offset):
                return self.offset
            best = await measure()
            for _ in range(self._readings - 1):
                best = min(best, await measure(), key=lambda offset: offset.error)
            return self.keep(best)

    def keep(self, offset: ClockOffset) -> ClockOffset:
        """Take a reading for what the time is now."""
        before, self.offset = self.offset, offset
        if self._taken is not None:
            self._taken(before, offset)
        return offset

    def doubt(self) -> None:
        """Forget it: the authority has turned a message away for its time."""
        self.offset = None


def unwrap_session_key(wrapped: str, unwrap: Callable[[bytes], bytes]) -> bytes:
    """Unpack the key of T104: base64, RSA PKCS#1 v1.5, base64 text again, 16 bytes.

    The interface document speaks of an 8-bit key; what live services hand out is an AES key of 16 bytes.

    Args:
        wrapped: The field `passowrdDes` (spelt so by the authority).
        unwrap: Decrypts with the taxpayer's key, e.g. `Credentials.unwrap`.

    Raises:
        SessionKeyError: another private key's, or not a key at all.
    """
    try:
        text = unwrap(decode_base64(wrapped))
        secret = b64decode(text, validate=True)
    except (EnvelopeError, crypto.DecryptionFailed, binascii.Error, ValueError):
        raise SessionKeyError("the session key was not made for this private key; is it the registered one?") from None
    if len(secret) not in crypto.SESSION_KEY_LENGTHS:
        raise SessionKeyError("the session key has a wrong length; is the private key the registered one?")
    return secret
