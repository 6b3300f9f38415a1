"""The session key and the clock offset, and when both go stale: values, not a manager."""

import binascii
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

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
    """

    secret: bytes = field(repr=False)
    fetched_at: float

    def is_fresh(self, monotonic: float, lifetime: float) -> bool:
        """Tell whether it is younger than `lifetime` seconds."""
        return monotonic - self.fetched_at < lifetime


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
