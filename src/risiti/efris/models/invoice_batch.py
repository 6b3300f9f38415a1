"""T129: several documents to be fiscalised in one call, each signed on its own."""

from typing import Annotated, ClassVar

from pydantic import Field

from risiti.efris.models.base import (
    READ_ROWS,
    EfrisAnswer,
    EfrisAnswerRows,
    EfrisRequest,
    EfrisRows,
    Rows,
    Text,
    WireText,
)


class SignedInvoice(EfrisRequest):
    """One document of a batch. `batch.sign_batch` makes it."""

    invoice_content: Annotated[str, Text("request of T109 as JSON text, not encrypted", None, required=True)] = Field(
        repr=False
    )
    invoice_signature: Annotated[str, Text("base64 of the signature over that text's UTF-8", None, required=True)]


class InvoiceBatch(EfrisRows):
    """Request of T129: a list of documents. How many there may be is a setting of the authority (code 1612)."""

    wire_list: ClassVar[str] = "invoices"

    invoices: Annotated[tuple[SignedInvoice, ...], Rows("documents", required=True)]


class InvoiceOutcome(EfrisAnswer):
    """What became of one document of a batch. `batch.read_outcome` reads it.

    Attributes:
        invoice_content: Answer of T109 as JSON text.
        invoice_return_code: Return code as of T109.
        invoice_return_message: Free text; never to be matched on.
    """

    invoice_content: WireText = Field(default="", repr=False)
    invoice_return_code: WireText = ""
    invoice_return_message: WireText = ""


class InvoiceOutcomes(EfrisAnswerRows):
    """Answer of T129, in the order of the request; with code 1613 if at least one document was refused."""

    wire_list: ClassVar[str] = "outcomes"

    outcomes: Annotated[tuple[InvoiceOutcome, ...], READ_ROWS] = ()
