"""What callers want fiscalised: each sale has an amount that no other has, by which it is known everywhere."""

import json
from dataclasses import dataclass, field
from decimal import Decimal

PRICE = 1_000
FOREIGN = 500_000
"""Added to the amount of a document that another system issued under our reference."""


@dataclass(slots=True)
class Sale:
    """One document of a caller, and what the gateway has told about it."""

    number: int
    company_id: str
    is_bad: bool
    """The authority refuses its first revision."""
    is_taken: bool
    """Another system has used its reference before."""
    keyed: bool
    """It is posted with an Idempotency-Key."""
    imported: bool = False
    """It comes with many others at one moment, and waits behind those that come alone."""
    revision: int = 1
    told_id: str | None = None
    told_fdn: str | None = None
    told_withdrawn: bool = False
    told_refused: set[int] = field(default_factory=set)

    @property
    def reference(self) -> str:
        """The seller's number of it."""
        return f"S-{self.number:03d}"

    @property
    def key(self) -> str | None:
        """Its Idempotency-Key."""
        return f"key-{self.number}-{self.revision}" if self.keyed else None

    def gross(self, revision: int) -> Decimal:
        """What one revision of it comes to."""
        return Decimal(PRICE + 10 * self.number + revision)

    def body(self, *, extra: int = 0, reference: str | None = None) -> bytes:
        """Return it as it is posted; `extra` makes another document of it."""
        line = {
            "name": "Exercise book 96 pages",
            "code": "BOOK-96",
            "category": "14111514",
            "quantity": "1",
            "unit": "101",
            "unit_price": str(self.gross(self.revision) + extra),
            "tax": "standard",
        }
        document = {"reference": reference or self.reference, "revision": self.revision, "lines": [line]}
        return json.dumps(document).encode()


def sale_number(gross: Decimal) -> int | None:
    """Return the number of the sale with this amount, whatever its revision; None if none of ours has it."""
    if gross != gross.to_integral_value() or not PRICE < gross < FOREIGN:
        return None
    return (int(gross) - PRICE) // 10
