"""Rules about cancelling notes (T114): the right note, by the right category, and still valid."""

from dataclasses import dataclass

from risiti.simulator.applications import FOR_CANCELLATION
from risiti.simulator.gate import Call
from risiti.simulator.ledger import Document
from risiti.simulator.notes import CREDIT_MEMO, CREDIT_NOTE, DEBIT_NOTE, Note
from risiti.simulator.refusal import Refusal
from risiti.simulator.rules import attachments
from risiti.simulator.rules.block import Block
from risiti.simulator.rules.original import refuse_withheld
from risiti.simulator.rules.readings import demand
from risiti.simulator.settings import Settings
from risiti.simulator.world import World

OF_DEBIT_NOTE, OF_CREDIT_NOTE, OF_CREDIT_MEMO = "103", "104", "105"
REASONS = ("101", "102", "103")
OTHER_REASON = "103"

_RIGHT_CATEGORY = {
    DEBIT_NOTE: (OF_DEBIT_NOTE, "1563"),
    CREDIT_NOTE: (OF_CREDIT_NOTE, "1564"),
    CREDIT_MEMO: (OF_CREDIT_MEMO, "2801"),
}
"""Which category cancels which note, and the code for any other category."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A note that may be cancelled, and why it shall be."""

    note: Note
    document: Document
    category: str
    reason_code: str
    reason: str


def examine(call: Call, world: World) -> Wish:
    """Return what is to be cancelled.

    Raises:
        Refusal: the first rule that fails.
    """
    asked = Block(call.object(), "")
    category = _check_fields(asked, world.settings)
    attachments.check(asked.values)
    note, document = _find(asked, call, world)
    right, code = _RIGHT_CATEGORY[note.kind]
    if category != right:
        asked.refuse(code)
    _check_original(asked, note, world)
    refuse_withheld(document, world)
    _refuse_cancelled(note)
    _refuse_pending(note, world)
    _refuse_device(document, world)
    return Wish(note, document, category, asked.text("reasonCode"), asked.text("reason"))


def _check_fields(asked: Block, settings: Settings) -> str:
    asked.required("invoiceNo", "1500")
    asked.fits("invoiceNo", 20, "1501")
    code = asked.one_of("reasonCode", REASONS, "1567")
    if code == OTHER_REASON:
        asked.required("reason", "1568")
    demand(asked, "reason", "1565", settings)
    asked.fits("reason", 1024, "1566")
    return asked.one_of("invoiceApplyCategoryCode", (OF_DEBIT_NOTE, OF_CREDIT_NOTE, OF_CREDIT_MEMO), "1410")


def _find(asked: Block, call: Call, world: World) -> tuple[Note, Document]:
    """Find the note, which must be the caller's own (1561)."""
    note, document = world.notes.find(asked.text("invoiceNo")), world.ledger.by_fdn(asked.text("invoiceNo"))
    if note is None or document is None or note.tin != call.seller().tin:
        asked.refuse("1561")
    return note, document


def _check_original(asked: Block, note: Note, world: World) -> None:
    """Demand the invoiceId of the original (1562); nothing for a credit memo, which has none (2802)."""
    if note.kind == CREDIT_MEMO:
        asked.empty("oriInvoiceId", "2802")
        return
    original = world.ledger.by_fdn(note.original_fdn)
    if original is None or asked.text("oriInvoiceId") != original.invoice_id:
        asked.refuse("1562")


def _refuse_cancelled(note: Note) -> None:
    if note.cancelled:
        raise Refusal({CREDIT_NOTE: "319", CREDIT_MEMO: "2803"}.get(note.kind, "301"))


def _refuse_pending(note: Note, world: World) -> None:
    """Refuse a second application to cancel the same debit note (318)."""
    pending = world.applications.pending_for(note.original_fdn, FOR_CANCELLATION)
    if any(application.note_fdn == note.fdn for application in pending):
        raise Refusal("318")


def _refuse_device(document: Document, world: World) -> None:
    """Refuse while the device that issued the note is not in registered state (3125)."""
    device = world.registry.device(document.device_no)
    if device is None or device.status != "normal":
        raise Refusal("3125")
