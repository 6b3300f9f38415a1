"""What became of one UBL file: its own totals, those at the authority, and what it became or what is lacking."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from itertools import starmap

from risiti.gateway.fiscal.adapters.ubl.uganda import UblFile
from risiti.gateway.kernel.errors import FieldError


class Outcome(StrEnum):
    """How it went for a file."""

    FISCALISED = "fiscalised"
    NEEDS = "needs"
    """It cannot be fiscalised in Uganda as it is; the row says what is lacking."""
    SKIPPED = "skipped"
    """No UBL invoice or credit note."""
    WRONG = "wrong"
    """Totals differ: the file's from its parts, or the authority's from the file's."""
    FAILED = "failed"
    """It cannot be read, or something broke."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """Totals in one currency."""

    currency: str
    net: Decimal
    tax: Decimal
    gross: Decimal
    payable: Decimal | None = None

    def __str__(self) -> str:
        """Write them in a row."""
        payable = f", to pay {self.payable:.2f}" if self.payable is not None else ""
        return f"{self.net:.2f} + {self.tax:.2f} = {self.gross:.2f}{payable} {self.currency}"

    def as_json(self) -> dict[str, str]:
        """Return them as plain values."""
        parts = {"net": self.net, "tax": self.tax, "gross": self.gross, "payable": self.payable}
        return {"currency": self.currency, **{name: str(part) for name, part in parts.items() if part is not None}}


@dataclass(slots=True)
class Row:
    """One file."""

    file: str
    kind: str = ""
    lines: int = 0
    stated: Amounts | None = None
    """As the file's totals say."""
    recomputed: Amounts | None = None
    """As its parts add up."""
    fiscal: Amounts | None = None
    """At the authority."""
    outcome: Outcome = Outcome.FAILED
    fdn: str = ""
    needs: list[FieldError] = field(default_factory=list)
    notes: Sequence[FieldError] = ()

    @property
    def is_good(self) -> bool:
        """Whether it has an outcome, and the totals are right."""
        return self.outcome in (Outcome.FISCALISED, Outcome.NEEDS, Outcome.SKIPPED)

    @property
    def became(self) -> str:
        """Say in one line what became of it."""
        if self.outcome is Outcome.FISCALISED:
            return f"FDN {self.fdn}"
        return f"{self.outcome}: " + " ".join(fault.message for fault in self.needs[:1])

    def as_json(self) -> dict[str, object]:
        """Return it as plain values."""
        amounts = {"in_the_file": self.stated, "recomputed": self.recomputed, "at_efris": self.fiscal}
        return {
            "file": self.file,
            "kind": self.kind,
            "lines": self.lines,
            **{name: one.as_json() if one else None for name, one in amounts.items()},
            "outcome": self.outcome.value,
            "fdn": self.fdn or None,
            "needs": [_plain(fault) for fault in self.needs],
            "notes": [_plain(note) for note in self.notes],
        }


def describe(row: Row, file: UblFile) -> None:
    """Fill in what the file itself says."""
    document, sums = file.document, file.sums
    row.kind = f"{'credit note' if document.root == 'CreditNote' else 'invoice'} {document.type_code}".strip()
    row.lines = len(document.lines)
    row.recomputed = Amounts(document.currency, sums.net, sums.tax, sums.gross, sums.payable)
    stated, tax = document.totals, document.tax_total
    row.stated = Amounts(
        document.currency,
        sums.net if stated.net is None else stated.net,
        sums.tax if tax is None else tax.tax,
        sums.gross if stated.gross is None else stated.gross,
        stated.payable,
    )


def print_rows(rows: Sequence[Row]) -> None:
    """Print a row for each file, what it lacks or what was adapted below it, and a summary."""
    width = max((len(row.file) for row in rows), default=4)
    print(f"{'file':<{width}}  {'kind':<15} {'lines':>5}  {'in the file':<48}  {'at EFRIS':<40}  became")
    for row in rows:
        stated, fiscal = str(row.stated or "-"), str(row.fiscal or "-")
        print(f"{row.file:<{width}}  {row.kind:<15} {row.lines:>5}  {stated:<48}  {fiscal:<40}  {row.became}")
        for fault in row.needs:
            print(f"{'':<{width}}    needs: {fault.path or 'the document'}: {fault.message} {fault.fix}".rstrip())
        for text, count in _counted(row.notes):
            print(f"{'':<{width}}    {text}{f' ({count} times)' if count > 1 else ''}")
    counts = {outcome: sum(row.outcome is outcome for row in rows) for outcome in Outcome}
    print(f"{len(rows)} files: " + ", ".join(starmap(lambda outcome, count: f"{count} {outcome}", counts.items())))


def _counted(notes: Sequence[FieldError]) -> list[tuple[str, int]]:
    texts = [note.message for note in notes]
    return [(text, texts.count(text)) for text in dict.fromkeys(texts)]


def _plain(fault: FieldError) -> dict[str, str]:
    return {"path": fault.path, "code": fault.code, "message": fault.message, "fix": fault.fix}
