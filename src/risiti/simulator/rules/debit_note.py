"""Rules about debit notes (invoiceType 4) and credit memos (invoiceType 5) offered to T109."""

import re
from datetime import timedelta

from risiti.simulator.ledger import Document
from risiti.simulator.notes import CREDIT_MEMO, CREDIT_NOTE, DEBIT_NOTE
from risiti.simulator.refusal import Refusal
from risiti.simulator.rules.block import Block
from risiti.simulator.rules.buyer import B2B, B2C
from risiti.simulator.rules.draft import Draft, Examination
from risiti.simulator.rules.lines import YES
from risiti.simulator.rules.original import (
    EXPORT,
    FUEL,
    industry_of,
    is_too_old,
    refuse_cancelled,
    refuse_fully_credited,
    refuse_notes_to_notes,
    refuse_pending_cancellation,
    refuse_withheld,
)
from risiti.simulator.rules.readings import demand, twin
from risiti.simulator.values import is_blank

REASONS = ("101", "102", "103")
OTHER_REASON = "103"
IMPORTED_SERVICE = "104"

_DIGITS = re.compile(r"[0-9]+")


def check_type(draft: Draft, about: Examination) -> None:
    """Check that a debit note or credit memo is allowed at all and says what it must: the original, a reason."""
    kind = draft.basic.text("invoiceType")
    if kind == DEBIT_NOTE:
        draft.basic.required("oriInvoiceId", twin("1136", about.settings))
        _check_reason(draft, about)
    if kind == CREDIT_MEMO:
        _check_memo(draft, about)
        _check_reason(draft, about)


def _check_reason(draft: Draft, about: Examination) -> None:
    if is_blank(draft.extend.values):
        draft.extend.refuse("2073")
    draft.extend.required("reasonCode", "1314")
    if draft.extend.one_of("reasonCode", REASONS, "1404") == OTHER_REASON:
        draft.extend.required("reason", "1405")
    demand(draft.extend, "reason", twin("1312", about.settings), about.settings)


def _check_memo(draft: Draft, about: Examination) -> None:
    """Check who may give a credit memo to whom, and until when."""
    basic, buyer = draft.basic, draft.buyer
    if not about.seller.rebates:
        basic.refuse("2804")
    if about.seller.duty_free:
        basic.refuse("2822")
    industry = basic.text("invoiceIndustryCode")
    if industry == IMPORTED_SERVICE:
        basic.refuse("2807")
    if industry != EXPORT:
        buyer.one_of("buyerType", (B2B, B2C), "2805")
        buyer.required("buyerTin", "2806")
    for line in draft.lines:
        if line.text("exciseFlag") == YES:
            line.refuse("2827")
    oldest = (about.now - timedelta(days=about.seller.credit_memo_days)).date()
    if basic.moment("issuedDate", "1130").date() < oldest:
        basic.refuse("312")


def check_original(draft: Draft, about: Examination) -> None:
    """Hold a debit note to its original document; other documents pass.

    An undecided application for a credit note does not stand in its way: that application can no longer be approved.

    Raises:
        Refusal: the first rule that fails.
    """
    if draft.basic.text("invoiceType") != DEBIT_NOTE:
        return
    original = _original_of(draft.basic, about)
    refuse_notes_to_notes(original)
    refuse_cancelled(original, about.world)
    refuse_withheld(original, about.world)
    _refuse_export(draft, original)
    _refuse_fuel(draft, original)
    refuse_pending_cancellation(original, about.world)
    _refuse_second_debit_note(original, about)
    refuse_fully_credited(original, about.world)
    _refuse_partly_credited(original, about)
    if draft.basic.text("currency") != original.currency:
        draft.basic.refuse("1411")
    if is_too_old(original, about.world, about.now):
        draft.basic.refuse("312")


def _original_of(basic: Block, about: Examination) -> Document:
    """Find the document that a debit note is about, by its oriInvoiceId: one of the caller's own (1400)."""
    identity = basic.text("oriInvoiceId")
    document = about.world.ledger.by_id(identity) if _DIGITS.fullmatch(identity) else None
    if document is None or document.tin != about.seller.tin:
        basic.refuse("1400")
    return document


def _refuse_export(draft: Draft, original: Document) -> None:
    """Refuse a debit note on an export, or as one (2049)."""
    if EXPORT in (industry_of(original), draft.basic.text("invoiceIndustryCode")):
        draft.basic.refuse("2049")


def _refuse_fuel(draft: Draft, original: Document) -> None:
    """Refuse a debit note on a fuel sale, or as one (3029)."""
    if FUEL in (industry_of(original), draft.basic.text("invoiceIndustryCode")):
        draft.basic.refuse("3029")


def _refuse_second_debit_note(original: Document, about: Examination) -> None:
    """Refuse a second debit note (1402); while the first one's cancellation is in process, say so (318)."""
    standing = about.world.notes.standing(original.fdn, DEBIT_NOTE)
    for note in standing:
        document = about.world.ledger.by_fdn(note.fdn)
        if document is not None:
            refuse_pending_cancellation(document, about.world)
    if standing:
        raise Refusal("1402")


def _refuse_partly_credited(original: Document, about: Examination) -> None:
    """Refuse a debit note after a partial credit note, unless the seller may (306)."""
    if about.seller.debit_after_credit:
        return
    if about.world.notes.standing(original.fdn, CREDIT_NOTE):
        raise Refusal("306")
