"""T129: signs frozen documents into one batch, and tells what became of each."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from pydantic import ValidationError

from risiti.efris.credentials import Credentials
from risiti.efris.envelope import encode_base64
from risiti.efris.errors import Refused, RefusedForNow, Unreadable
from risiti.efris.exchange import refusal, shortened
from risiti.efris.interface import Frozen
from risiti.efris.interfaces import UPLOAD_INVOICE, UPLOAD_INVOICE_BATCH
from risiti.efris.models.base import EfrisAnswer, read_answer
from risiti.efris.models.invoice_batch import InvoiceBatch, InvoiceOutcome, InvoiceOutcomes, SignedInvoice
from risiti.efris.return_codes import SUCCESS, Verdict, lookup
from risiti.efris.wirejson import JsonError, read_json

Res = TypeVar("Res", bound=EfrisAnswer)

_OF_ANY_MESSAGE = frozenset({"", "globalInfo", "data", "returnStateInfo"})
"""What a code that turns a message away is about: no field, or one of the envelope."""
_COUNT = "max_count"


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


def read_outcome(outcome: InvoiceOutcome, answer: type[Res]) -> Res | Refused | Unreadable:
    """Tell what became of one document of a batch, as if it had been sent alone.

    Args:
        outcome: Its row of the answer.
        answer: What to read of a fiscalised document: `InvoiceUploaded`, or a model that reads less.

    Returns:
        The fiscalised document; or the refusal (nothing was stored); or Unreadable where the authority may have acted:
        a code that may mean anything, or a success whose content cannot be read.
    """
    code, message = outcome.invoice_return_code.strip(), shortened(outcome.invoice_return_message.strip())
    row = lookup(code, UPLOAD_INVOICE.code)
    try:
        content = read_json(outcome.invoice_content.encode("utf-8")) if outcome.invoice_content.strip() else None
        if code == SUCCESS:
            return read_answer(answer, content)
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


def read_outcomes(answered: InvoiceOutcomes, sent: int, answer: type[Res]) -> list[Res | Refused | Unreadable]:
    """Tell what became of each document of a batch of `sent`, in their order; see `read_outcome`.

    Which row is about which document, only their order says. So where there are not as many rows as documents, nothing
    of the answer is believed.
    """
    rows: Sequence[InvoiceOutcome] = answered.outcomes
    if len(rows) == sent:
        return [read_outcome(row, answer) for row in rows]
    detail = f"the answer to a batch of {sent} documents has {len(rows)} rows"
    raw = "\n".join(f"{row.invoice_return_code} {row.invoice_content}" for row in rows).encode("utf-8", "replace")
    return [Unreadable(detail, interface=UPLOAD_INVOICE_BATCH.code, raw=raw) for _ in range(sent)]


def failure_of(outcomes: Sequence[EfrisAnswer | Refused | Unreadable]) -> Unreadable | None:
    """Return what a batch failed with as a message: nothing, unless none of its documents has got a clear answer."""
    unclear = [outcome for outcome in outcomes if isinstance(outcome, Unreadable)]
    return unclear[0] if unclear and len(unclear) == len(outcomes) else None


def as_a_whole(refusal: Refused) -> Refused | Unreadable:
    """Tell what it means for the documents of a batch that the message was refused.

    Returns:
        A refusal that passes: the message was turned away before its documents were looked at, for its key, its time,
        its device; or because it has too many of them (1612), which says nothing against any. Or Unreadable: a code
        that is about one document says nothing about the others, which may have been stored before it.
    """
    row = refusal.return_code
    if isinstance(refusal, RefusedForNow) and (row.field or "").partition(".")[0] in _OF_ANY_MESSAGE:
        return refusal
    if UPLOAD_INVOICE_BATCH.code in row.interfaces and row.rule == _COUNT:
        return RefusedForNow(
            replace(row, verdict=Verdict.NOT_PROCESSED),
            return_message=refusal.return_message,
            interface=refusal.interface,
            exchange_id=refusal.exchange_id,
        )
    return Unreadable(
        f"code {row.code} about a whole batch does not say what became of its documents",
        interface=refusal.interface,
        exchange_id=refusal.exchange_id,
        return_code=row,
        return_message=refusal.return_message,
    )
