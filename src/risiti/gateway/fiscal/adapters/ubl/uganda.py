"""A UBL document as a sale in our own words: where each word stands in the file, what was decided, what is lacking."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from risiti.efris.amounts import round_half_up
from risiti.gateway.fiscal.adapters.adapted import Adapted, Places
from risiti.gateway.fiscal.adapters.ubl import parties, treatments, type_codes
from risiti.gateway.fiscal.adapters.ubl.document import AllowanceCharge, Category, Line, UblDocument
from risiti.gateway.fiscal.adapters.ubl.items import Items
from risiti.gateway.fiscal.adapters.ubl.options import STRICT, Adaptations
from risiti.gateway.fiscal.adapters.ubl.reading import Reader
from risiti.gateway.fiscal.adapters.ubl.sums import Sums, add_up, effective_lines, money
from risiti.gateway.fiscal.adapters.ubl.tree import parse
from risiti.gateway.fiscal.decimals import QUANTITY_DECIMALS
from risiti.gateway.fiscal.faults import raise_if_any
from risiti.gateway.fiscal.fields import MAX_REMARKS_BYTES
from risiti.gateway.fiscal.strict_json import JsonObject, JsonValue, shown
from risiti.gateway.kernel.errors import FieldError

_ZERO: Final = Decimal(0)
_VAT: Final = Decimal("0.18")
_MIDNIGHT: Final = "00:00:00"
_KAMPALA: Final = "+03:00"
_MEANS: Final = {"10": "cash", "20": "cheque", "21": "cheque", "48": "card", "54": "card", "55": "card"}
"""Payment means (UNCL 4461); all others say how it is to be paid some day, which is credit."""
_PREPAID_BY: Final = "eft"


@dataclass(frozen=True, slots=True)
class UblSale:
    """A UBL document read: as it stands, added up in its own terms, and in Uganda's."""

    document: UblDocument
    sums: Sums
    adapted: Adapted
    expected: tuple[Decimal, Decimal, Decimal]
    """Net, tax and gross in Uganda's terms."""


@dataclass(frozen=True, slots=True)
class UblFile:
    """A UBL document as it stands, added up in its own terms."""

    document: UblDocument
    sums: Sums
    faults: list[FieldError]
    """What does not add up."""
    notes: list[FieldError]


def look(body: bytes, *, charset: str | None = None) -> UblFile:
    """Read a UBL document and add it up, without a thought of Uganda.

    Args:
        body: The XML.
        charset: Encoding that the transport said.

    Raises:
        BadRequest, TooLarge: it is no XML that is read, or no UBL invoice.
        Invalid: values that cannot be read; all of them, with their places.
    """
    reader = Reader()
    document = reader.document(parse(body, charset=charset))
    raise_if_any(reader.faults)
    return UblFile(document, *add_up(document))


def read(
    body: bytes, *, seller_tin: str | None = None, adaptations: Adaptations = STRICT, charset: str | None = None
) -> UblSale:
    """Read a UBL invoice and bring it into Uganda's terms.

    Args:
        body: The XML.
        seller_tin: TIN of the company that sends it; None: not compared.
        adaptations: What may be replaced.
        charset: Encoding that the transport said.

    Raises:
        BadRequest, TooLarge: as `look`.
        Invalid: every fault, with its place in the XML.
    """
    file = look(body, charset=charset)
    raise_if_any(type_codes.faults_of(file.document))
    faults = list(file.faults)
    if seller_tin is not None and not adaptations.any_seller:
        fault = parties.seller_fault(file.document.seller, seller_tin)
        faults += [fault] if fault else []
    notes = [*type_codes.notes_of(file.document), *file.notes]
    mapping = _Mapping(file.document, file.sums, adaptations, faults=faults, notes=notes)
    adapted = mapping.build()
    raise_if_any(mapping.faults)
    return UblSale(file.document, file.sums, adapted, mapping.expected)


@dataclass(slots=True)
class _Mapping:
    """The work of one document."""

    document: UblDocument
    sums: Sums
    adaptations: Adaptations
    faults: list[FieldError]
    notes: list[FieldError]
    places: dict[str, str] = field(default_factory=dict)
    fixes: dict[str, str] = field(default_factory=dict)
    lines: list[JsonValue] = field(default_factory=list)
    charges: list[JsonValue] = field(default_factory=list)
    taken_off: dict[str, Decimal] = field(default_factory=dict)
    put_on: dict[str, list[tuple[Decimal, AllowanceCharge]]] = field(default_factory=dict)
    worth: list[tuple[str, Decimal, JsonObject]] = field(default_factory=list)
    """Of each line: its treatment, its net amount, and itself."""
    taxable: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    @property
    def expected(self) -> tuple[Decimal, Decimal, Decimal]:
        """Net, tax and gross in Uganda's terms: as the file has them, or the net with Uganda's tax."""
        ours = round_half_up(self.taxable[treatments.STANDARD] * _VAT)
        stated = sum((one.tax for one in self.sums.categories if one.category.rate), _ZERO)
        foreign = any(one.category.rate not in (_ZERO, treatments.UGANDAN_PERCENT) for one in self.sums.categories)
        tax = ours if foreign else stated
        net = round_half_up(self.sums.net)
        return net, tax, net + tax

    def build(self) -> Adapted:
        """Return the sale; faults and notes are complete afterwards."""
        document = self.document
        self._place()
        self._fill_lines()
        buyer, places, notes = parties.buyer_of(document.buyer)
        self.places |= places
        self.notes += notes
        self._note_what_is_left_out()
        net, tax, gross = self.expected
        sale: JsonObject = {
            "reference": self._reference(),
            "issued_at": self._issued_at(),
            "currency": self._currency(),
            "prices": "tax_exclusive",
            "rounding": "per_document",
            "buyer": buyer,
            "lines": self.lines,
            "charges": self.charges,
            "discounts": [{"amount": money(amount), "tax": word} for word, amount in self.taken_off.items()],
            "remarks": parties.cut(document.note, MAX_REMARKS_BYTES),
            "totals": {"net": money(net), "tax": money(tax), "gross": money(gross)},
        }
        sale |= self._payment(gross)
        filled = {name: value for name, value in sale.items() if value not in ("", [])}
        return Adapted(filled, Places(self.places, self.fixes), tuple(self.notes))

    def _place(self) -> None:
        """Say where the fields of the whole document stand."""
        path, totals = self.document.path, self.document.totals.path
        self.places |= {
            "": path,
            "/reference": f"{path}/cbc:ID",
            "/issued_at": f"{path}/cbc:IssueDate",
            "/currency": f"{path}/cbc:DocumentCurrencyCode",
            "/remarks": f"{path}/cbc:Note",
            "/lines": path,
            "/payments": totals,
            "/totals": totals,
            "/totals/gross": f"{totals}/cbc:TaxInclusiveAmount",
            "/totals/net": f"{totals}/cbc:TaxExclusiveAmount",
            "/totals/tax": f"{path}/cac:TaxTotal[1]/cbc:TaxAmount",
        }

    def _fill_lines(self) -> None:
        items = Items(self.adaptations, self.places, self.fixes, self.notes)
        for line in effective_lines(self.document):
            self._line(line, items)
        for change in self.document.changes:
            self._change(change)
        for treatment, charges in self.put_on.items():
            for amount, change in charges:
                self._charge(treatment, amount, change, items)
        if not self.lines and not self.faults:
            message = "No line is worth more than zero: there is nothing to fiscalise."
            self.faults.append(FieldError(self.document.path, "empty", message, "Send an invoice with a line."))

    def _reference(self) -> str:
        wanted, stated = self.adaptations.reference, self.document.id
        if wanted is None or wanted == stated:
            return stated
        self.notes.append(_adapted(self.places["/reference"], "reference", stated, wanted))
        return wanted

    def _line(self, line: Line, items: Items) -> None:
        treatment = self._treatment(line.category, f"{line.path}/cac:Item")
        net = self._cents(line.net, line.path)
        self.taxable[treatment] += net
        taken_off = self._cents(sum((one.amount for one in line.changes if not one.is_charge), _ZERO), line.path)
        full = net + taken_off
        if net < 0:
            message = (
                f"A negative line cannot stand in a fiscal invoice: its {money(-net)} is taken off the other lines."
            )
            self.notes.append(FieldError(line.path, "taken_off", message))
            self._take_off(treatment, -net, line.path)
        elif full == 0:
            message = f"A line of {money(net)} cannot be fiscalised; it was left out."
            self.notes.append(FieldError(line.path, "left_out", message))
        else:
            item = items.of(line, treatment, f"/lines/{len(self.lines)}")
            item["quantity"] = f"{(abs(line.quantity) if line.quantity else Decimal(1)).normalize():f}"
            self.places[f"/lines/{len(self.lines)}/quantity"] = f"{line.path}/cbc:InvoicedQuantity"
            item |= _price(line, full)
            self.places[f"/lines/{len(self.lines)}/unit_price"] = f"{line.path}/cac:Price/cbc:PriceAmount"
            self.places[f"/lines/{len(self.lines)}/amount"] = f"{line.path}/cbc:LineExtensionAmount"
            if taken_off > 0:
                item["discount"] = {"amount": money(taken_off)}
            self.lines.append(item)
            self.worth.append((treatment, net, item))

    def _change(self, change: AllowanceCharge) -> None:
        treatment = self._treatment(change.category, change.path)
        amount = self._cents(change.signed, change.path)
        self.taxable[treatment] += amount
        if amount < 0:
            self._take_off(treatment, -amount, change.path)
        elif amount > 0:
            self.put_on[treatment] = [*self.put_on.get(treatment, []), (amount, change)]

    def _charge(self, treatment: str, amount: Decimal, change: AllowanceCharge, items: Items) -> None:
        """Put a charge on the prices of the lines taxed as it is, in proportion; where there are none it is a line."""
        members = [(net, item) for kind, net, item in self.worth if kind == treatment and net > 0]
        if not members:
            charge = items.of_charge(change, treatment, f"/charges/{len(self.charges)}")
            charge["amount"] = money(amount)
            self.charges.append(charge)
            return
        for (_, item), part in zip(members, spread(amount, [net for net, _ in members]), strict=True):
            known = item.get("charge")
            total = part + (Decimal(known) if isinstance(known, str) else _ZERO)
            if total:
                item["charge"] = money(total)
        what = f'"{shown(change.reason)}" ' if change.reason else ""
        message = f"The charge {what}of {money(amount)} was put on the prices of the lines."
        self.notes.append(FieldError(change.path, "put_on", message))

    def _take_off(self, treatment: str, amount: Decimal, path: str) -> None:
        if treatment not in self.taken_off:
            self.places[f"/discounts/{len(self.taken_off)}"] = path
        self.taken_off[treatment] = self.taken_off.get(treatment, _ZERO) + amount

    def _treatment(self, category: Category | None, path: str) -> str:
        chosen = category or self.sums.only_category
        treatment, fault, note = treatments.treatment_of(chosen, path, self.adaptations)
        self.faults += [fault] if fault and fault not in self.faults else []
        self.notes += [note] if note else []
        return treatment

    def _cents(self, amount: Decimal, path: str) -> Decimal:
        rounded = round_half_up(amount)
        if rounded != amount:
            message = f"{money(amount)} has more than two decimals: {money(rounded)} was taken."
            self.notes.append(FieldError(path, "rounded", message))
        return rounded

    def _issued_at(self) -> str:
        document, given = self.document, self.adaptations.issued_at
        stated = ""
        if document.issue_date is not None:
            clock = document.issue_time.isoformat() if document.issue_time else _MIDNIGHT
            zone = "" if document.issue_time and document.issue_time.tzinfo else _KAMPALA
            stated = f"{document.issue_date.isoformat()}T{clock}{zone}"
        if given is None:
            return stated
        self.notes.append(_adapted(self.places["/issued_at"], "date", stated, given.isoformat()))
        return given.isoformat()

    def _currency(self) -> str:
        changes, stated = self.adaptations, self.document.currency
        if changes.currencies is None or stated in changes.currencies:
            return stated
        self.notes.append(_adapted(self.places["/currency"], "currency", stated, changes.currency))
        return changes.currency

    def _payment(self, gross: Decimal) -> JsonObject:
        document = self.document
        method = _MEANS.get(document.payment_means, "credit")
        prepaid = min(round_half_up(document.totals.prepaid or _ZERO), gross)
        if prepaid <= 0:
            return {"payment": method}
        payments: list[JsonValue] = [{"method": _PREPAID_BY, "amount": money(prepaid)}]
        if gross > prepaid:
            payments.append({"method": method, "amount": money(gross - prepaid)})
        return {"payments": payments}

    def _note_what_is_left_out(self) -> None:
        document = self.document
        if document.totals.rounding:
            message = (
                f"The rounding of what is paid ({money(document.totals.rounding)}) is no part of the fiscal document."
            )
            where = f"{document.totals.path}/cbc:PayableRoundingAmount"
            self.notes.append(FieldError(where, "left_out", message))
        if document.attachments:
            message = f"{document.attachments} embedded attachments are not sent to the authority; they were left out."
            self.notes.append(FieldError(document.path, "left_out", message))
        for total in document.tax_totals:
            if total.currency != document.currency:
                message = f"The VAT in {total.currency} was left out: the authority converts by its own rate."
                self.notes.append(FieldError(total.path, "left_out", message))


def spread(amount: Decimal, shares: Sequence[Decimal]) -> list[Decimal]:
    """Spread an amount in proportion to shares, in whole cents; the parts add up to it."""
    parts, rest, left = [], amount, sum(shares, _ZERO)
    for share in shares:
        part = round_half_up(rest * share / left) if left else _ZERO
        parts.append(part)
        rest, left = rest - part, left - share
    return parts


def _price(line: Line, full: Decimal) -> JsonObject:
    """Return the seller's own price where it gives the line's amount to the cent, else the amount."""
    quantity = abs(line.quantity) if line.quantity else Decimal(1)
    if line.price is not None and line.price > 0:
        price = line.price / line.base_quantity
        exact = round_half_up(price, QUANTITY_DECIMALS)
        if price == exact and round_half_up(quantity * exact) == full:
            return {"unit_price": f"{exact.normalize():f}"}
    return {"amount": money(full)}


def _adapted(path: str, what: str, stated: str, taken: str) -> FieldError:
    return FieldError(path, f"adapted_{what}", f"The {what} {stated or '(none)'} was replaced by {taken}.")
