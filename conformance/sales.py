"""What the clients sell: valid goods, stock and documents as plain JSON, about nobody real. Standard library only."""

from typing import Any

TIN = "1000000000"
NAME = "Mango Street Grocers (fictitious)"
DEVICE_NO = "1000000000_01"
BUYER_TIN = "1000000901"
BUYER_NAME = "Lakeside Traders Limited (fictitious)"
PRINCIPAL_TIN = "1000000960"
MAIN, SECOND = "1", "2"
"""Branch ids."""

Wire = dict[str, Any]

PAGE = {"pageNo": "1", "pageSize": "10"}


def goods(code: str, **changes: str) -> Wire:
    """Return a row that registers something to sell: pens, for UGX 3933.34 apiece."""
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
        "stockPrewarning": "10",
        "havePieceUnit": "102",
        "pieceMeasureUnit": "",
        "pieceUnitPrice": "",
        "packageScaledValue": "",
        "pieceScaledValue": "",
        "exciseDutyCode": "",
        "haveOtherUnit": "102",
        "goodsTypeCode": "101",
    } | changes


def stock_in(code: str, quantity: str, day: str, **head: str) -> Wire:
    """Return a local purchase; `day` is YYYY-MM-DD, `head` changes fields of its head."""
    return {
        "goodsStockIn": {
            "operationType": "101",
            "supplierTin": "",
            "supplierName": "Lakeside Traders Limited (fictitious)",
            "adjustType": "",
            "remarks": "",
            "stockInDate": day,
            "stockInType": "102",
            "branchId": MAIN,
            "isCheckBatchNo": "0",
            "rollBackIfError": "0",
            "goodsTypeCode": "101",
        }
        | head,
        "goodsStockInItem": [{"goodsCode": code, "measureUnit": "101", "quantity": quantity, "unitPrice": "2500"}],
    }


def write_off(code: str, quantity: str) -> Wire:
    """Return a reduction of stock because of damage."""
    return {
        "goodsStockIn": {
            "operationType": "102",
            "adjustType": "102",
            "remarks": "",
            "branchId": MAIN,
            "rollBackIfError": "0",
            "goodsTypeCode": "101",
        },
        "goodsStockInItem": [{"goodsCode": code, "measureUnit": "101", "quantity": quantity, "unitPrice": "2500"}],
    }


def transfer(code: str, quantity: str) -> Wire:
    """Return a transfer from the main branch to the second."""
    return {
        "goodsStockTransfer": {
            "sourceBranchId": MAIN,
            "destinationBranchId": SECOND,
            "transferTypeCode": "101",
            "remarks": "",
            "rollBackIfError": "0",
            "goodsTypeCode": "101",
        },
        "goodsStockTransferItem": [{"goodsCode": code, "measureUnit": "101", "quantity": quantity}],
    }


def line(**changes: str) -> Wire:
    """Return a line of three pens."""
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
        "orderNumber": "0",
        "discountFlag": "2",
        "deemedFlag": "2",
        "exciseFlag": "2",
        "categoryId": "",
        "categoryName": "",
        "goodsCategoryId": "44121701",
        "goodsCategoryName": "",
        "exciseRate": "",
        "exciseRule": "",
        "exciseTax": "",
        "pack": "",
        "stick": "",
        "exciseUnit": "",
        "exciseCurrency": "",
        "exciseRateName": "",
        "vatApplicableFlag": "1",
    } | changes


def tax_row(code: str = "01", rate: str = "0.18", net: str = "10000.02", tax: str = "1800.00", gross: str = "") -> Wire:
    """Return one row of taxDetails."""
    return {
        "taxCategoryCode": code,
        "netAmount": net,
        "taxRate": rate,
        "taxAmount": tax,
        "grossAmount": gross or "11800.02",
        "exciseUnit": "",
        "exciseCurrency": "",
        "taxRateName": "",
    }


def invoice(reference: str, issued: str) -> Wire:
    """Return an invoice of three pens to a business, paid in cash.

    Args:
        reference: The seller's own number.
        issued: When, as YYYY-MM-DD HH:MM:SS in Kampala.
    """
    return {
        "sellerDetails": {
            "tin": TIN,
            "ninBrn": "",
            "legalName": NAME,
            "businessName": "Mango Street",
            "address": "1 Mango Street",
            "mobilePhone": "0700000000",
            "linePhone": "",
            "emailAddress": "till@mango.example",
            "placeOfBusiness": "1 Mango Street",
            "referenceNo": reference,
            "branchId": MAIN,
            "branchName": "Main",
            "isCheckReferenceNo": "1",
        },
        "basicInformation": {
            "invoiceNo": "",
            "antifakeCode": "",
            "deviceNo": DEVICE_NO,
            "issuedDate": issued,
            "operator": "Amina",
            "currency": "UGX",
            "oriInvoiceId": "",
            "invoiceType": "1",
            "invoiceKind": "1",
            "dataSource": "103",
            "invoiceIndustryCode": "101",
            "isBatch": "0",
        },
        "buyerDetails": {
            "buyerTin": BUYER_TIN,
            "buyerNinBrn": "",
            "buyerPassportNum": "",
            "buyerLegalName": BUYER_NAME,
            "buyerBusinessName": "",
            "buyerAddress": "",
            "buyerEmail": "",
            "buyerMobilePhone": "",
            "buyerLinePhone": "",
            "buyerPlaceOfBusi": "",
            "buyerType": "0",
            "buyerCitizenship": "",
            "buyerSector": "",
            "buyerReferenceNo": "",
            "nonResidentFlag": "0",
        },
        "goodsDetails": [line()],
        "taxDetails": [tax_row()],
        "summary": {
            "netAmount": "10000.02",
            "taxAmount": "1800.00",
            "grossAmount": "11800.02",
            "itemCount": "1",
            "modeCode": "1",
            "remarks": "",
            "qrCode": "",
        },
        "payWay": [{"paymentMode": "102", "paymentAmount": "11800.02", "orderNumber": "a"}],
        "extend": {"reason": "", "reasonCode": ""},
    }


def export(reference: str, issued: str) -> Wire:
    """Return an export of ten kilograms of paper."""
    made = invoice(reference, issued)
    made["basicInformation"] |= {"invoiceIndustryCode": "102"}
    made["buyerDetails"] |= {
        "buyerType": "2",
        "buyerTin": "",
        "buyerLegalName": "Nairobi Stationers (fictitious)",
        "deliveryTermsCode": "FOB",
    }
    paper = {"item": "Paper", "itemCode": "PAPER", "qty": "10", "unitOfMeasure": "KGM", "unitPrice": "1000"}
    weight = {"totalWeight": "10", "pieceQty": "10", "pieceMeasureUnit": "KGM", "goodsCategoryId": "14111507"}
    made["goodsDetails"] = [line(**paper, **weight, total="10000.00", taxRate="0", tax="0")]
    made["taxDetails"] = [tax_row("02", "0", "10000.00", "0", "10000.00")]
    made["summary"] |= {"netAmount": "10000.00", "taxAmount": "0", "grossAmount": "10000.00"}
    made["payWay"] = [{"paymentMode": "102", "paymentAmount": "10000.00", "orderNumber": "a"}]
    return made


def fuel(reference: str, issued: str) -> Wire:
    """Return a sale of diesel to somebody who is not named, at the nozzle that `nozzle` registers."""
    made = invoice(reference, issued)
    made["basicInformation"] |= {"invoiceIndustryCode": "110"}
    made["buyerDetails"] |= {"buyerType": "1", "buyerTin": "", "buyerLegalName": "Walk-in customer"}
    diesel = {"item": "Diesel", "itemCode": "D1", "goodsCategoryId": "15101505", "unitOfMeasure": "102"}
    made["goodsDetails"] = [line(**diesel, taxRate="-", tax="0")]
    made["taxDetails"] = [tax_row("03", "-", "11800.02", "0")]
    made["summary"] |= {"netAmount": "11800.02", "taxAmount": "0"}
    made["edcDetails"] = {
        "tankNo": "T1",
        "pumpNo": "P1",
        "nozzleNo": "N1",
        "controllerNo": "C1",
        "acquisitionEquipmentNo": "A1",
        "levelGaugeNo": "L1",
        "mvrn": "UAA 001A",
    }
    return made


def nozzle() -> dict[str, str]:
    """Return the equipment that `fuel` names, for the simulator's control door."""
    parts = {"number": "N1", "tank": "T1", "pump": "P1", "controller": "C1", "acquisition": "A1", "gauge": "L1"}
    return parts | {"tin": TIN, "branch": MAIN}


def credit_note(fdn: str, invoice_id: str, applied: str, quantity: str = "3") -> Wire:
    """Return an application for crediting `quantity` (1 or 3) of the three pens of an invoice."""
    total, tax, net = {"3": ("11800.02", "1800.00", "10000.02"), "1": ("3933.34", "600.00", "3333.34")}[quantity]
    credited = line(qty=f"-{quantity}", total=f"-{total}", tax=f"-{tax}")
    for absent in ("discountTotal", "discountTaxRate", "discountFlag"):
        del credited[absent]
    return {
        "oriInvoiceId": invoice_id,
        "oriInvoiceNo": fdn,
        "reasonCode": "102",
        "reason": "",
        "applicationTime": applied,
        "invoiceApplyCategoryCode": "101",
        "currency": "UGX",
        "contactName": "",
        "contactMobileNum": "",
        "contactEmail": "",
        "source": "103",
        "remarks": "",
        "sellersReferenceNo": f"CN-{fdn}-{quantity}",
        "goodsDetails": [credited],
        "taxDetails": [tax_row(net=f"-{net}", tax=f"-{tax}", gross=f"-{total}")],
        "summary": {
            "netAmount": f"-{net}",
            "taxAmount": f"-{tax}",
            "grossAmount": f"-{total}",
            "itemCount": "1",
            "modeCode": "1",
            "qrCode": "",
        },
        "payWay": [],
        "basicInformation": {"operator": "Amina", "invoiceKind": "1", "invoiceIndustryCode": "101"},
        "attachmentList": [],
    }
