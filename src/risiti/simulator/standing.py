"""How a document stands: whether it is a note and to what, whether it is cancelled, which notes stand against it."""

from dataclasses import dataclass

from risiti.simulator.notes import CREDIT_NOTE, DEBIT_NOTE, Note
from risiti.simulator.world import World


@dataclass(frozen=True, slots=True)
class Standing:
    """The flags of one document.

    Attributes:
        original_fdn: The document this note is about; "" for others.
        is_invalid: "1" for a cancelled note, else "0".
        is_refund: "1" if a credit note stands against it, "2" if a debit note does, else "0".
    """

    original_fdn: str = ""
    is_invalid: str = "0"
    is_refund: str = "0"


class Standings:
    """The standings of all documents that a taxpayer issued or was issued."""

    def __init__(self, world: World, tin: str) -> None:
        notes = world.notes.concerning(tin)
        self._notes: dict[str, Note] = {note.fdn: note for note in notes}
        standing = [note for note in notes if not note.cancelled and note.original_fdn]
        self._refunds = {note.original_fdn: "2" for note in standing if note.kind == DEBIT_NOTE}
        self._refunds |= {note.original_fdn: "1" for note in standing if note.kind == CREDIT_NOTE}

    def of(self, fdn: str) -> Standing:
        """Return the standing of a document."""
        note = self._notes.get(fdn)
        refund = self._refunds.get(fdn, "0")
        if note is None:
            return Standing(is_refund=refund)
        return Standing(note.original_fdn, "1" if note.cancelled else "0", refund)
