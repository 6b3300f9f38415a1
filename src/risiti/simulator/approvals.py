"""How an application ends: approved, with the note issued or the debit note cancelled; rejected; or voided.

The authority's own decisions fall due by its clock. They are carried out by the first call after that moment, and
bear the moment they fell due, so that nobody can tell the difference.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from risiti.simulator.applications import APPROVED, FOR_CANCELLATION, REJECTED, VOIDED, Application
from risiti.simulator.clock import kampala
from risiti.simulator.ledger import Document, Upload
from risiti.simulator.notes import CREDIT_MEMO, CREDIT_NOTE, Cancellation
from risiti.simulator.refusal import Refusal
from risiti.simulator.registry import Taxpayer
from risiti.simulator.rules.original import refuse_cancelled, refuse_debited, refuse_withheld
from risiti.simulator.values import JsonValue, decimal_of, plain
from risiti.simulator.world import World

BY_CLOCK = "Decided by the authority"

_WHOLE, _DECIMALS = 16, 4
_LINE_DEFAULTS = {"discountFlag": "2", "discountTotal": "", "discountTaxRate": ""}


def settle(world: World, now: datetime) -> None:
    """Carry out the decisions that have fallen due by `now`; one that cannot be carried out becomes a rejection."""
    if not world.applications.due(now):
        return
    with world.store.transaction():
        for application in world.applications.due(now):
            moment = application.due_at or now
            if application.due_status == REJECTED:
                reject(world, application, by="", remark=BY_CLOCK, now=moment)
                continue
            try:
                approve(world, application, by="", remark=BY_CLOCK, now=moment)
            except Refusal as refusal:
                reject(world, application, by="", remark=f"{refusal.code} {refusal.message}", now=moment)


def approve(world: World, application: Application, *, by: str, remark: str, now: datetime) -> str:
    """Approve an application and return the FDN of the note issued or cancelled.

    Args:
        world: The authority's memory.
        application: An application that was not decided yet.
        by: TIN of who approves; "" for the authority.
        remark: Text of the decision.
        now: The moment of the decision, aware.

    Raises:
        Refusal: what it rests on has changed since (301, 316, 317, 2198, 3134); nothing is stored then.
    """
    seller = world.registry.taxpayer(application.tin)
    if seller is None or seller.status != "normal":
        raise Refusal("316")
    with world.store.transaction():
        if application.category == FOR_CANCELLATION:
            fdn = _cancel_debit_note(world, application, now)
        else:
            fdn = _issue_note(world, application, seller, now)
        world.applications.decide(application, APPROVED, by=by, remark=remark, note_fdn=fdn, now=now)
    return fdn


def reject(world: World, application: Application, *, by: str, remark: str, now: datetime) -> None:
    """Reject an application."""
    world.applications.decide(application, REJECTED, by=by, remark=remark, note_fdn=application.note_fdn, now=now)


def void(world: World, application: Application, now: datetime) -> None:
    """Withdraw an application for the one who made it."""
    fdn = application.note_fdn
    world.applications.decide(application, VOIDED, by=application.tin, remark="", note_fdn=fdn, now=now)


def _cancel_debit_note(world: World, application: Application, now: datetime) -> str:
    refuse_withheld(_document(world, application.note_fdn), world)
    code, reason = (str(application.blocks.get(name) or "") for name in ("reasonCode", "reason"))
    world.notes.cancel(Cancellation(application.note_fdn, code, reason, now))
    return application.note_fdn


def _issue_note(world: World, application: Application, seller: Taxpayer, now: datetime) -> str:
    original = _document(world, application.original_fdn) if application.original_fdn else None
    if original is not None:
        refuse_cancelled(original, world)
        refuse_withheld(original, world)
        refuse_debited(original, world, "317")
    if world.settings.check_goods:
        _refuse_changed_goods(world, application)
    note = world.ledger.issue(_upload(application, original, seller, now), now)
    world.notes.tie(note.fdn, application.original_fdn, note.invoice_type, note.tin, note.buyer_tin)
    world.stock.give_back(seller, branch_of(original), _rows(note.blocks, "goodsDetails"))
    return note.fdn


def _document(world: World, fdn: str) -> Document:
    document = world.ledger.by_fdn(fdn)
    if document is None:
        raise Refusal("300")
    return document


def _refuse_changed_goods(world: World, application: Application) -> None:
    """Refuse to approve a note about goods that are registered otherwise by now (2198)."""
    for number, line in enumerate(_rows(application.blocks, "goodsDetails")):
        goods = world.shelf.find(application.tin, str(line.get("itemCode") or ""))
        same = (
            goods is not None
            and str(line.get("item") or "").casefold().startswith(goods.name.casefold())
            and line.get("goodsCategoryId") == goods.category
            and str(line.get("unitOfMeasure") or "") in goods.units()
        )
        if not same:
            raise Refusal("2198", row=number)


def branch_of(document: Document | None) -> str:
    """Return `sellerDetails.branchId` of a document, "" for none."""
    return "" if document is None else str(_object(document.blocks, "sellerDetails").get("branchId") or "")


def _upload(application: Application, original: Document | None, seller: Taxpayer, now: datetime) -> Upload:
    """Write the note: who and what from the original, amounts and reason from the application."""
    asked = application.blocks
    kind = CREDIT_MEMO if original is None else CREDIT_NOTE
    basic = _object(asked, "basicInformation")
    before: Mapping[str, object] = {} if original is None else original.blocks
    issued = kampala(now)
    reference = str(asked.get("sellersReferenceNo") or "")
    seller_details = {"tin": seller.tin, "ninBrn": seller.nin_brn, "legalName": seller.legal_name}
    summary = _object(asked, "summary")
    currency = str(asked.get("currency") or "")
    return Upload(
        tin=application.tin,
        device_no=application.device_no,
        reference=reference,
        invoice_type=kind,
        invoice_kind=str(basic.get("invoiceKind") or "1"),
        currency=currency,
        gross=_amount(summary, "grossAmount"),
        tax=_amount(summary, "taxAmount"),
        buyer_tin=application.buyer_tin,
        issued_at=issued,
        blocks={
            "sellerDetails": (_object(before, "sellerDetails") or seller_details) | {"referenceNo": reference},
            "basicInformation": _object(before, "basicInformation")
            | basic
            | {
                "deviceNo": application.device_no,
                "invoiceType": kind,
                "currency": currency,
                "dataSource": str(asked.get("source") or ""),
            },
            "buyerDetails": _object(before, "buyerDetails") or _object(asked, "buyerDetails"),
            "goodsDetails": [_LINE_DEFAULTS | line for line in _rows(asked, "goodsDetails")],
            "taxDetails": _rows(asked, "taxDetails"),
            "summary": summary | {"remarks": str(asked.get("remarks") or "")},
            "payWay": _rows(asked, "payWay"),
            "extend": {
                "reason": str(asked.get("reason") or ""),
                "reasonCode": str(asked.get("reasonCode") or ""),
            },
        },
    )


def kept(content: Mapping[str, JsonValue]) -> dict[str, object]:
    """Return a request as an application keeps it: numbers as texts in plain notation."""
    return {name: _plain(value) for name, value in content.items()}


def _plain(value: JsonValue) -> object:
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return value


def _amount(block: Mapping[str, object], name: str) -> Decimal:
    return decimal_of(str(block.get(name) or ""), _WHOLE, _DECIMALS) or Decimal(0)


def _object(blocks: Mapping[str, object], name: str) -> dict[str, object]:
    value = blocks.get(name)
    return dict(value) if isinstance(value, Mapping) else {}


def _rows(blocks: Mapping[str, object], name: str) -> list[dict[str, object]]:
    value = blocks.get(name)
    return [dict(row) for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []
