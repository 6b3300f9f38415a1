"""The authority's ledger: every fiscal document it ever issued, with its number, verification code and QR text."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import cast

from risiti.simulator.clock import kampala
from risiti.simulator.store import Store

FIRST_NUMBER = 43_000_000
"""Fiscal document numbers count on from here, so that they look like the authority's."""

QR_PREFIX = "https://efris.ura.go.ug/site_mobile/#/invoiceValidation"
VERIFICATION_CODE_DIGITS = 20
LATE_UPLOAD = timedelta(minutes=10)
"""An issuedDate further from the server's clock is accepted, but noted (exception type 101)."""

_COLUMNS = (
    "number, fdn, invoice_id, verification_code, tin, device_no, reference, invoice_type, invoice_kind, currency, "
    "gross, tax, buyer_tin, issued_at, uploaded_at, late_upload, body"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A document that passed every check and is to be issued.

    Attributes:
        tin: The seller.
        device_no: The device it came from.
        reference: The seller's own reference, or "".
        invoice_type: "1" invoice or receipt.
        invoice_kind: "1" invoice, "2" receipt.
        currency: Currency name, as `UGX`.
        gross: Gross amount, in `currency`.
        tax: Tax amount, in `currency`.
        buyer_tin: The buyer's TIN, or "".
        issued_at: When the seller issued it, Kampala wall time.
        blocks: Its blocks as sent.
        fdn: Its number if it was issued offline, else "".
        verification_code: The code printed on it if it was issued offline, else "".
    """

    tin: str
    device_no: str
    reference: str
    invoice_type: str
    invoice_kind: str
    currency: str
    gross: Decimal
    tax: Decimal
    buyer_tin: str
    issued_at: datetime
    blocks: Mapping[str, object]
    fdn: str = ""
    verification_code: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A fiscal document in the ledger. `uploaded_at` is aware (UTC), `issued_at` is Kampala wall time."""

    number: int
    fdn: str
    invoice_id: str
    verification_code: str
    tin: str
    device_no: str
    reference: str
    invoice_type: str
    invoice_kind: str
    currency: str
    gross: Decimal
    tax: Decimal
    buyer_tin: str
    issued_at: datetime
    uploaded_at: datetime
    late_upload: bool
    blocks: Mapping[str, object]

    @property
    def qr_text(self) -> str:
        """The text of the QR code: the public verification page of this document."""
        return f"{QR_PREFIX}?invoiceNo={self.fdn}&antiFakeCode={self.verification_code}"


class Ledger:
    """Issues documents and finds them again."""

    def __init__(self, store: Store, chance: Random) -> None:
        self._store = store
        self._chance = chance

    def issue(self, upload: Upload, now: datetime) -> Document:
        """Number and store a document; it is on disk when this returns (unless inside an outer transaction)."""
        with self._store.transaction() as db:
            number: int = db.execute("SELECT coalesce(max(number), 0) + 1 FROM documents").fetchone()[0]
            local = kampala(now)
            document = Document(
                number=number,
                fdn=upload.fdn or f"3{local.year % 100:02d}{FIRST_NUMBER + number:09d}",
                invoice_id=f"{int(now.timestamp() * 1000):013d}{number % 100_000:05d}",
                verification_code=upload.verification_code
                or "".join(self._chance.choices("0123456789", k=VERIFICATION_CODE_DIGITS)),
                tin=upload.tin,
                device_no=upload.device_no,
                reference=upload.reference,
                invoice_type=upload.invoice_type,
                invoice_kind=upload.invoice_kind,
                currency=upload.currency,
                gross=upload.gross,
                tax=upload.tax,
                buyer_tin=upload.buyer_tin,
                issued_at=upload.issued_at,
                uploaded_at=now,
                late_upload=abs(local - upload.issued_at) > LATE_UPLOAD,
                blocks=upload.blocks,
            )
            places = ", ".join("?" * len(_COLUMNS.split(",")))
            db.execute(f"INSERT INTO documents ({_COLUMNS}) VALUES ({places})", _to_row(document))  # noqa: S608 - constants
        return document

    def rename_buyer(self, document: Document, buyer: Mapping[str, object]) -> None:
        """Replace the buyer of a document (T166); nothing else of it changes.

        Args:
            document: The document as it was.
            buyer: Its new block `buyerDetails`.
        """
        blocks = {**document.blocks, "buyerDetails": buyer}
        with self._store.transaction() as db:
            db.execute(
                "UPDATE documents SET buyer_tin = ?, body = ? WHERE number = ?",
                (str(buyer.get("buyerTin") or ""), json.dumps(blocks, ensure_ascii=False), document.number),
            )

    def by_fdn(self, fdn: str) -> Document | None:
        """Find a document by its fiscal document number."""
        found = self._select("fdn = ?", (fdn,))
        return found[0] if found else None

    def by_id(self, invoice_id: str) -> Document | None:
        """Find a document by its internal id (`invoiceId`)."""
        found = self._select("invoice_id = ?", (invoice_id,))
        return found[0] if found else None

    def by_reference(self, reference: str, tin: str | None = None, *, up_to: int | None = None) -> list[Document]:
        """List the documents with a seller's reference, oldest first.

        Args:
            reference: The reference, compared exactly.
            tin: Only documents of this seller.
            up_to: Only documents numbered up to this one (a view of the ledger as it was).
        """
        where, values = ["reference = ?"], [reference]
        if tin is not None:
            where.append("tin = ?")
            values.append(tin)
        if up_to is not None:
            where.append("number <= ?")
            values.append(str(up_to))
        return self._select(" AND ".join(where), tuple(values))

    def of_seller(self, tin: str) -> list[Document]:
        """List all documents a taxpayer issued, oldest first."""
        return self._select("tin = ?", (tin,))

    def of_buyer(self, tin: str) -> list[Document]:
        """List all documents issued to a taxpayer, oldest first."""
        return self._select("buyer_tin = ?", (tin,))

    def page(self, after: int, limit: int) -> list[tuple[int, str, str, str]]:
        """List (number, TIN, reference, FDN) of the documents after a number, oldest first."""
        with self._store.reading() as db:
            rows = db.execute(
                "SELECT number, tin, reference, fdn FROM documents WHERE number > ? ORDER BY number LIMIT ?",
                (after, limit),
            )
            return [(row[0], row[1], row[2], row[3]) for row in rows]

    def last_number(self) -> int:
        """Return the number of the newest document, 0 for none; also how many there are."""
        with self._store.reading() as db:
            return int(db.execute("SELECT coalesce(max(number), 0) FROM documents").fetchone()[0])

    def _select(self, where: str, values: tuple[str, ...]) -> list[Document]:
        with self._store.reading() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM documents WHERE {where} ORDER BY number",  # noqa: S608 - fixed texts only
                values,
            ).fetchall()
        return [_from_row(row) for row in rows]


def _to_row(document: Document) -> tuple[object, ...]:
    return (
        document.number,
        document.fdn,
        document.invoice_id,
        document.verification_code,
        document.tin,
        document.device_no,
        document.reference,
        document.invoice_type,
        document.invoice_kind,
        document.currency,
        str(document.gross),
        str(document.tax),
        document.buyer_tin,
        document.issued_at.isoformat(),
        document.uploaded_at.isoformat(),
        int(document.late_upload),
        json.dumps(document.blocks, ensure_ascii=False),
    )


def _from_row(row: tuple[object, ...]) -> Document:
    fdn, invoice_id, code, tin, device_no, reference, kind_of_note, kind, currency = (str(text) for text in row[1:10])
    gross, tax, buyer_tin, issued_at, uploaded_at = (str(text) for text in row[10:15])
    return Document(
        number=cast("int", row[0]),
        fdn=fdn,
        invoice_id=invoice_id,
        verification_code=code,
        tin=tin,
        device_no=device_no,
        reference=reference,
        invoice_type=kind_of_note,
        invoice_kind=kind,
        currency=currency,
        gross=Decimal(gross),
        tax=Decimal(tax),
        buyer_tin=buyer_tin,
        issued_at=datetime.fromisoformat(issued_at),
        uploaded_at=datetime.fromisoformat(uploaded_at),
        late_upload=bool(row[15]),
        blocks=json.loads(str(row[16])),
    )
