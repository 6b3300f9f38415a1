"""Compare two sets of books: what we say became of each accepted reference, and what the authority issued for it."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

FISCALISED: Final = "fiscalised"
REFUSED: Final = "refused"
WITHDRAWN: Final = "withdrawn"
FINAL: Final = frozenset({FISCALISED, REFUSED, WITHDRAWN})
"""States in which nothing more happens to a document by itself."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What we say of one document: its state, and its FDN once it is fiscalised."""

    reference: str
    state: str
    fdn: str | None


@dataclass(frozen=True, slots=True)
class Books:
    """The outcome of a comparison; the tuples hold references in order, empty when all is well."""

    accepted: int
    states: Mapping[str, int]
    fiscal_numbers: int
    """Documents that the authority issued, of all references."""
    lost: tuple[str, ...]
    """Accepted, but unknown here; or fiscalised here without a document at the authority."""
    doubled: tuple[str, ...]
    """More than one document at the authority for one reference."""
    different: tuple[str, ...]
    """The authority holds another number than we do, or one that we do not know of."""
    unsettled: tuple[str, ...]
    """In no final state yet, or held for a person."""

    @property
    def agree(self) -> bool:
        """Whether nothing is lost, doubled, different or unsettled."""
        return not (self.lost or self.doubled or self.different or self.unsettled)

    @property
    def verdict(self) -> str:
        """The one line that people look for."""
        line = f"lost {len(self.lost)}  doubled {len(self.doubled)}"
        if self.different:
            line += f"  different {len(self.different)}"
        if self.unsettled:
            line += f"  unsettled {len(self.unsettled)}"
        return line

    def as_json(self) -> dict[str, object]:
        """Return the comparison as plain values."""
        return {
            "accepted": self.accepted,
            "states": dict(self.states),
            "fiscal_numbers_at_authority": self.fiscal_numbers,
            "lost": list(self.lost),
            "doubled": list(self.doubled),
            "different": list(self.different),
            "unsettled": list(self.unsettled),
        }


def compare(accepted: Collection[str], ours: Mapping[str, Entry], authority: Mapping[str, Sequence[str]]) -> Books:
    """Compare the books.

    Args:
        accepted: References whose POST was answered 2xx.
        ours: What we say, by reference; may hold more than was accepted (an answer may have been lost on the way).
        authority: Every FDN that the authority issued, by reference.
    """
    known = sorted({*accepted, *ours, *authority})
    return Books(
        accepted=len(accepted),
        states=Counter(entry.state for entry in ours.values()),
        fiscal_numbers=sum(len(numbers) for numbers in authority.values()),
        lost=tuple(reference for reference in sorted(accepted) if _is_lost(ours.get(reference), authority)),
        doubled=tuple(reference for reference in known if len(authority.get(reference, ())) > 1),
        different=tuple(reference for reference in known if _differs(ours.get(reference), authority.get(reference))),
        unsettled=tuple(sorted(entry.reference for entry in ours.values() if entry.state not in FINAL)),
    )


def _is_lost(entry: Entry | None, authority: Mapping[str, Sequence[str]]) -> bool:
    return entry is None or (entry.state == FISCALISED and not authority.get(entry.reference))


def _differs(entry: Entry | None, numbers: Sequence[str] | None) -> bool:
    if not numbers:
        return False
    return entry is None or entry.fdn not in numbers
