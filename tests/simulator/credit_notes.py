"""Applications for credit notes, told in wire words, and the documents and parties they need."""

from copy import deepcopy
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from risiti.simulator import Device, Taxpayer
from tests.simulator.documents import Wire, document
from tests.simulator.rig import Rig, public_pem

BUYER_TIN = "1000000901"
BUYER_NAME = "Lakeside Traders Limited (fictitious)"
CENT = Decimal("0.01")
PAGE: Wire = {"pageNo": "1", "pageSize": "10"}

_REPEATED = (
    "item",
    "itemCode",
    "unitOfMeasure",
    "unitPrice",
    "taxRate",
    "orderNumber",
    "deemedFlag",
    "exciseFlag",
    "categoryId",
    "goodsCategoryId",
    "goodsCategoryName",
    "exciseRate",
    "exciseRule",
    "pack",
    "stick",
    "exciseUnit",
    "exciseCurrency",
    "exciseRateName",
    "vatApplicableFlag",
)


def sold_to_business(body: str = "standard", reference: str = "INV-1") -> Wire:
    """Make an invoice whose buyer can answer applications."""
    made = document(body, reference)
    made["buyerDetails"] |= {"buyerTin": BUYER_TIN, "buyerLegalName": BUYER_NAME, "buyerType": "0"}
    return made


async def issue(rig: Rig, content: Wire | None = None) -> Wire:
    """Upload a document and return its basicInformation."""
    answer = await rig.upload(content or document())
    assert answer.code == "00", answer.message
    issued: Wire = rig.read(answer)["basicInformation"]
    return issued


def application(
    issued: Wire,
    sold: Wire | None = None,
    *,
    quantity: str | None = None,
    lines: tuple[int, ...] = (0,),
    **changes: Any,  # noqa: ANN401 - JSON values
) -> Wire:
    """Make a valid application for crediting lines of a document, whole or `quantity` of each."""
    sold = sold or document()
    rows = [_credited(sold["goodsDetails"][number], quantity) for number in lines]
    taxes = _tax_rows(rows)
    gross = sum((Decimal(row["grossAmount"]) for row in taxes), Decimal(0))
    tax = sum((Decimal(row["taxAmount"]) for row in taxes), Decimal(0))
    made: Wire = {
        "oriInvoiceId": issued.get("invoiceId", ""),
        "oriInvoiceNo": issued.get("invoiceNo", ""),
        "reasonCode": "102",
        "reason": "",
        "applicationTime": "2026-03-02 12:00:00",
        "invoiceApplyCategoryCode": "101",
        "currency": "UGX",
        "contactName": "",
        "contactMobileNum": "",
        "contactEmail": "",
        "source": "103",
        "remarks": "",
        "sellersReferenceNo": "CN-1",
        "goodsDetails": rows,
        "taxDetails": taxes,
        "summary": {
            "netAmount": str(gross - tax),
            "taxAmount": str(tax),
            "grossAmount": str(gross),
            "itemCount": str(len(rows)),
            "modeCode": "1",
            "qrCode": "",
        },
        "payWay": [],
        "basicInformation": {"operator": "Achieng", "invoiceKind": "1", "invoiceIndustryCode": "101"},
        "attachmentList": [],
    }
    return made | changes


def _credited(sold: Wire, quantity: str | None) -> Wire:
    share = Decimal(quantity) if quantity else Decimal(sold["qty"])
    whole = Decimal(sold["total"]) + Decimal(sold["discountTotal"] or 0)
    total = (whole * share / Decimal(sold["qty"])).quantize(CENT, ROUND_HALF_UP)
    rate = Decimal(0) if sold["taxRate"] == "-" else Decimal(sold["taxRate"])
    tax = (total * rate / (1 + rate)).quantize(CENT, ROUND_HALF_UP)
    return {name: sold.get(name, "") for name in _REPEATED} | {
        "qty": f"-{share}",
        "total": f"-{total}",
        "tax": f"-{tax}" if tax else "0",
        "exciseTax": "",
    }


def _tax_rows(rows: list[Wire]) -> list[Wire]:
    sums: dict[tuple[str, str], list[Decimal]] = {}
    for row in rows:
        outside = row["vatApplicableFlag"] == "0"
        code = "11" if outside else {"-": "03", "0": "02"}.get(row["taxRate"], "01")
        entry = sums.setdefault((code, row["taxRate"]), [Decimal(0), Decimal(0)])
        entry[0] += Decimal(row["total"])
        entry[1] += Decimal(row["tax"])
    return [
        {
            "taxCategoryCode": code,
            "netAmount": str(gross - tax),
            "taxRate": rate,
            "taxAmount": str(tax),
            "grossAmount": str(gross),
            "exciseUnit": "",
            "exciseCurrency": "",
            "taxRateName": "",
        }
        for (code, rate), (gross, tax) in sums.items()
    ]


def debit_note(issued: Wire, reference: str = "DN-1", sold: Wire | None = None) -> Wire:
    """Make a debit note on a document, as high as a usual invoice."""
    made = deepcopy(sold) if sold else document(reference=reference)
    made["sellerDetails"]["referenceNo"] = reference
    made["basicInformation"] |= {"invoiceType": "4", "oriInvoiceId": issued["invoiceId"]}
    made["extend"] = {"reason": "Underbilled", "reasonCode": "101"}
    return made


def credit_memo(reference: str = "CM-1") -> Wire:
    """Make a credit memo to a business."""
    made = sold_to_business(reference=reference)
    made["basicInformation"] |= {"invoiceType": "5"}
    made["extend"] = {"reason": "Volume rebate", "reasonCode": "101"}
    return made


def cancelling(note_fdn: str, original_id: str, category: str = "104", **changes: str) -> Wire:
    """Make a valid cancellation of a note."""
    return {
        "oriInvoiceId": original_id,
        "invoiceNo": note_fdn,
        "reason": "",
        "reasonCode": "101",
        "invoiceApplyCategoryCode": category,
    } | changes


async def apply(rig: Rig, content: Wire) -> str:
    """Submit an application and return its reference."""
    answer = await rig.call("T110", content)
    assert answer.code == "00", answer.message
    reference: str = rig.read(answer)["referenceNo"]
    return reference


async def record(rig: Rig, reference: str, query_type: str = "1", **filters: str) -> Wire:
    """Return the one application of a reference, as T111 tells it."""
    asked = PAGE | {"referenceNo": reference, "queryType": query_type} | filters
    answer = await rig.call("T111", asked)
    assert answer.code == "00", answer.message
    (found,) = rig.read(answer)["records"]
    row: Wire = found
    return row


async def approved_note(rig: Rig, content: Wire) -> str:
    """Submit an application, let the authority's clock approve it, and return the note's FDN."""
    reference = await apply(rig, content)
    rig.clock.advance(rig.world.settings.credit_note_decision_seconds)
    fdn: str = (await record(rig, reference, creditNoteType="1" if content["oriInvoiceNo"] else "2"))["invoiceNo"]
    assert fdn
    return fdn


def second_device(rig: Rig) -> Rig:
    """Return another device of the same seller, for calls when the first one is blocked."""
    rig.world.registry.add_device(Device(f"{rig.tin}_02", rig.tin, public_pem()))
    return Rig(rig.world, rig.clock, rig.app, rig.tin, f"{rig.tin}_02")


async def buyer_of(rig: Rig, tin: str = BUYER_TIN) -> Rig:
    """Give a buyer a device, and return its calls."""
    known = rig.world.registry.taxpayer(tin)
    rig.world.register(
        known or Taxpayer(tin=tin, legal_name=f"Buyer {tin} (fictitious)"), Device(f"{tin}_01", tin, public_pem())
    )
    made = Rig(rig.world, rig.clock, rig.app, tin, f"{tin}_01")
    await made.open()
    return made
