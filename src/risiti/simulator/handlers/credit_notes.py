"""T110-T114, T118, T120, T122: applying for credit notes, following and deciding applications, cancelling notes."""

from datetime import date, timedelta

from risiti.simulator.answers import Answer
from risiti.simulator.applications import (
    APPROVED,
    FOR_CANCELLATION,
    FOR_CREDIT_NOTE,
    REJECTED,
    SUBMITTED,
    VOIDED,
    Application,
    Request,
)
from risiti.simulator.approvals import approve, branch_of, kept, reject, void
from risiti.simulator.clock import kampala
from risiti.simulator.gate import Call
from risiti.simulator.handlers import application_views
from risiti.simulator.handlers.dates import dates_of
from risiti.simulator.handlers.documents import rows_of
from risiti.simulator.notes import Cancellation
from risiti.simulator.refusal import Refusal
from risiti.simulator.rules import cancellation, credit_note
from risiti.simulator.rules.block import Block
from risiti.simulator.rules.paging import read_page
from risiti.simulator.rules.readings import demand
from risiti.simulator.world import World

MOST_ID_BYTES = 20
MOST_REMARK_BYTES = 1024
OWN, WAITING_FOR_ME, DECIDED_BY_ME = "1", "2", "3"
WITH_ORIGINAL, WITHOUT_ORIGINAL = "1", "2"

_DECISIONS = {"approve": APPROVED, "reject": REJECTED}
_STATUSES = {APPROVED, SUBMITTED, REJECTED, VOIDED}


def apply(call: Call, world: World) -> Answer:
    """T110: examine an application for a credit note and submit it; the note itself comes with the approval."""
    claim = credit_note.examine(call, world)
    original = claim.original
    application = _submit(
        call,
        world,
        category=FOR_CREDIT_NOTE,
        buyer_tin=claim.buyer.text("buyerTin") if original is None else original.buyer_tin,
        original_fdn="" if original is None else original.fdn,
        note_fdn="",
    )
    return Answer({"referenceNo": application.reference})


def _submit(
    call: Call, world: World, *, category: str, buyer_tin: str, original_fdn: str, note_fdn: str
) -> Application:
    """Store an application, and when and how the authority decides it if nobody else does before."""
    if call.device is None:
        raise Refusal("400")
    decision = world.settings.credit_note_decision
    due_at = call.arrived_at + timedelta(seconds=world.settings.credit_note_decision_seconds)
    return world.applications.submit(
        Request(
            category=category,
            tin=call.seller().tin,
            device_no=call.device.device_no,
            buyer_tin=buyer_tin,
            original_fdn=original_fdn,
            note_fdn=note_fdn,
            blocks=kept(call.object()),
        ),
        call.arrived_at,
        due_at if decision in _DECISIONS else None,
        _DECISIONS.get(decision, ""),
    )


def query(call: Call, world: World) -> Answer:
    """T111: applications - one's own, those that wait for one, or those one decided - newest first."""
    asked = Block(call.object(), "")
    _check_query(asked, world)
    page = read_page(asked)
    statuses = _choices(asked, "approveStatus", _STATUSES, "1552")
    categories = _choices(asked, "invoiceApplyCategoryCode", {FOR_CREDIT_NOTE, FOR_CANCELLATION}, "1554")
    start, end = asked.day("startDate", "1518"), asked.day("endDate", "1520")
    found = [
        application
        for application in _listed(asked.text("queryType"), call, world)
        if application.status in statuses
        and application.category in categories
        and _made_between(application, start, end)
        and _matches(asked, application)
    ]
    return Answer(page.cut([application_views.record(application, call, world) for application in reversed(found)]))


def _check_query(asked: Block, world: World) -> None:
    demand(asked, "referenceNo", "1550", world.settings)
    asked.fits("referenceNo", MOST_ID_BYTES, "1551")
    demand(asked, "oriInvoiceNo", "1504", world.settings)
    asked.fits("oriInvoiceNo", MOST_ID_BYTES, "1505")
    demand(asked, "invoiceNo", "1500", world.settings)
    asked.fits("invoiceNo", MOST_ID_BYTES, "1501")
    asked.fits("combineKeywords", MOST_ID_BYTES, "1513")
    asked.one_of("queryType", (OWN, WAITING_FOR_ME, DECIDED_BY_ME), "1553")
    demand(asked, "startDate", "1517", world.settings)
    demand(asked, "endDate", "1519", world.settings)
    demand(asked, "creditNoteType", "2893", world.settings)
    asked.fits("creditNoteType", 1, "2894")
    asked.one_of("creditNoteType", ("", WITH_ORIGINAL, WITHOUT_ORIGINAL), "2895")


def _choices(asked: Block, name: str, allowed: set[str], code: str) -> set[str]:
    chosen = {part.strip() for part in asked.text(name).split(",") if part.strip()}
    if not chosen <= allowed:
        asked.refuse(code)
    return chosen or allowed


def _listed(query_type: str, call: Call, world: World) -> list[Application]:
    tin = call.seller().tin
    if query_type == OWN:
        return world.applications.of(tin)
    if query_type == DECIDED_BY_ME:
        return world.applications.decided_by(tin)
    own = world.settings.self_approval
    waiting = {
        application.number: application
        for application in (
            *world.applications.pending_with(tin),
            *(world.applications.of(tin) if own else ()),
        )
        if application.status == SUBMITTED and (own or application.tin != tin)
    }
    return [waiting[number] for number in sorted(waiting)]


def _made_between(application: Application, start: date | None, end: date | None) -> bool:
    day = kampala(application.applied_at).date()
    return (start is None or start <= day) and (end is None or day <= end)


def _matches(asked: Block, application: Application) -> bool:
    exact = {
        "referenceNo": application.reference,
        "oriInvoiceNo": application.original_fdn,
        "invoiceNo": application.note_fdn,
    }
    if any(asked.text(name) not in ("", value) for name, value in exact.items()):
        return False
    without = asked.text("creditNoteType") == WITHOUT_ORIGINAL
    if application.category == FOR_CREDIT_NOTE and without != (not application.original_fdn):
        return False
    words = asked.text("combineKeywords")
    return any(words in text for text in (application.reference, application.original_fdn, application.note_fdn))


def details(call: Call, world: World) -> Answer:
    """T112: the header of one application, for its applicant and its counter-party."""
    asked = Block(call.object(), "")
    asked.required("id", "1555")
    application = _visible(asked.fits("id", MOST_ID_BYTES, "1556"), call, world)
    return Answer(application_views.header(application, call, world))


def content(call: Call, world: World) -> Answer:
    """T118: lines, taxes and totals of one application; of the debit note, where that is to be cancelled."""
    asked = Block(call.object(), "")
    asked.required("id", "1570")
    application = _visible(asked.fits("id", MOST_ID_BYTES, "1571"), call, world)
    return Answer(application_views.content(application, world))


def _visible(identity: str, call: Call, world: World) -> Application:
    application = world.applications.by_id(identity)
    if application is None or call.seller().tin not in (application.tin, application.buyer_tin):
        raise Refusal("304")
    return application


def decide(call: Call, world: World) -> Answer:
    """T113: the counter-party approves or rejects an application."""
    asked = Block(call.object(), "")
    asked.required("referenceNo", "1550")
    asked.fits("referenceNo", MOST_ID_BYTES, "1551")
    status = asked.one_of("approveStatus", (APPROVED, REJECTED), "1552")
    asked.required("taskId", "1559")
    asked.fits("taskId", MOST_ID_BYTES, "1560")
    remark = asked.required("remark", "1557")
    asked.fits("remark", MOST_REMARK_BYTES, "1558")
    caller = call.seller().tin
    application = world.applications.by_task(asked.text("taskId"))
    if application is None or not _may_decide(application, caller, world):
        raise Refusal("2777")
    if application.reference != asked.text("referenceNo"):
        raise Refusal("304")
    if application.status != SUBMITTED:
        raise Refusal("2061")
    if status == APPROVED:
        approve(world, application, by=caller, remark=remark, now=call.arrived_at)
    else:
        reject(world, application, by=caller, remark=remark, now=call.arrived_at)
    return Answer()


def _may_decide(application: Application, caller: str, world: World) -> bool:
    if caller == application.tin:
        return world.settings.self_approval
    return caller == application.buyer_tin


def void_application(call: Call, world: World) -> Answer:
    """T120: the applicant withdraws an application that nobody decided yet."""
    asked = Block(call.object(), "")
    asked.required("businessKey", "1577")
    asked.fits("businessKey", MOST_ID_BYTES, "1578")
    asked.required("referenceNo", "1579")
    asked.fits("referenceNo", MOST_ID_BYTES, "1580")
    application = world.applications.by_id(asked.text("businessKey"))
    if application is None or application.tin != call.seller().tin:
        raise Refusal("311")
    if application.reference != asked.text("referenceNo"):
        raise Refusal("304")
    if application.status != SUBMITTED:
        raise Refusal({VOIDED: "313", REJECTED: "310", APPROVED: "314"}[application.status])
    void(world, application, call.arrived_at)
    return Answer()


def cancel(call: Call, world: World) -> Answer:
    """T114: cancel a credit note or credit memo at once, or apply for cancelling a debit note.

    Goods that the note brought back leave the stock again. A credit memo issued at once (T109) moved none.
    """
    wish = cancellation.examine(call, world)
    if wish.category != cancellation.OF_DEBIT_NOTE:
        world.notes.cancel(Cancellation(wish.note.fdn, wish.reason_code, wish.reason, call.arrived_at))
        if wish.document.gross < 0:
            lines = rows_of(wish.document.blocks, "goodsDetails")
            world.stock.take(call.seller(), branch_of(wish.document), lines)
        return Answer()
    _submit(
        call,
        world,
        category=FOR_CANCELLATION,
        buyer_tin=wish.document.buyer_tin,
        original_fdn=wish.note.original_fdn,
        note_fdn=wish.note.fdn,
    )
    return Answer()


def cancellation_details(call: Call, world: World) -> Answer:
    """T122: why and by how much a note was cancelled."""
    asked = Block(call.object(), "")
    asked.required("invoiceNo", "1500")
    fdn = asked.fits("invoiceNo", MOST_ID_BYTES, "1501")
    cancelled, document = world.notes.cancellation(fdn), world.ledger.by_fdn(fdn)
    if cancelled is None or document is None or call.seller().tin not in (document.tin, document.buyer_tin):
        raise Refusal("41")
    _, time_format = dates_of(call)
    return Answer(
        {
            "invoiceNo": document.fdn,
            "currency": document.currency,
            "issueDate": document.issued_at.strftime(time_format),
            "grossAmount": str(document.gross),
            "reasonCode": cancelled.reason_code,
            "reason": cancelled.reason,
        }
    )
