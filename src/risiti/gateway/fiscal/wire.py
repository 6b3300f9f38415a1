"""A sale as the authority wants it written.

Here our words become its codes. What is sent is frozen to bytes once, when a document is accepted (interface T109,
v23.4): the reference is always checked by the authority, the channel is system-to-system, the number given online.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import orjson

from risiti.efris import amounts
from risiti.efris.errors import Fault, Malformed
from risiti.efris.interfaces import UPLOAD_INVOICE
from risiti.efris.models import invoice_upload as upload
from risiti.efris.models import straight
from risiti.efris.models.codes import (
    DeemedExempt,
    DeliveryTerms,
    ExciseRule,
    VatApplicable,
    YesNo,
)
from risiti.efris.models.straight import NotPlain, StraightWriter
from risiti.gateway.fiscal import codes
from risiti.gateway.fiscal.fields import MAX_OPERATOR_BYTES
from risiti.gateway.fiscal.parties import Buyer, ForeignSeller
from risiti.gateway.fiscal.payloads import ExciseDuty, NewInvoice
from risiti.gateway.fiscal.shapes import DEEMED_SUFFIX, DISCOUNT_SUFFIX
from risiti.gateway.fiscal.tax.computed import ComputedLine, DutyRate, Role, TaxRow, Totals
from risiti.gateway.fiscal.words import Industry, Kind, Tax
from risiti.gateway.kernel.errors import FieldError, Invalid

WALK_IN_CUSTOMER: Final = "Walk-in customer"
"""Name of a consumer nobody asked for a name: the authority wants one of name, TIN, NIN or phone (code 2887)."""
NIL: Final = "Nil"
"""Name of an excise duty's rate where nothing is due."""

_UPLOAD, _SELLER, _HEAD = (
    StraightWriter(upload.InvoiceUpload),
    StraightWriter(upload.Seller),
    StraightWriter(upload.BasicInformation),
)
_BUYER, _LINE, _TAX_ROW = StraightWriter(upload.Buyer), StraightWriter(upload.Line), StraightWriter(upload.TaxRow)
_SUMMARY, _PAYMENT = StraightWriter(upload.Summary), StraightWriter(upload.Payment)
_FOREIGN_SELLER = StraightWriter(upload.ImportedService)

# Where a field of the wire comes from in the caller's document.
_SOURCES: Final = {
    "goodsDetails.item": "name",
    "goodsDetails.itemCode": "code",
    "goodsDetails.qty": "quantity",
    "goodsDetails.unitOfMeasure": "unit",
    "goodsDetails.unitPrice": "unit_price",
    "goodsDetails.taxRate": "tax",
    "goodsDetails.goodsCategoryId": "category",
    "goodsDetails.discountTotal": "discount",
    "goodsDetails.categoryId": "excise/code",
    "goodsDetails.categoryName": "excise/name",
    "goodsDetails.exciseRate": "excise",
    "goodsDetails.exciseUnit": "excise/per",
    "goodsDetails.exciseCurrency": "excise/currency",
    "goodsDetails.pack": "excise/pack",
    "goodsDetails.stick": "excise/stick",
    "goodsDetails.deemedFlag": "tax",
    "goodsDetails.vatApplicableFlag": "tax",
    "goodsDetails.vatProjectId": "project/id",
    "goodsDetails.vatProjectName": "project/name",
    "goodsDetails.totalWeight": "weight",
    "goodsDetails.pieceQty": "pieces/quantity",
    "goodsDetails.pieceMeasureUnit": "pieces/unit",
    "goodsDetails.hsCode": "hs_code",
    "goodsDetails.hsName": "hs_name",
    "sellerDetails.referenceNo": "/reference",
    "basicInformation.deviceNo": "/device",
    "basicInformation.issuedDate": "/issued_at",
    "basicInformation.operator": "/operator",
    "basicInformation.currency": "/currency",
    "basicInformation.invoiceKind": "/kind",
    "basicInformation.invoiceIndustryCode": "/industry",
    "basicInformation.currencyRate": "/exchange_rate",
    "basicInformation.deliveryTermsCode": "/export/delivery_terms",
    "buyerDetails.deliveryTermsCode": "/export/delivery_terms",
    "buyerDetails.buyerType": "/buyer/type",
    "buyerDetails.buyerTin": "/buyer/tin",
    "buyerDetails.buyerNinBrn": "/buyer/national_id",
    "buyerDetails.buyerPassportNum": "/buyer/passport",
    "buyerDetails.buyerLegalName": "/buyer/name",
    "buyerDetails.buyerAddress": "/buyer/address",
    "buyerDetails.buyerEmail": "/buyer/email",
    "buyerDetails.buyerMobilePhone": "/buyer/phone",
    "buyerDetails.buyerCitizenship": "/buyer/citizenship",
    "buyerDetails.buyerBusinessName": "/buyer/trading_name",
    "buyerDetails.buyerReferenceNo": "/buyer/reference",
    "importServicesSeller.importBusinessName": "/foreign_seller/name",
    "importServicesSeller.importAddress": "/foreign_seller/address",
    "importServicesSeller.importInvoiceDate": "/foreign_seller/invoice_date",
    "importServicesSeller.importEmailAddress": "/foreign_seller/email",
    "importServicesSeller.importContactNumber": "/foreign_seller/phone",
    "taxDetails.taxCategoryCode": "/taxes",
    "taxDetails.taxRateName": "/taxes",
    "summary.remarks": "/remarks",
    "payWay.paymentMode": "/payments",
    "payWay.paymentAmount": "/payments",
}


@dataclass(frozen=True, slots=True)
class Seller:
    """Who sells, as registered with the authority."""

    tin: str
    legal_name: str
    business_name: str
    email: str
    phone: str
    address: str
    branch_id: str = ""
    """The authority's id of the branch in which the device stands; empty: the document names none."""
    branch_name: str = ""


def freeze(
    invoice: NewInvoice, totals: Totals, seller: Seller, device_no: str, wire_reference: str, *, operator: str = ""
) -> bytes:
    """Return what will be sent for a document, to the byte, however often and whenever it is sent.

    Args:
        invoice: The document.
        totals: Its sums, from `totals.compute`.
        seller: Who sells.
        device_no: Number of the device that issues it.
        wire_reference: Its reference, from `references.on_the_wire`.
        operator: Who is named as having served where the document names nobody; without it the seller.

    Raises:
        Invalid: the wire does not carry it; every field is named.
    """
    message = InvoiceMessage(invoice, totals, seller, device_no, wire_reference, operator)
    try:
        return message.plainly()
    except NotPlain:
        pass  # the model says what is wrong with it, if anything is
    try:
        return UPLOAD_INVOICE.freeze(message.build()).content
    except Malformed as error:
        faults = [_fault(fault, totals) for fault in error.faults]
        raise Invalid(
            "The authority's format does not carry this document; nothing was sent.", errors=faults
        ) from error


@dataclass(frozen=True, slots=True)
class InvoiceMessage:
    """Everything an upload is made of, and the upload made of it: as bytes at once, or as the interface's request."""

    invoice: NewInvoice
    totals: Totals
    seller: Seller
    device_no: str
    wire_reference: str
    operator: str = ""

    def plainly(self) -> bytes:
        """Return the bytes, the same as those of `build`.

        Raises:
            NotPlain: something does not plainly fit; `build` and the interface find out what.
        """
        document: straight.Given = {
            "seller_details": _SELLER.write(self._seller()),
            "basic_information": _HEAD.write(self._head()),
            "buyer_details": _BUYER.write(_buyer(self.invoice.buyer, self._delivery_terms())),
            "goods_details": [_LINE.write(_line(line, number)) for number, line in enumerate(self.totals.lines)],
            "tax_details": [_TAX_ROW.write(_tax_row(row)) for row in self.totals.rows],
            "summary": _SUMMARY.write(self._summary()),
            "pay_way": [_PAYMENT.write(payment) for payment in self._payments()],
        }
        if not (self.totals.lines and self.totals.rows):
            raise NotPlain
        foreign = _foreign_seller(self.invoice.foreign_seller)
        if foreign is not None:
            document["import_services_seller"] = _FOREIGN_SELLER.write(foreign)
        return orjson.dumps(_UPLOAD.write(document))

    def build(self) -> upload.InvoiceUpload:
        """Return the request of the upload interface."""
        foreign = _foreign_seller(self.invoice.foreign_seller)
        return upload.InvoiceUpload(
            seller_details=upload.Seller.model_validate(self._seller()),
            basic_information=upload.BasicInformation.model_validate(self._head()),
            buyer_details=upload.Buyer.model_validate(_buyer(self.invoice.buyer, self._delivery_terms())),
            goods_details=tuple(
                upload.Line.model_validate(_line(line, number)) for number, line in enumerate(self.totals.lines)
            ),
            tax_details=tuple(upload.TaxRow.model_validate(_tax_row(row)) for row in self.totals.rows),
            summary=upload.Summary.model_validate(self._summary()),
            pay_way=tuple(upload.Payment.model_validate(payment) for payment in self._payments()),
            import_services_seller=None if foreign is None else upload.ImportedService.model_validate(foreign),
        )

    def _seller(self) -> straight.Given:
        return {
            "tin": self.seller.tin,
            "legal_name": self.seller.legal_name,
            "business_name": self.seller.business_name,
            "address": self.seller.address,
            "mobile_phone": self.seller.phone,
            "email_address": self.seller.email,
            "reference_no": self.wire_reference,
            "branch_id": self.seller.branch_id,
            "branch_name": self.seller.branch_name,
            "is_check_reference_no": True,
        }

    def _head(self) -> straight.Given:
        head: straight.Given = {
            "device_no": self.device_no,
            "issued_date": self.invoice.issued_at,
            "operator": operator_of(self.invoice, self.seller, self.operator),
            "currency": self.invoice.currency,
            "invoice_kind": codes.KINDS[self.invoice.kind or Kind.INVOICE],
            "invoice_industry_code": codes.INDUSTRIES[self.invoice.industry or Industry.GENERAL],
        }
        if self.invoice.exchange_rate is not None:
            head["currency_rate"] = self.invoice.exchange_rate
        terms = self._delivery_terms()
        if terms is not None:
            head["delivery_terms_code"] = terms
        return head

    def _summary(self) -> straight.Given:
        return {
            "net_amount": self.totals.net,
            "tax_amount": self.totals.tax,
            "gross_amount": self.totals.gross,
            "item_count": self.totals.item_count,
            "remarks": self.invoice.remarks or "",
        }

    def _payments(self) -> Iterator[straight.Given]:
        for number, payment in enumerate(self.totals.payments):
            yield {
                "payment_mode": codes.PAYMENTS[payment.method],
                "payment_amount": payment.amount,
                "order_number": chr(ord("a") + number),
            }

    def _delivery_terms(self) -> DeliveryTerms | None:
        export = self.invoice.export
        return None if export is None else DeliveryTerms(export.delivery_terms.value)


def operator_of(invoice: NewInvoice, seller: Seller, default: str = "") -> str:
    """Return who is named as having served: the document's, else the default, else the seller."""
    name = invoice.operator or default or seller.business_name or seller.legal_name
    return name.encode()[:MAX_OPERATOR_BYTES].decode(errors="ignore")


def _buyer(buyer: Buyer, delivery_terms: DeliveryTerms | None) -> straight.Given:
    is_nobody = buyer.type == "consumer" and not (buyer.name or buyer.tin or buyer.national_id or buyer.phone)
    written: straight.Given = {
        "buyer_type": codes.BUYERS[buyer.type],
        "buyer_tin": buyer.tin or "",
        "buyer_legal_name": WALK_IN_CUSTOMER if is_nobody else buyer.name or "",
        "buyer_business_name": buyer.trading_name or "",
        "buyer_address": buyer.address or "",
        "buyer_email": buyer.email or "",
        "buyer_mobile_phone": buyer.phone or "",
        "buyer_nin_brn": (buyer.national_id or "") if buyer.type == "consumer" else "",
        "buyer_passport_num": (buyer.passport or "") if buyer.type == "foreigner" else "",
        "buyer_citizenship": (buyer.citizenship or "") if buyer.type == "foreigner" else "",
        "buyer_reference_no": buyer.reference or "",
    }
    if delivery_terms is not None:
        written["delivery_terms_code"] = delivery_terms
    return written


def _foreign_seller(seller: ForeignSeller | None) -> straight.Given | None:
    if seller is None:
        return None
    return {
        "import_business_name": seller.name,
        "import_address": seller.address,
        "import_invoice_date": seller.invoice_date,
        "import_email_address": seller.email or "",
        "import_contact_number": seller.phone or "",
    }


def _line(line: ComputedLine, number: int) -> straight.Given:
    source, is_discount, tax = line.source, line.role is Role.DISCOUNT, line.source.tax
    is_deemed, project = tax is Tax.DEEMED, source.project
    name = source.name + DEEMED_SUFFIX if is_deemed else source.name
    row: straight.Given = {
        "item": name + DISCOUNT_SUFFIX if is_discount else name,
        "item_code": source.code,
        "qty": line.quantity,
        "unit_of_measure": "" if is_discount else source.unit,
        "unit_price": line.unit_price,
        "total": line.total,
        "tax_rate": codes.RATES[tax],
        "tax": line.tax,
        "discount_total": line.discount,
        "discount_tax_rate": codes.DISCOUNT_RATES[tax] if line.role is Role.DISCOUNTED else "",
        "order_number": number,
        "discount_flag": codes.ROLES[line.role],
        "deemed_flag": YesNo.YES if is_deemed else YesNo.NO,
        "goods_category_id": source.category,
        "vat_applicable_flag": VatApplicable.OUT_OF_SCOPE if tax is Tax.OUT_OF_SCOPE else VatApplicable.APPLIES,
    }
    if project is not None:
        row["deemed_exempt_code"] = DeemedExempt.DEEMED if is_deemed else DeemedExempt.EXEMPT
        row["vat_project_id"], row["vat_project_name"] = project.id, project.name
    if source.hs_code is not None:
        row["hs_code"] = source.hs_code
    if source.hs_name is not None:
        row["hs_name"] = source.hs_name
    if source.weight is not None and not is_discount:
        pieces = source.pieces
        row["total_weight"] = source.weight
        row["piece_qty"] = source.quantity if pieces is None else pieces.quantity
        row["piece_measure_unit"] = source.unit if pieces is None else pieces.unit
    if source.excise is not None:
        row |= _excise(line, source.excise)
    return row


def _excise(line: ComputedLine, duty: ExciseDuty) -> straight.Given:
    rate = DutyRate(duty.percent, duty.amount, duty.currency, duty.per)
    fields: straight.Given = {
        "excise_flag": YesNo.YES,
        "category_id": duty.code,
        "category_name": duty.name,
        "excise_rate": _rate(rate),
        "excise_rule": ExciseRule.PERCENT if duty.percent is not None else ExciseRule.QUANTITY,
        "excise_tax": line.excise,
        "excise_rate_name": _rate_name(rate),
    }
    if duty.per is not None:
        fields |= {
            "pack": duty.pack,
            "stick": duty.stick,
            "excise_unit": codes.DUTY_UNITS[duty.per],
            "excise_currency": duty.currency,
        }
    return fields


def _rate(rate: DutyRate) -> str:
    if rate.percent is None:
        return amounts.plain(rate.amount or Decimal(0))
    return amounts.plain(rate.percent.scaleb(-2)) if rate.percent else codes.NO_RATE


def _rate_name(rate: DutyRate) -> str:
    if rate.per is not None:
        return f"{rate.currency}{amounts.plain(rate.amount or Decimal(0))} {codes.DUTY_UNIT_TEXTS[rate.per]}"
    return f"{amounts.plain(rate.percent)}%" if rate.percent else NIL


def _tax_row(row: TaxRow) -> straight.Given:
    category = row.category
    by_quantity = row.rate is not None and row.rate.per is not None
    if row.rate is not None:
        rate, name = _rate(row.rate), _rate_name(row.rate)
    else:
        rate, name = codes.ROW_RATES.get(category, codes.NO_RATE), row.name
    return {
        "tax_category_code": codes.CATEGORIES[category],
        "net_amount": row.net,
        "tax_rate": rate,
        "tax_amount": row.tax,
        "gross_amount": row.gross,
        "excise_unit": codes.DUTY_UNITS[row.rate.per] if row.rate is not None and row.rate.per is not None else None,
        "excise_currency": row.rate.currency if row.rate is not None and by_quantity else "",
        "tax_rate_name": name,
    }


def _fault(fault: Fault, totals: Totals) -> FieldError:
    position = re.match(r"goodsDetails\[(\d+)\]", fault.path)
    path = pointer_of(re.sub(r"\[\d+\]", "", fault.path), totals, int(position[1]) if position else None)
    code = "seller_incomplete" if path is None and fault.path.startswith("sellerDetails.") else "not_carried"
    about_seller = f"The company's {fault.path.partition('.')[2]} {fault.message}."
    message = about_seller if code == "seller_incomplete" else f"This field {fault.message}."
    fix = "Complete the company's own data." if code == "seller_incomplete" else "Correct the field."
    return FieldError(path or "", code, message, fix)


def pointer_of(field: str, totals: Totals | None = None, row: int | None = None) -> str | None:
    """Return where a wire field comes from in the caller's document (JSON pointer), or None if it is not from there.

    Args:
        field: Dotted wire name without positions, `goodsDetails.qty`.
        totals: With `row`: the sums that the row belongs to.
        row: Number of the wire row, discounts counted; without it a line's field points to all lines.
    """
    source = _SOURCES.get(field)
    if source is None or source.startswith("/"):
        return source
    if totals is None or row is None or row >= len(totals.lines):
        return "/lines"
    return f"{totals.lines[row].place}/{source}"


def field_of_line(field: str) -> str:
    """Return what a line's field of the wire is called in the caller's line; empty if there is nothing like it."""
    source = _SOURCES.get(field, "/")
    return "" if source.startswith("/") else source
