"""A seller with two branches and something in each of them, and valid stock calls about it, each fresh to spoil."""

from decimal import Decimal
from typing import Any

from risiti.simulator import Taxpayer
from risiti.simulator.clock import kampala
from risiti.simulator.ledger import Document, Upload
from risiti.simulator.notes import CREDIT_NOTE, DEBIT_NOTE, INVOICE, Cancellation
from risiti.simulator.tanks import Tank
from tests.simulator.documents import Wire, goods
from tests.simulator.rig import Rig

BRANCHES = {"1": "Main", "2": "Kawempe"}
SUPPLIER = "1000000901"

PIECE: Wire = {
    "havePieceUnit": "101",
    "pieceMeasureUnit": "110",
    "pieceUnitPrice": "300",
    "packageScaledValue": "1",
    "pieceScaledValue": "12",
}


def petrol(code: str = "F1", **changes: str) -> Wire:
    """Make one valid row that registers petrol."""
    return (
        goods(code, goodsName="Petrol", commodityCategoryId="15101506", measureUnit="102", goodsTypeCode="102")
        | changes
    )


def increase(*items: Wire, **header: str) -> Wire:
    """Make a local purchase of what the rows say."""
    return {
        "goodsStockIn": {
            "operationType": "101",
            "supplierTin": "",
            "supplierName": "Lakeside Traders Limited (fictitious)",
            "adjustType": "",
            "remarks": "",
            "stockInDate": "2026-03-02",
            "stockInType": "102",
            "productionBatchNo": "",
            "productionDate": "",
            "branchId": "",
            "invoiceNo": "",
            "isCheckBatchNo": "0",
            "rollBackIfError": "0",
            "goodsTypeCode": "101",
        }
        | header,
        "goodsStockInItem": list(items),
    }


def reduction(*items: Wire, **header: str) -> Wire:
    """Make a write-off of damaged goods."""
    empty = {"operationType": "102", "supplierName": "", "stockInType": "", "adjustType": "102"}
    return increase(*items, **(empty | header))


def transfer(*items: Wire, **header: str) -> Wire:
    """Make a transfer from the first branch to the second."""
    return {
        "goodsStockTransfer": {
            "sourceBranchId": "1",
            "destinationBranchId": "2",
            "transferTypeCode": "101",
            "remarks": "",
            "rollBackIfError": "0",
            "goodsTypeCode": "101",
        }
        | header,
        "goodsStockTransferItem": list(items),
    }


def item(code: str = "P1", quantity: str = "10", **changes: str) -> Wire:
    """Make one row of T131."""
    return {"goodsCode": code, "measureUnit": "", "quantity": quantity, "unitPrice": "2500"} | changes


def moved(code: str = "P1", quantity: str = "10", **changes: str) -> Wire:
    """Make one row of T139."""
    return {"goodsCode": code, "measureUnit": "", "quantity": quantity} | changes


async def done(rig: Rig, interface: str, content: object) -> Any:  # noqa: ANN401 - JSON
    """Call and demand full success."""
    answer = await rig.call(interface, content)
    assert answer.code == "00", f"{answer.code} {answer.message}"
    return rig.read(answer) if answer.envelope.content else None


async def refused_with(rig: Rig, interface: str, content: object) -> str:
    """Return the one code of a call: its own, or the one of its only failed row."""
    answer = await rig.call(interface, content)
    if answer.code != "45":
        return answer.code
    (row,) = rig.read(answer)
    return str(row["returnCode"])


async def level(rig: Rig, code: str, branch: str = "") -> str:
    """Return the stock of a good as T128 tells it."""
    known = rig.world.shelf.find(rig.tin, code)
    assert known is not None
    answer = await done(rig, "T128", {"id": known.commodity_goods_id, "branchId": branch})
    return str(answer["stock"])


async def fill(rig: Rig) -> dict[str, str]:
    """Register goods, stock some, and issue purchases; return what cases name with `@`.

    P1 pens: 100 at home, boxes of 12. Q1 the same, never stocked. S1 a service. F1 petrol in tank T1 at home; tank T2
    stands in the second branch.
    """
    known = rig.world.registry.taxpayer(rig.tin)
    assert known is not None
    rig.world.registry.add_taxpayer(Taxpayer.from_json(known.to_json() | {"branches": BRANCHES}))
    rows = [goods() | PIECE, goods("Q1"), goods("S1", commodityCategoryId="81111800"), petrol()]
    await done(rig, "T130", rows)
    await done(rig, "T131", increase(item("P1", "100"), invoiceNo=_purchase(rig, "BOUGHT").fdn))
    batch = increase(item("P1", "1"), stockInType="103", supplierName="", productionBatchNo="B-1")
    await done(rig, "T131", batch)
    await done(rig, "T131", increase(item("F1", "100"), goodsTypeCode="102"))
    found = {code: rig.world.shelf.find(rig.tin, code) for code in ("P1", "Q1", "S1", "F1")}
    names = {f"@{code}": known.commodity_goods_id for code, known in found.items() if known is not None}
    for tank, branch in (("T1", "1"), ("T2", "2")):
        rig.world.tanks.put(rig.tin, Tank(tank, branch, names["@F1"]))
    rig.world.tanks.put(rig.tin, Tank("T3", "1", names["@P1"]))
    return names | purchases(rig)


def purchases(rig: Rig) -> dict[str, str]:
    """Issue documents a purchase may name; return their numbers by what is the matter with them."""
    notes, now = rig.world.notes, rig.clock.now()
    made = {
        "@bought": rig.world.ledger.by_reference("BOUGHT", SUPPLIER)[0],
        "@fresh": _purchase(rig, "FRESH"),
        "@others": _purchase(rig, "OTHERS", buyer_tin="1000000902"),
        "@note": _purchase(rig, "NOTE", invoice_type=CREDIT_NOTE),
        "@cancelled": _purchase(rig, "CANCELLED", invoice_type=DEBIT_NOTE),
        "@credited": _purchase(rig, "CREDITED"),
        "@airline": _purchase(rig, "AIRLINE", industry="109"),
        "@withheld": _purchase(rig, "WITHHELD"),
        "@pencils": _purchase(rig, "PENCILS", code="PENCIL"),
    }
    cancelled, credited = made["@cancelled"], made["@credited"]
    notes.tie(cancelled.fdn, made["@fresh"].fdn, DEBIT_NOTE, SUPPLIER, rig.tin)
    notes.cancel(Cancellation(cancelled.fdn, "102", "", now))
    notes.tie(made["@note"].fdn, credited.fdn, CREDIT_NOTE, SUPPLIER, rig.tin)
    notes.withhold(made["@withheld"].fdn, withheld=True)
    return {name: document.fdn for name, document in made.items()}


def _purchase(
    rig: Rig,
    reference: str,
    *,
    buyer_tin: str = "",
    invoice_type: str = INVOICE,
    industry: str = "101",
    code: str = "P1",
) -> Document:
    """Issue a document from the supplier to the rig's seller."""
    upload = Upload(
        tin=SUPPLIER,
        device_no=f"{SUPPLIER}_01",
        reference=reference,
        invoice_type=invoice_type,
        invoice_kind="1",
        currency="UGX",
        gross=Decimal(1000),
        tax=Decimal("152.54"),
        buyer_tin=buyer_tin or rig.tin,
        issued_at=kampala(rig.clock.now()),
        blocks={"basicInformation": {"invoiceIndustryCode": industry}, "goodsDetails": [{"itemCode": code}]},
    )
    return rig.world.ledger.issue(upload, rig.clock.now())
