"""Prefixed, time-ordered ids: `doc_01J...`; never sequential, so that nobody can count or guess them."""

import secrets
from collections.abc import Callable
from typing import NewType

from risiti.gateway.kernel.clock import Clock

CompanyId = NewType("CompanyId", str)
DeviceId = NewType("DeviceId", str)
DocumentId = NewType("DocumentId", str)
ApiKeyId = NewType("ApiKeyId", str)
UserId = NewType("UserId", str)
EventId = NewType("EventId", str)
AttemptId = NewType("AttemptId", str)
EvidenceId = NewType("EvidenceId", str)
TaskId = NewType("TaskId", str)
FirmId = NewType("FirmId", str)
BranchId = NewType("BranchId", str)
DecisionId = NewType("DecisionId", str)
FindingId = NewType("FindingId", str)

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [first + second for first in _CROCKFORD for second in _CROCKFORD]
_RANDOM_BYTES = 10


class Ids:
    """Makes ids: a prefix, 48 bits of milliseconds and 80 random bits in Crockford's base 32 (as in a ULID).

    Time order keeps database indexes compact; the random part makes an id unguessable.
    """

    def __init__(self, clock: Clock, random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._clock = clock
        self._random_bytes = random_bytes

    def company(self) -> CompanyId:
        """Return a new company's id."""
        return CompanyId(self._new("com"))

    def device(self) -> DeviceId:
        """Return a new device's id."""
        return DeviceId(self._new("dev"))

    def document(self) -> DocumentId:
        """Return a new document's id."""
        return DocumentId(self._new("doc"))

    def api_key(self) -> ApiKeyId:
        """Return a new API key's id (the key itself is a secret and made elsewhere)."""
        return ApiKeyId(self._new("key"))

    def user(self) -> UserId:
        """Return a new person's id."""
        return UserId(self._new("usr"))

    def firm(self) -> FirmId:
        """Return a new firm's id."""
        return FirmId(self._new("frm"))

    def branch(self) -> BranchId:
        """Return a new branch's id."""
        return BranchId(self._new("brn"))

    def sign_in(self) -> str:
        """Return a new id for a sign-in (its tokens are secrets and made elsewhere)."""
        return self._new("sgn")

    def event(self) -> EventId:
        """Return a new event's id."""
        return EventId(self._new("evt"))

    def attempt(self) -> AttemptId:
        """Return a new attempt's id."""
        return AttemptId(self._new("att"))

    def evidence(self) -> EvidenceId:
        """Return a new id for a piece of evidence."""
        return EvidenceId(self._new("evd"))

    def task(self) -> TaskId:
        """Return a new id for a background task."""
        return TaskId(self._new("tsk"))

    def decision(self) -> DecisionId:
        """Return a new id for a person's decision."""
        return DecisionId(self._new("dcn"))

    def finding(self) -> FindingId:
        """Return a new id for a finding of the reconciliation."""
        return FindingId(self._new("fnd"))

    def exchange(self) -> str:
        """Return a new message id for the authority: 32 hexadecimal digits (wire protocol, section 2)."""
        return self._random_bytes(16).hex()

    def request(self) -> str:
        """Return a new id for an HTTP request."""
        return self._new("req")

    def _new(self, prefix: str) -> str:
        milliseconds = int(self._clock.now().timestamp() * 1000)
        number = (milliseconds << 8 * _RANDOM_BYTES) | int.from_bytes(self._random_bytes(_RANDOM_BYTES))
        return f"{prefix}_{_base32(number, 26)}"


def _base32(number: int, digits: int) -> str:
    """Write a number in an even number of digits, two at a time."""
    return "".join([_PAIRS[(number >> place) & 1023] for place in range(5 * digits - 10, -1, -10)])
