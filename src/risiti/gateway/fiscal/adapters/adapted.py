"""What every adapter gives: the sale in the words of our own JSON, and where in the caller's document each word stands.

Checks speak of our document (`/lines/0/unit`); the caller wrote another one. `Places` turns the one into the other, so
that every fault names the caller's own field.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from risiti.gateway.fiscal.strict_json import JsonObject
from risiti.gateway.kernel.errors import FieldError, GatewayError


@dataclass(frozen=True, slots=True)
class Places:
    """Where the fields of our document stand in the caller's: JSON pointer -> place as the caller would write it."""

    by_pointer: Mapping[str, str]
    fixes: Mapping[str, str] = field(default_factory=dict)
    """What to do about a field that is missing, in the words of the caller's shape; by JSON pointer."""

    def of(self, pointer: str) -> str:
        """Return the place of a field, or of the nearest thing around it that has one; headers stay as they are."""
        if not self.by_pointer or not pointer.startswith("/"):
            return pointer or self.by_pointer.get("", "")
        wanted = pointer
        while wanted:
            if wanted in self.by_pointer:
                return self.by_pointer[wanted]
            wanted = wanted.rpartition("/")[0]
        return self.by_pointer.get("", "")

    def fault(self, fault: FieldError) -> FieldError:
        """Return a fault of our document as one of the caller's."""
        fix = self.fixes.get(fault.path, fault.fix) if fault.code in ("missing", "empty") else fault.fix
        repair = () if self.by_pointer else fault.repair  # it speaks of our words, which the caller did not write
        return replace(fault, path=self.of(fault.path), fix=fix, repair=repair)

    def faults(self, faults: Sequence[FieldError]) -> tuple[FieldError, ...]:
        """Return faults of our document as the caller's."""
        return tuple(self.fault(fault) for fault in faults)

    @contextmanager
    def named(self) -> Iterator[None]:
        """Have the faults of every error that leaves the block name the caller's own fields."""
        try:
            yield
        except GatewayError as error:
            error.errors = self.faults(error.errors)
            raise


AS_THEY_ARE = Places({})
"""For our own JSON: its places are the caller's."""


@dataclass(frozen=True, slots=True)
class Adapted:
    """A sale in the words of our own JSON."""

    document: JsonObject
    places: Places
    notes: tuple[FieldError, ...] = ()
    """What was left out or decided on the way; paths are the caller's own."""
