"""Valid documents and goods for the stand-in, told in wire words; each call gives fresh ones to spoil."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

SELLER_TIN = "1000000000"
SELLER_NAME = "Mango Street Grocers (fictitious)"
DEVICE_NO = "1000000000_01"
Wire = dict[str, Any]

BODIES: dict[str, Wire] = json.loads(Path(__file__).with_name("bodies.json").read_text(encoding="utf-8"))
"""Goods, tax rows, summary and payments of worked examples, by name."""


def line(position: int = 0, **changes: str) -> Wire:
    """Make one goods line: pens, standard rate."""
    return {
        "item": "Pen",
        "itemCode": "P1",
        "qty": "3",
        "unitOfMeasure": "101",
        "unitPrice": "3933.34",
        "total": "11800.02",
        "taxRate": "0.18",
        "tax": "1800.00",
        "discountTotal": "",
        "discountTaxRate": "",
        "orderNumber": str(position),
        "discountFlag": "2",
        "deemedFlag": "2",
        "exciseFlag": "2",
        "goodsCategoryId": "44121701",
        "goodsCategoryName": "",
        "exciseRate": "",
        "exciseTax": "",
        "vatApplicableFlag": "1",
    } | changes


def document(body: str = "standard", reference: str = "INV-1", issued: str = "2026-03-02 12:00:00") -> Wire:
    """Make a complete valid document around one of the worked bodies."""
    parts: Wire = json.loads(json.dumps(BODIES[body]))
    return {
        "sellerDetails": {
            "tin": SELLER_TIN,
            "ninBrn": "",
            "legalName": SELLER_NAME,
            "businessName": "Mango Street",
            "address": "1 Mango Street",
            "mobilePhone": "0700000000",
            "linePhone": "",
            "emailAddress": "till@mango.example",
            "placeOfBusiness": "1 Mango Street",
            "referenceNo": reference,
            "isCheckReferenceNo": "1",
        },
        "basicInformation": {
            "invoiceNo": "",
            "antifakeCode": "",
            "deviceNo": DEVICE_NO,
            "issuedDate": issued,
            "operator": "Achieng",
            "currency": "UGX",
            "oriInvoiceId": "",
            "invoiceType": "1",
            "invoiceKind": "1",
            "dataSource": "103",
            "invoiceIndustryCode": "101",
            "isBatch": "0",
        },
        "buyerDetails": {
            "buyerTin": "",
            "buyerLegalName": "Walk-in customer",
            "buyerType": "1",
            "nonResidentFlag": "0",
        },
        **parts,
        "extend": {"reason": "", "reasonCode": ""},
    }


def goods(code: str = "P1", **changes: str) -> Wire:
    """Make one valid row of a goods upload."""
    return {
        "operationType": "101",
        "goodsName": "Pen",
        "goodsCode": code,
        "measureUnit": "101",
        "unitPrice": "3933.34",
        "currency": "101",
        "commodityCategoryId": "44121701",
        "haveExciseTax": "102",
        "description": "",
        "stockPrewarning": "0",
        "havePieceUnit": "102",
        "pieceMeasureUnit": "",
        "pieceUnitPrice": "",
        "packageScaledValue": "",
        "pieceScaledValue": "",
        "exciseDutyCode": "",
    } | changes


def priced(quantity: str, price: str, total: str, tax: str) -> Wire:
    """Make a standard-rated document of one line with these amounts."""
    made = document()
    net = str(Decimal(total) - Decimal(tax))
    made["goodsDetails"] = [line(qty=quantity, unitPrice=price, total=total, tax=tax)]
    made["taxDetails"][0] |= {"netAmount": net, "taxAmount": tax, "grossAmount": total}
    made["summary"] |= {"netAmount": net, "taxAmount": tax, "grossAmount": total}
    made["payWay"] = [{"paymentMode": "102", "paymentAmount": total, "orderNumber": "a"}]
    return made
