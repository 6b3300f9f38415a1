"""Reads a UBL invoice or credit note into `document.UblDocument`; every value that cannot be read is a fault."""

import re
from datetime import date, time
from decimal import Decimal
from typing import Final

from risiti.gateway.fiscal.adapters.ubl.document import (
    AllowanceCharge,
    Category,
    Line,
    Party,
    Subtotal,
    TaxTotal,
    Totals,
    UblDocument,
)
from risiti.gateway.fiscal.adapters.ubl.tree import Node, decimal_of
from risiti.gateway.fiscal.strict_json import shown
from risiti.gateway.kernel.errors import BadRequest, FieldError

_ROOTS: Final = {"Invoice": "cac:InvoiceLine", "CreditNote": "cac:CreditNoteLine"}
_QUANTITIES: Final = ("cbc:InvoicedQuantity", "cbc:CreditedQuantity")
_PARTS: Final = ("cac:SubInvoiceLine", "cac:SubCreditNoteLine")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:Z|[+-][0-9]{2}:[0-9]{2})?", re.ASCII)
_TIME = re.compile(r"([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})?", re.ASCII)


class Reader:
    """Reads one document; `faults` has what could not be read."""

    def __init__(self) -> None:
        self.faults: list[FieldError] = []
        self._currency = ""

    def document(self, root: Node) -> UblDocument:
        """Read the document.

        Raises:
            BadRequest: it is XML, but neither a UBL invoice nor a UBL credit note.
        """
        found = next((node for node in root.walk() if node.name in _ROOTS), None)
        if found is None or not found.first("cbc:ID"):
            message = f'The document is no UBL 2.1 invoice: its outermost element is "{shown(root.name)}".'
            fix = "Send an Invoice in the namespace urn:oasis:names:specification:ubl:schema:xsd:Invoice-2."
            raise BadRequest(message, code="not_ubl", errors=[FieldError(root.path, "not_ubl", message, fix)])
        currency = found.value("cbc:DocumentCurrencyCode")
        self._currency = currency
        issue_date, issue_time = self._when(found)
        return UblDocument(
            root=found.name,
            type_code=found.value("cbc:InvoiceTypeCode") or found.value("cbc:CreditNoteTypeCode"),
            id=found.value("cbc:ID"),
            issue_date=issue_date,
            issue_time=issue_time,
            currency=currency or self._first_currency(found),
            note=" ".join(found.value("cbc:Note").split()),
            preceding=tuple(
                node.text.strip()
                for node in found.all("cac:BillingReference", "cac:InvoiceDocumentReference", "cbc:ID")
                if node.text.strip()
            ),
            seller=_party(found, "cac:AccountingSupplierParty"),
            buyer=_party(found, "cac:AccountingCustomerParty"),
            changes=self._changes(found),
            tax_totals=tuple(self._tax_total(node) for node in found.all("cac:TaxTotal")),
            totals=self._totals(found),
            lines=tuple(self._line(node) for node in found.all(_ROOTS[found.name])),
            payment_means=found.value("cac:PaymentMeans", "cbc:PaymentMeansCode"),
            attachments=sum(node.name == "cbc:EmbeddedDocumentBinaryObject" for node in found.walk()),
            path=found.path,
        )

    def _first_currency(self, root: Node) -> str:
        totals = root.first("cac:LegalMonetaryTotal", "cbc:PayableAmount")
        return self._remember(totals.attributes.get("currencyID", "") if totals else "")

    def _remember(self, currency: str) -> str:
        self._currency = currency
        return currency

    def _when(self, root: Node) -> tuple[date | None, time | None]:
        text = root.value("cbc:IssueDate")
        match = _DATE.fullmatch(text)
        day = None
        try:
            day = date(*(int(part) for part in match.groups())) if match else None
        except ValueError:
            match = None
        if match is None:
            message = f'"{shown(text)}" is not a date.' if text else "The date of issue is missing."
            node = root.first("cbc:IssueDate")
            self._fault(node or root, "not_a_date", message, "Send cbc:IssueDate as in 2026-03-31.")
        clock = _TIME.fullmatch(root.value("cbc:IssueTime"))
        try:
            return day, time.fromisoformat(clock[1] + (clock[2] or "").replace("Z", "+00:00")) if clock else None
        except ValueError:
            return day, None

    def _changes(self, node: Node) -> tuple[AllowanceCharge, ...]:
        return tuple(self._change(child) for child in node.all("cac:AllowanceCharge"))

    def _change(self, node: Node) -> AllowanceCharge:
        indicator = node.value("cbc:ChargeIndicator")
        if indicator not in ("true", "false", "1", "0"):
            at = node.first("cbc:ChargeIndicator") or node
            self._fault(at, "unknown_value", "cbc:ChargeIndicator says neither true nor false.", "true or false")
        amount = self._amount(node, "cbc:Amount")
        return AllowanceCharge(
            is_charge=indicator in ("true", "1"),
            amount=amount if amount is not None else self._missing(node, "cbc:Amount"),
            base=self._amount(node, "cbc:BaseAmount"),
            percent=self._number(node, "cbc:MultiplierFactorNumeric"),
            reason=node.value("cbc:AllowanceChargeReason") or node.value("cbc:AllowanceChargeReasonCode"),
            category=self._category(node, "cac:TaxCategory"),
            path=node.path,
        )

    def _category(self, node: Node, *way: str) -> Category | None:
        found = node.all(*way)
        # Several taxes on one line (excise beside VAT) are told apart by their scheme; VAT is the one that counts here.
        vat = [one for one in found if one.value("cac:TaxScheme", "cbc:ID").upper() in ("VAT", "")] or found
        if not vat:
            return None
        return Category(vat[0].value("cbc:ID").upper(), self._number(vat[0], "cbc:Percent"), vat[0].path)

    def _tax_total(self, node: Node) -> TaxTotal:
        amount = node.first("cbc:TaxAmount")
        currency = amount.attributes.get("currencyID", self._currency) if amount else self._currency
        return TaxTotal(
            currency=currency,
            tax=self._amount(node, "cbc:TaxAmount", currency=currency) or Decimal(0),
            subtotals=tuple(self._subtotal(child, currency) for child in node.all("cac:TaxSubtotal")),
            path=node.path,
        )

    def _subtotal(self, node: Node, currency: str) -> Subtotal:
        category = self._category(node, "cac:TaxCategory") or Category("", None, node.path)
        if category.percent is None:  # UBL 2.0 wrote the rate beside the category
            category = Category(category.letter, self._number(node, "cbc:Percent"), category.path)
        return Subtotal(
            taxable=self._amount(node, "cbc:TaxableAmount", currency=currency) or Decimal(0),
            tax=self._amount(node, "cbc:TaxAmount", currency=currency) or Decimal(0),
            category=category,
            path=node.path,
        )

    def _totals(self, root: Node) -> Totals:
        node = root.first("cac:LegalMonetaryTotal")
        if node is None:
            self._fault(root, "missing", "cac:LegalMonetaryTotal is missing.", "Add the totals of the document.")
            node = Node("cac:LegalMonetaryTotal", root.path, {})
        return Totals(
            lines=self._amount(node, "cbc:LineExtensionAmount"),
            net=self._amount(node, "cbc:TaxExclusiveAmount"),
            gross=self._amount(node, "cbc:TaxInclusiveAmount"),
            allowances=self._amount(node, "cbc:AllowanceTotalAmount"),
            charges=self._amount(node, "cbc:ChargeTotalAmount"),
            prepaid=self._amount(node, "cbc:PrepaidAmount"),
            rounding=self._amount(node, "cbc:PayableRoundingAmount"),
            payable=self._amount(node, "cbc:PayableAmount"),
            path=node.path,
        )

    def _line(self, node: Node) -> Line:
        quantity = next((found for name in _QUANTITIES if (found := node.first(name))), None)
        net = self._amount(node, "cbc:LineExtensionAmount")
        base = self._number(node, "cac:Price", "cbc:BaseQuantity")
        category = self._category(node, "cac:Item", "cac:ClassifiedTaxCategory")
        if category is None:  # plain UBL without EN 16931 puts it into the line's own tax total
            category = self._category(node, "cac:TaxTotal", "cac:TaxSubtotal", "cac:TaxCategory")
        if base is not None and base <= 0:
            at = node.first("cac:Price", "cbc:BaseQuantity") or node
            self._fault(at, "must_be_positive", "A price's base quantity must be greater than 0.", "1")
            base = None
        return Line(
            id=node.value("cbc:ID"),
            name=" ".join((node.value("cac:Item", "cbc:Name") or node.value("cac:Item", "cbc:Description")).split()),
            quantity=self._read(quantity) if quantity else None,
            unit=quantity.attributes.get("unitCode", "") if quantity else "",
            net=net if net is not None else self._missing(node, "cbc:LineExtensionAmount"),
            price=self._amount(node, "cac:Price", "cbc:PriceAmount"),
            base_quantity=base if base is not None else Decimal(1),
            changes=self._changes(node),
            category=category,
            seller_code=node.value("cac:Item", "cac:SellersItemIdentification", "cbc:ID"),
            standard_code=node.value("cac:Item", "cac:StandardItemIdentification", "cbc:ID"),
            buyer_code=node.value("cac:Item", "cac:BuyersItemIdentification", "cbc:ID"),
            classifications=tuple(
                (code.attributes.get("listID", "").upper(), code.text.strip())
                for code in node.all("cac:Item", "cac:CommodityClassification", "cbc:ItemClassificationCode")
            ),
            parts=tuple(self._line(part) for part in node.children if part.name in _PARTS),
            path=node.path,
        )

    def _amount(self, node: Node, *way: str, currency: str | None = None) -> Decimal | None:
        found = node.first(*way)
        if found is None:
            return None
        given, wanted = found.attributes.get("currencyID", ""), currency or self._currency
        if given and wanted and given != wanted:
            message = f"The amount is in {shown(given)}, the document in {shown(wanted)}."
            self._fault(found, "currency_mixed", message, wanted)
        return self._read(found)

    def _number(self, node: Node, *way: str) -> Decimal | None:
        found = node.first(*way)
        return self._read(found) if found and found.text.strip() else None

    def _read(self, node: Node) -> Decimal:
        number = decimal_of(node.text)
        if number is None:
            self._fault(node, "not_a_decimal", f'"{shown(node.text)}" is not a number.', "Send digits, as in 1180.00.")
            return Decimal(0)
        return number

    def _missing(self, node: Node, name: str) -> Decimal:
        self._fault(node, "missing", f"{name} is missing.", "Add it.")
        return Decimal(0)

    def _fault(self, node: Node, code: str, message: str, fix: str) -> None:
        self.faults.append(FieldError(node.path, code, message, fix))


def _party(root: Node, name: str) -> Party:
    party = root.first(name, "cac:Party") or Node(name, f"{root.path}/{name}", {})
    tax_ids = [
        *party.all("cac:PartyTaxScheme", "cbc:CompanyID"),
        *party.all("cac:PartyLegalEntity", "cbc:CompanyID"),
        *party.all("cac:PartyIdentification", "cbc:ID"),
    ]
    address = party.first("cac:PostalAddress") or Node("cac:PostalAddress", party.path, {})
    parts = ("cbc:StreetName", "cbc:AdditionalStreetName", "cbc:CityName", "cbc:PostalZone", "cbc:CountrySubentity")
    return Party(
        name=" ".join(
            (
                party.value("cac:PartyLegalEntity", "cbc:RegistrationName")
                or party.value("cac:PartyName", "cbc:Name")
                or party.value("cac:PartyTaxScheme", "cbc:RegistrationName")
            ).split()
        ),
        tax_ids=tuple((node.text.strip(), node.path) for node in tax_ids if node.text.strip()),
        country=address.value("cac:Country", "cbc:IdentificationCode").upper(),
        address=" ".join(", ".join(text for part in parts if (text := address.value(part))).split()),
        email=party.value("cac:Contact", "cbc:ElectronicMail"),
        phone=party.value("cac:Contact", "cbc:Telephone"),
        path=party.path,
    )
