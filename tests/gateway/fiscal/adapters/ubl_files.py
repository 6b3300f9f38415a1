"""Writes UBL documents for the tests, and adds them up on its own, in fractions; all parties are made up."""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

TIN = "1000000000"
_UBL = "urn:oasis:names:specification:ubl:schema:xsd:"


def cents(value: Fraction) -> Decimal:
    """Round half up to cents."""
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal("0.01"), ROUND_HALF_UP)


@dataclass
class Change:
    """An allowance or a charge."""

    amount: str
    charge: bool = False
    category: str = "S"
    percent: str = "18"
    reason: str = "Transport"
    base: str = ""
    multiplier: str = ""

    @property
    def signed(self) -> Fraction:
        """What it adds."""
        return Fraction(self.amount) if self.charge else -Fraction(self.amount)

    def xml(self, *, taxed: bool) -> str:
        """Write it; only those of the whole document have a category of their own."""
        multiplier = f"<c:MultiplierFactorNumeric>{self.multiplier}</c:MultiplierFactorNumeric>" * bool(self.multiplier)
        base = f'<c:BaseAmount currencyID="CUR">{self.base}</c:BaseAmount>' if self.base else ""
        return (
            f"<a:AllowanceCharge><c:ChargeIndicator>{str(self.charge).lower()}</c:ChargeIndicator>"
            f"<c:AllowanceChargeReason>{self.reason}</c:AllowanceChargeReason>{multiplier}"
            f'<c:Amount currencyID="CUR">{self.amount}</c:Amount>{base}'
            f"{category('TaxCategory', self.category, self.percent) if taxed else ''}</a:AllowanceCharge>"
        )


@dataclass
class Line:
    """One line; its amount is what quantity, price, allowances and charges come to, unless it is given."""

    quantity: str = "2"
    price: str = "1500"
    category: str = "S"
    percent: str = "18"
    name: str = "Exercise book 96 pages"
    code: str = "BOOK-96"
    commodity: str = "14111514"
    unit: str = "EA"
    base: str = ""
    changes: list[Change] = field(default_factory=list)
    amount: str = ""
    parts: list["Line"] = field(default_factory=list)
    price_discount: str = ""

    @property
    def net(self) -> Decimal:
        """LineExtensionAmount."""
        if self.amount:
            return Decimal(self.amount)
        if self.parts:
            return sum((part.net for part in self.parts), Decimal(0))
        price = Fraction(self.price) / Fraction(self.base or 1)
        return cents(Fraction(self.quantity) * price + sum(change.signed for change in self.changes))

    def leaves(self) -> list["Line"]:
        """Return the lines it consists of."""
        return [leaf for part in self.parts for leaf in part.leaves()] if self.parts else [self]

    def xml(self, number: int, element: str = "InvoiceLine") -> str:
        """Write it."""
        quantity = "CreditedQuantity" if element == "CreditNoteLine" else "InvoicedQuantity"
        code = f"<a:SellersItemIdentification><c:ID>{self.code}</c:ID></a:SellersItemIdentification>"
        commodity = (
            '<a:CommodityClassification><c:ItemClassificationCode listID="TST">'
            f"{self.commodity}</c:ItemClassificationCode></a:CommodityClassification>"
        )
        base = f'<c:BaseQuantity unitCode="{self.unit}">{self.base}</c:BaseQuantity>' if self.base else ""
        discount = (
            "<a:AllowanceCharge><c:ChargeIndicator>false</c:ChargeIndicator>"
            f'<c:Amount currencyID="CUR">{self.price_discount}</c:Amount></a:AllowanceCharge>'
        )
        return (
            f"<a:{element}><c:ID>{number}</c:ID>"
            f'<c:{quantity} unitCode="{self.unit}">{self.quantity}</c:{quantity}>'
            f'<c:LineExtensionAmount currencyID="CUR">{self.net}</c:LineExtensionAmount>'
            f"{''.join(change.xml(taxed=False) for change in self.changes)}"
            f"<a:Item><c:Description>What it is</c:Description><c:Name>{self.name}</c:Name>"
            f"{code * bool(self.code)}{commodity * bool(self.commodity)}"
            f"{category('ClassifiedTaxCategory', self.category, self.percent)}</a:Item>"
            f'<a:Price><c:PriceAmount currencyID="CUR">{self.price}</c:PriceAmount>{base}'
            f"{discount * bool(self.price_discount)}</a:Price>"
            f"{''.join(part.xml(index + 1, 'SubInvoiceLine') for index, part in enumerate(self.parts))}"
            f"</a:{element}>"
        )


@dataclass
class Ubl:
    """One document."""

    id: str = "INV-0001"
    lines: list[Line] = field(default_factory=lambda: [Line()])
    changes: list[Change] = field(default_factory=list)
    type_code: str = "380"
    root: str = "Invoice"
    currency: str = "UGX"
    date: str = "2026-03-31"
    clock: str = ""
    seller_tin: str = TIN
    seller_country: str = "UG"
    buyer_tin: str = "1000000901"
    buyer_country: str = "UG"
    buyer_name: str = "Lakeside Traders Limited (fictitious)"
    email: str = "accounts@lakeside.example"
    prepaid: str = ""
    rounding: str = ""
    means: str = "30"
    extra: str = ""
    preceding: str = ""
    stated: dict[str, str] = field(default_factory=dict)
    """Totals that the file states instead of the right ones, by element."""

    def taxes(self) -> dict[tuple[str, str], tuple[Decimal, Decimal]]:
        """Return taxable amount and tax of each category."""
        taxable: defaultdict[tuple[str, str], Fraction] = defaultdict(Fraction)
        for line in self.lines:
            for leaf in line.leaves():
                taxable[leaf.category, leaf.percent] += Fraction(leaf.net)
        for change in self.changes:
            taxable[change.category, change.percent] += change.signed
        return {key: (cents(sum_), cents(sum_ * Fraction(key[1] or 0) / 100)) for key, sum_ in taxable.items()}

    @property
    def net(self) -> Decimal:
        """TaxExclusiveAmount."""
        return sum((line.net for line in self.lines), Decimal(0)) + cents(
            Fraction(sum(change.signed for change in self.changes))
        )

    @property
    def tax(self) -> Decimal:
        """TaxTotal/TaxAmount."""
        return sum((tax for _, tax in self.taxes().values()), Decimal(0))

    @property
    def gross(self) -> Decimal:
        """TaxInclusiveAmount."""
        return self.net + self.tax

    def xml(self, *, encoding: str = "UTF-8", prefixes: tuple[str, str] = ("cac", "cbc")) -> bytes:
        """Write the document."""
        totals = {
            "LineExtensionAmount": str(sum((line.net for line in self.lines), Decimal(0))),
            "TaxExclusiveAmount": str(self.net),
            "TaxInclusiveAmount": str(self.gross),
            "AllowanceTotalAmount": self._sum(charge=False),
            "ChargeTotalAmount": self._sum(charge=True),
            "PrepaidAmount": self.prepaid,
            "PayableRoundingAmount": self.rounding,
            "PayableAmount": str(self.gross - Decimal(self.prepaid or 0) + Decimal(self.rounding or 0)),
        } | self.stated
        monetary = "".join(f'<c:{name} currencyID="CUR">{text}</c:{name}>' for name, text in totals.items() if text)
        subtotals = "".join(
            f'<a:TaxSubtotal><c:TaxableAmount currencyID="CUR">{taxable}</c:TaxableAmount>'
            f'<c:TaxAmount currencyID="CUR">{tax}</c:TaxAmount>{category("TaxCategory", *key)}</a:TaxSubtotal>'
            for key, (taxable, tax) in self.taxes().items()
        )
        preceding = (
            f"<a:BillingReference><a:InvoiceDocumentReference><c:ID>{self.preceding}</c:ID>"
            "</a:InvoiceDocumentReference></a:BillingReference>"
        ) * bool(self.preceding)
        clock = f"<c:IssueTime>{self.clock}</c:IssueTime>" if self.clock else ""
        body = (
            f"<c:ID>{self.id}</c:ID><c:IssueDate>{self.date}</c:IssueDate>{clock}"
            f"<c:{self.root}TypeCode>{self.type_code}</c:{self.root}TypeCode>"
            f"<c:DocumentCurrencyCode>CUR</c:DocumentCurrencyCode>{preceding}{self.extra}"
            f"{_party('Supplier', 'Mango Street Grocers (fictitious)', self.seller_tin, self.seller_country)}"
            f"{_party('Customer', self.buyer_name, self.buyer_tin, self.buyer_country, self.email)}"
            f"<a:PaymentMeans><c:PaymentMeansCode>{self.means}</c:PaymentMeansCode></a:PaymentMeans>"
            f"{''.join(change.xml(taxed=True) for change in self.changes)}"
            f'<a:TaxTotal><c:TaxAmount currencyID="CUR">{self.stated.get("TaxAmount", self.tax)}</c:TaxAmount>'
            f"{subtotals}</a:TaxTotal><a:LegalMonetaryTotal>{monetary}</a:LegalMonetaryTotal>"
            f"{''.join(line.xml(number + 1, f'{self.root}Line') for number, line in enumerate(self.lines))}"
        )
        aggregate, basic = prefixes
        for short, long in (("a", aggregate), ("c", basic)):
            body = body.replace(f"<{short}:", f"<{long}:").replace(f"</{short}:", f"</{long}:")
        head = (
            f'<?xml version="1.0" encoding="{encoding}"?><{self.root} xmlns="{_UBL}{self.root}-2" '
            f'xmlns:{aggregate}="{_UBL}CommonAggregateComponents-2" xmlns:{basic}="{_UBL}CommonBasicComponents-2">'
        )
        return f"{head}{body.replace('CUR', self.currency)}</{self.root}>".encode(encoding)

    def _sum(self, *, charge: bool) -> str:
        amounts = [Decimal(change.amount) for change in self.changes if change.charge is charge]
        return str(sum(amounts, Decimal(0))) if amounts else ""


def category(element: str, letter: str, percent: str) -> str:
    """Write a tax category; nothing without a letter."""
    rate = f"<c:Percent>{percent}</c:Percent>" if percent else ""
    scheme = "<a:TaxScheme><c:ID>VAT</c:ID></a:TaxScheme>"
    return f"<a:{element}><c:ID>{letter}</c:ID>{rate}{scheme}</a:{element}>" if letter else ""


def _party(role: str, name: str, tin: str, country: str, email: str = "") -> str:
    vat = "<a:TaxScheme><c:ID>VAT</c:ID></a:TaxScheme>"
    scheme = f"<a:PartyTaxScheme><c:CompanyID>{tin}</c:CompanyID>{vat}</a:PartyTaxScheme>"
    contact = f"<a:Contact><c:ElectronicMail>{email}</c:ElectronicMail></a:Contact>" if email else ""
    return (
        f"<a:Accounting{role}Party><a:Party><a:PartyName><c:Name>{name}</c:Name></a:PartyName><a:PostalAddress>"
        f"<c:StreetName>Plot 1, Example Road</c:StreetName><c:CityName>Kampala</c:CityName>"
        f"<a:Country><c:IdentificationCode>{country}</c:IdentificationCode></a:Country></a:PostalAddress>"
        f"{scheme * bool(tin)}<a:PartyLegalEntity><c:RegistrationName>{name}</c:RegistrationName></a:PartyLegalEntity>"
        f"{contact}</a:Party></a:Accounting{role}Party>"
    )
