"""T129: signs frozen documents into one batch, and tells what became of each."""

from collections.abc import Iterable

from pydantic import ValidationError

from risiti.efris.credentials import Credentials
from risiti.efris.envelope import encode_base64
from risiti.efris.errors import Refused, Unreadable
from risiti.efris.exchange import refusal
from risiti.efris.interface import Frozen
from risiti.efris.interfaces import UPLOAD_INVOICE, UPLOAD_INVOICE_BATCH
from risiti.efris.models.base import read_answer
from risiti.efris.models.invoice_batch import InvoiceBatch, InvoiceOutcome, SignedInvoice
from risiti.efris.models.invoices import InvoiceUploaded
from risiti.efris.return_codes import SUCCESS, Verdict, lookup
from risiti.efris.wirejson import JsonError, read_json


def sign_batch(contents: Iterable[Frozen], credentials: Credentials) -> InvoiceBatch:
    """Sign documents into one request of T129.

    The inner signature covers the UTF-8 bytes of a document's JSON text; the outer one, made when the batch is sent,
    covers the encrypted whole.

    Args:
        contents: What `UPLOAD_INVOICE.freeze` made of the documents, or what was stored of them.
        credentials: Who signs.
    """
    return InvoiceBatch(
        invoices=tuple(
            SignedInvoice(
                invoice_content=frozen.content.decode("utf-8"),
                invoice_signature=encode_base64(credentials.sign(frozen.content)),
            )
            for frozen in contents
        )
    )


def read_outcome(outcome: InvoiceOutcome) -> InvoiceUploaded | Refused | Unreadable:
    """Tell what became of one document of a batch, as if it had been sent alone.

    Returns:
        The fiscalised document; or the refusal (nothing was stored); or Unreadable where the authority may have acted:
        a code that may mean anything, or a success whose content cannot be read.
    """
    code, message = outcome.invoice_return_code.strip(), outcome.invoice_return_message
    row = lookup(code, UPLOAD_INVOICE.code)
    try:
        content = read_json(outcome.invoice_content.encode("utf-8")) if outcome.invoice_content.strip() else None
        if code == SUCCESS:
            return read_answer(InvoiceUploaded, content)
        detail = f"code {code!r} of a document in a batch does not say whether it was carried out"
    except (JsonError, UnicodeEncodeError, ValidationError):
        content = None
        detail = f"a document of a batch carries code {code!r}, but its content cannot be read"
    if code != SUCCESS and row.verdict not in {Verdict.AMBIGUOUS, Verdict.DONE}:
        return refusal(row, message, content, UPLOAD_INVOICE.code, "")
    return Unreadable(
        detail,
        interface=UPLOAD_INVOICE_BATCH.code,
        raw=outcome.invoice_content.encode("utf-8", "replace"),
        return_code=row,
        return_message=message,
        accepted_opaque=code == SUCCESS,
    )
