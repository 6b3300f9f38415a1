"""What stands on a fiscal receipt, whatever it is drawn on; one without a fiscal document number cannot be made."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from risiti.efris.clock import EAST_AFRICA_TIME
from risiti.gateway.fiscal.fields import visible
from risiti.gateway.fiscal.payloads import NewInvoice
from risiti.gateway.fiscal.totals import Role, TaxRow, Totals
from risiti.gateway.fiscal.wire import Seller, operator_of
from risiti.gateway.fiscal.words import Category, Kind, PaymentMethod

LETTERS: Final[Mapping[Category, str]] = MappingProxyType(
    {
        Category.STANDARD: "A",
        Category.ZERO: "B",
        Category.EXEMPT: "C",
        Category.DEEMED: "D",
        Category.EXCISE_DUTY: "E",
        Category.OUT_OF_SCOPE: "F",
    }
)
"""The authority's letters of the tax categories; the taxes beside VAT and excise duty have none."""
_CATEGORY_NAMES: Final = {
    Category.STANDARD: "Standard 18%",
    Category.ZERO: "Zero-rated 0%",
    Category.EXEMPT: "Exempt",
    Category.DEEMED: "Deemed 18%",
    Category.EXCISE_DUTY: "Excise duty",
    Category.OVER_THE_TOP: "Over the top",
    Category.STAMP_DUTY: "Stamp duty",
    Category.LOCAL_HOTEL_TAX: "Local hotel tax",
    Category.UCC_LEVY: "UCC levy",
    Category.OTHER: "Other tax",
    Category.OUT_OF_SCOPE: "Out of scope of VAT",
}
_TITLES: Final = {Kind.INVOICE: "FISCAL INVOICE", Kind.RECEIPT: "FISCAL RECEIPT"}
_METHODS: Final = {
    PaymentMethod.CREDIT: "Credit",
    PaymentMethod.CASH: "Cash",
    PaymentMethod.CHEQUE: "Cheque",
    PaymentMethod.DEMAND_DRAFT: "Demand draft",
    PaymentMethod.MOBILE_MONEY: "Mobile money",
    PaymentMethod.CARD: "Card",
    PaymentMethod.EFT: "EFT",
    PaymentMethod.POS: "POS",
    PaymentMethod.RTGS: "RTGS",
    PaymentMethod.SWIFT: "Swift transfer",
}


class NotFiscalised(ValueError):
    """There is no receipt of a document that the authority has not numbered."""


@dataclass(frozen=True, slots=True)
class FiscalNumbers:
    """What the authority has given the document."""

    fdn: str
    """Fiscal document number."""
    verification_code: str
    qr: str
    """Text of the QR code; empty where the authority gave none."""


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """One printed line; a discount is a line of its own, without quantity and price."""

    name: str
    quantity: Decimal | None
    unit: str
    unit_price: Decimal | None
    total: Decimal
    tax: Decimal
    letter: str
    is_discount: bool


@dataclass(frozen=True, slots=True)
class ReceiptTax:
    """The sums of one tax category."""

    letter: str
    """Empty for the taxes beside VAT and excise duty."""
    name: str
    net: Decimal
    tax: Decimal
    gross: Decimal

    @property
    def label(self) -> str:
        """Letter and name."""
        return f"{self.letter}: {self.name}" if self.letter else self.name


@dataclass(frozen=True, slots=True)
class ReceiptPayment:
    """One part of what was paid."""

    method: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt ready to be drawn. Amounts are in `currency`, `issued_at` is aware; texts may hold anything.

    Raises:
        NotFiscalised: fiscal document number or verification code are missing.
    """

    title: str
    seller: Seller
    numbers: FiscalNumbers
    device_no: str
    reference: str
    issued_at: datetime
    operator: str
    buyer_name: str
    buyer_tin: str
    currency: str
    lines: tuple[ReceiptLine, ...]
    taxes: tuple[ReceiptTax, ...]
    net: Decimal
    tax: Decimal
    gross: Decimal
    payments: tuple[ReceiptPayment, ...]
    remarks: str = ""
    is_copy: bool = False
    """Says COPY: set on every print after the first."""

    def __post_init__(self) -> None:
        if not self.numbers.fdn.strip() or not self.numbers.verification_code.strip():
            raise NotFiscalised("The authority has not numbered this document, so there is no receipt of it.")

    @property
    def date(self) -> str:
        """Date of the sale in Kampala, `31/03/2026`."""
        return self.issued_at.astimezone(EAST_AFRICA_TIME).strftime("%d/%m/%Y")

    @property
    def time(self) -> str:
        """Time of the sale in Kampala, `14:05:07`."""
        return self.issued_at.astimezone(EAST_AFRICA_TIME).strftime("%H:%M:%S")


def receipt_of(
    invoice: NewInvoice,
    totals: Totals,
    seller: Seller,
    numbers: FiscalNumbers,
    *,
    device_no: str,
    operator: str = "",
    is_copy: bool = False,
) -> Receipt:
    """Return the receipt of a fiscalised document.

    Args:
        invoice: The document as it was taken.
        totals: Its sums, from `totals.compute`.
        seller: Who sells.
        numbers: What the authority gave it.
        device_no: Number of the device that issued it.
        operator: Who is named as having served where the document names nobody.
        is_copy: Whether one was printed before.

    Raises:
        NotFiscalised: the numbers are missing.
    """
    return Receipt(
        title=_TITLES[invoice.kind or Kind.INVOICE],
        seller=seller,
        numbers=numbers,
        device_no=device_no,
        reference=invoice.reference,
        issued_at=invoice.issued_at,
        operator=visible(operator_of(invoice, seller, operator)),
        buyer_name=visible(invoice.buyer.name or ""),
        buyer_tin=invoice.buyer.tin or "",
        currency=invoice.currency,
        lines=tuple(
            ReceiptLine(
                name="Discount" if line.role is Role.DISCOUNT else line.source.name,
                quantity=line.quantity,
                unit=line.source.unit,
                unit_price=line.unit_price,
                total=line.total,
                tax=line.tax,
                letter=LETTERS[Category(line.source.tax.value)],
                is_discount=line.role is Role.DISCOUNT,
            )
            for line in totals.lines
        ),
        taxes=tuple(
            ReceiptTax(LETTERS.get(row.category, ""), _tax_name(row), row.net, row.tax, row.gross)
            for row in totals.rows
        ),
        net=totals.net,
        tax=totals.tax,
        gross=totals.gross,
        payments=tuple(ReceiptPayment(_METHODS[payment.method], payment.amount) for payment in totals.payments),
        remarks=invoice.remarks or "",
        is_copy=is_copy,
    )


def _tax_name(row: TaxRow) -> str:
    """Name a row of taxes: excise duty with its rate, a tax of no category of its own by its name."""
    rate = row.rate
    if rate is None:
        return visible(row.name) or _CATEGORY_NAMES[row.category]
    if rate.percent is not None:
        return f"Excise duty {number(rate.percent)}%" if rate.percent else "Excise duty, nil"
    return f"Excise duty {rate.currency} {number(rate.amount or Decimal(0))} per {(rate.per or '').replace('_', ' ')}"


def money(amount: Decimal) -> str:
    """Write an amount for people: `11,800.02`."""
    return f"{amount:,.2f}"


def number(value: Decimal) -> str:
    """Write a quantity or unit price for people, without needless zeros: `1,234.5`."""
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
