"""Rules about the document a note is about: found, complete, not withheld, not too old, something left of it.

Shared by the application for a credit note (T110), its approval (T113), the debit note (T109), and the list of
documents that can get either (T107), which holds exactly those that these rules let pass.
"""

from datetime import datetime, timedelta

from risiti.simulator.applications import FOR_CANCELLATION, FOR_CREDIT_NOTE
from risiti.simulator.clock import kampala
from risiti.simulator.ledger import Document
from risiti.simulator.notes import CREDIT_MEMO, CREDIT_NOTE, DEBIT_NOTE
from risiti.simulator.refusal import Refusal
from risiti.simulator.registry import Taxpayer
from risiti.simulator.remainder import remainder_of
from risiti.simulator.world import World

EXPORT, FUEL = "102", "110"
UNDER_PROCESSING, EXITED = "101", "102"
"""Values of documentStatusCode (T187)."""


def check_creditable(document: Document, seller: Taxpayer, world: World, now: datetime) -> None:
    """Demand that a seller may apply for a credit note on a document.

    Raises:
        Refusal: the first rule that fails.
    """
    refuse_notes_to_notes(document)
    refuse_cancelled(document, world)
    refuse_withheld(document, world)
    refuse_export(document, world, now)
    refuse_pending_cancellation(document, world)
    refuse_debited(document, world, "1402")
    refuse_pending_application(document, world)
    refuse_fully_credited(document, world)
    _refuse_old_for_credit(document, seller, world, now)


def refuse_notes_to_notes(document: Document) -> None:
    """Refuse a credit note, or a debit note, about a credit note or credit memo (1480)."""
    if document.invoice_type in (CREDIT_NOTE, CREDIT_MEMO):
        raise Refusal("1480")


def refuse_cancelled(document: Document, world: World) -> None:
    """Refuse notes about a cancelled debit note: it is no complete document any more (301)."""
    if world.notes.cancellation(document.fdn) is not None:
        raise Refusal("301")


def refuse_withheld(document: Document, world: World) -> None:
    """Refuse notes about a document that the authority withholds (3134)."""
    if world.notes.is_withheld(document.fdn):
        raise Refusal("3134")


def refuse_export(document: Document, world: World, now: datetime) -> None:
    """Refuse credit notes on exports: while customs works on one (3162), and when it has left the country (2050)."""
    if industry_of(document) == EXPORT:
        raise Refusal("3162" if export_status(document, world, now) == UNDER_PROCESSING else "2050")


def refuse_pending_cancellation(document: Document, world: World) -> None:
    """Refuse notes about a debit note whose cancellation was applied for (318)."""
    asked = {
        application.note_fdn
        for note in (world.notes.find(document.fdn),)
        if note is not None
        for application in world.applications.pending_for(note.original_fdn, FOR_CANCELLATION)
    }
    if document.fdn in asked:
        raise Refusal("318")


def refuse_debited(document: Document, world: World, code: str) -> None:
    """Refuse a note about a document with a debit note: 1402 when applying, 317 when approving."""
    if world.notes.standing(document.fdn, DEBIT_NOTE):
        raise Refusal(code)


def refuse_pending_application(document: Document, world: World) -> None:
    """Refuse a note about a document with an undecided application (306)."""
    if world.applications.pending_for(document.fdn, FOR_CREDIT_NOTE):
        raise Refusal("306")


def refuse_fully_credited(document: Document, world: World) -> None:
    """Refuse a note about a document of which nothing is left (1401)."""
    if all(line.nothing for line in remainder_of(document, world).values()):
        raise Refusal("1401")


def _refuse_old_for_credit(document: Document, seller: Taxpayer, world: World, now: datetime) -> None:
    """Refuse old documents: 2818 points sellers that may to the route without original, others get 312."""
    if is_too_old(document, world, kampala(now)):
        raise Refusal("2818" if seller.credit_without_original else "312")


def is_too_old(document: Document, world: World, today: datetime) -> bool:
    """Tell whether a document is past the age for notes (`credit_note_days`) at a moment of Kampala wall time."""
    return today - document.issued_at > timedelta(days=world.settings.credit_note_days)


def industry_of(document: Document) -> str:
    """Return invoiceIndustryCode of a document, general industry if it has none."""
    basic = document.blocks.get("basicInformation")
    return str(basic.get("invoiceIndustryCode") or "101") if isinstance(basic, dict) else "101"


def export_status(document: Document, world: World, now: datetime) -> str:
    """Return documentStatusCode of an export: under processing for a while after its upload, then exited."""
    told = world.customs_book.export_status(document.fdn)
    if told:
        return told
    processing = timedelta(seconds=world.settings.export_processing_seconds)
    return UNDER_PROCESSING if now < document.uploaded_at + processing else EXITED
