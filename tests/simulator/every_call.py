"""One request for every interface, most of them valid, with what they speak about in the world."""

import json
from functools import cache
from typing import Any

from risiti.efris import crypto
from risiti.efris.envelope import encode_base64
from tests.simulator import station
from tests.simulator.codes.test_device_calls import VALID, named
from tests.simulator.credit_notes import PAGE, application, cancelling
from tests.simulator.documents import SELLER_TIN, document, goods
from tests.simulator.rig import Rig, private_key
from tests.simulator.stockroom import increase, item, moved, transfer

ID = "100000000000000001"
LOGGED_IN = ("T101", "T103", "T104", "T115", "T123", "T125", "T135", "T162", "T168", "T171", "T173", "T177", "T185")
"""Interfaces whose requests have no content."""


@cache
def calls() -> dict[str, Any]:
    """Return a request for every interface; texts that begin with `@` name what `fill` made."""
    issued = {"invoiceId": "@invoice_id", "invoiceNo": "@plain"}
    invoice = json.dumps(document(reference="BATCH-1"))
    signature = encode_base64(crypto.sign(private_key(), invoice.encode()))
    return (
        dict.fromkeys(LOGGED_IN)
        | VALID
        | {
            "T102": {"otp": "123456"},
            "T106": PAGE | {"referenceNo": "PLAIN-1", "startDate": "2026-03-01", "queryType": "1"},
            "T107": PAGE | {"invoiceNo": "@plain", "invoiceType": "1"},
            "T108": {"invoiceNo": "@plain"},
            "T109": document(),
            "T110": application(issued),
            "T111": PAGE | {"queryType": "1", "referenceNo": "", "approveStatus": "101,102", "startDate": "2026-03-01"},
            "T112": {"id": ID},
            "T113": {"referenceNo": "26PL0100000001", "approveStatus": "101", "taskId": ID, "remark": "fine"},
            "T114": cancelling("@plain", "@invoice_id"),
            "T116": {"total": "1"},
            "T117": [{"invoiceNo": "@plain", "invoiceType": "1"}],
            "T118": {"id": ID},
            "T119": {"tin": "1000000901", "ninBrn": ""},
            "T120": {"businessKey": ID, "referenceNo": "26PL0100000001"},
            "T121": {"currency": "USD", "issueDate": "2026-03-01"},
            "T122": {"invoiceNo": "@plain"},
            "T124": PAGE,
            "T126": {"issueDate": "2026-03-01"},
            "T127": PAGE | {"goodsCode": "P1", "queryType": "1"},
            "T128": {"id": "@P1", "branchId": "1"},
            "T129": [{"invoiceContent": invoice, "invoiceSignature": signature}],
            "T130": [goods("N1")],
            "T131": increase(item()),
            "T134": {"commodityCategoryVersion": "1"},
            "T136": station.upload_of(station.certificate(private_key()), SELLER_TIN),
            "T137": {"tin": "1000000901", "commodityCategoryCode": "44121701"},
            "T138": {"tin": SELLER_TIN},
            "T139": transfer(moved()),
            "T144": {"goodsCode": "P1", "tin": ""},
            "T145": PAGE | {"referenceNo": "R1"},
            "T146": {"categoryCode": "44121701", "type": "1", "issueDate": "2026-03-01"},
            "T147": PAGE | {"combineKeywords": "R1", "startDate": "2026-03-01"},
            "T148": {"id": ID},
            "T149": PAGE | {"referenceNo": "R1"},
            "T160": {"id": ID},
            "T180": {"tin": station.PRINCIPAL_TIN, "branchId": ""},
            "T183": PAGE | {"referenceNo": "R1"},
            "T184": {"id": ID},
            "T186": {"invoiceNo": "@plain"},
            "T187": {"invoiceNo": "@plain"},
        }
    )


def fill(rig: Rig) -> dict[str, str]:
    """Make a world with something of everything; return what calls name with `@`."""
    rig.session_key = rig.world.registry.new_session_key(rig.device_no, rig.clock.now())
    station.open_station(rig)
    found = {code: rig.world.shelf.find(rig.tin, code) for code in ("P1", "F1")}
    for known in found.values():
        assert known is not None
        rig.world.stock.bring(known, "", station.PLENTY)
    plain = station.fuel_document(rig, "PLAIN-1", industry="101")
    fuel = rig.world.documents("FUEL-1")[0]
    return {f"@{code}": known.commodity_goods_id for code, known in found.items() if known} | {
        "@plain": plain.fdn,
        "@invoice_id": plain.invoice_id,
        "@fdn": fuel.fdn,
        "@declared": fuel.fdn,
        "@item": f"{fuel.number}0000",
        "@tin": rig.tin,
        "@device": rig.device_no,
        "@otp": rig.world.accounts.new_otp(rig.tin, rig.clock.now()),
    }


def call_of(interface: str, names: dict[str, str]) -> Any:  # noqa: ANN401 - JSON
    """Return a fresh request for an interface."""
    return named(calls()[interface], names)
