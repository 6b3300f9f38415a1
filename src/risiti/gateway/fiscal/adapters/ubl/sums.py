"""Adds a UBL document up by its own rules (EN 16931, BR-CO-10 to BR-CO-17), exactly, and says where it differs.

What a line is worth is what the file says it is (LineExtensionAmount): all totals are built on it.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from typing import Final

from risiti.efris.amounts import MONEY_PLACES, plain, round_half_up
from risiti.gateway.fiscal.adapters.ubl.document import Category, Line, UblDocument
from risiti.gateway.kernel.errors import FieldError

_ZERO: Final = Decimal(0)
_CENT: Final = Decimal("0.01")
_LINE_TOLERANCE: Final = Decimal("0.02")
"""What quantity times price may differ from a line's amount: the tolerance of Peppol's own rule (R120)."""
_WIDE: Final = Context(prec=80)


@dataclass(frozen=True, slots=True)
class CategorySum:
    """One tax category of a document, recomputed."""

    category: Category
    taxable: Decimal
    tax: Decimal
    """As the file states it where that is a matter of rounding, else the rate of the taxable amount."""


@dataclass(frozen=True, slots=True)
class Sums:
    """A document added up in its own terms."""

    lines: Decimal
    net: Decimal
    tax: Decimal
    gross: Decimal
    payable: Decimal
    categories: tuple[CategorySum, ...]
    only_category: Category | None
    """Of everything that names none, where the file leaves no choice."""


def add_up(document: UblDocument) -> tuple[Sums, list[FieldError], list[FieldError]]:
    """Return the sums, the faults (stated totals that are not the sum) and notes (differences of mere rounding)."""
    with localcontext(_WIDE):
        notes = list(_line_notes(document))
        lines = sum((line.net for line in document.lines), _ZERO)
        allowances = sum((change.amount for change in document.changes if not change.is_charge), _ZERO)
        charges = sum((change.amount for change in document.changes if change.is_charge), _ZERO)
        net = lines - allowances + charges
        categories, faults, rounding_notes = _categories(document)
        tax = sum((one.tax for one in categories), _ZERO)
        gross = net + tax
        stated = document.totals
        payable = gross - (stated.prepaid or _ZERO) + (stated.rounding or _ZERO)
        sums = Sums(lines, net, tax, gross, payable, categories, _only_category(document))
        tax_total = document.tax_total
        checks = (
            ("cbc:LineExtensionAmount", stated.lines, lines),
            ("cbc:AllowanceTotalAmount", stated.allowances, allowances),
            ("cbc:ChargeTotalAmount", stated.charges, charges),
            ("cbc:TaxExclusiveAmount", stated.net, net),
            ("cbc:TaxInclusiveAmount", stated.gross, gross),
            ("cbc:PayableAmount", stated.payable, payable),
        )
        for name, theirs, ours in checks:
            if theirs is not None and theirs != ours:
                faults.append(_differs(f"{stated.path}/{name}", name, theirs, ours))
        if tax_total is not None and tax_total.tax != tax:
            faults.append(_differs(f"{tax_total.path}/cbc:TaxAmount", "The tax", tax_total.tax, tax))
        return sums, faults, notes + rounding_notes


def _differs(path: str, name: str, theirs: Decimal, ours: Decimal) -> FieldError:
    way = "too much" if theirs > ours else "too little"
    message = f"{name} says {money(theirs)}; the parts add up to {money(ours)}: {money(abs(theirs - ours))} {way}."
    return FieldError(path, "total_mismatch", message, money(ours))


def money(amount: Decimal) -> str:
    """Write an amount with its cents; no digit is lost."""
    return plain(amount, MONEY_PLACES)


def _line_notes(document: UblDocument) -> Iterator[FieldError]:
    for line in (leaf for one in document.lines for leaf in one.leaves()):
        if line.quantity is None or line.price is None:
            continue
        expected = line.quantity * line.price / line.base_quantity + sum((one.signed for one in line.changes), _ZERO)
        if abs(expected - line.net) > _LINE_TOLERANCE:
            message = f"Quantity times price, with allowances and charges, is {money(round_half_up(expected))}; "
            message += f"the line says {money(line.net)}, and that was taken."
            yield FieldError(f"{line.path}/cbc:LineExtensionAmount", "line_differs", message)
    for line in document.lines:
        parts = sum((leaf.net for leaf in line.leaves()), _ZERO)
        if line.parts and parts != line.net:
            message = f"Its parts add up to {money(parts)}; the line says {money(line.net)}, and that was taken whole."
            yield FieldError(line.path, "parts_differ", message)


def effective_lines(document: UblDocument) -> Iterator[Line]:
    """Yield the lines that are sold: the parts of a line where they add up to it, else the line itself."""
    for line in document.lines:
        leaves = tuple(line.leaves())
        yield from leaves if sum((leaf.net for leaf in leaves), _ZERO) == line.net else (line,)


def _categories(document: UblDocument) -> tuple[tuple[CategorySum, ...], list[FieldError], list[FieldError]]:
    known: dict[tuple[str, Decimal], Category] = {}
    taxable: defaultdict[tuple[str, Decimal], Decimal] = defaultdict(Decimal)
    members: defaultdict[tuple[str, Decimal], int] = defaultdict(int)
    fallback = _only_category(document)
    for amount, category in _parts(document):
        one = category or fallback or Category("", None, document.path)
        known.setdefault(one.key, one)
        taxable[one.key] += amount
        members[one.key] += 1
    total = document.tax_total
    stated = {one.category.key: one for one in total.subtotals} if total else {}
    faults, notes, found = [], [], []
    for key, category in known.items():
        tax = round_half_up(taxable[key] * category.rate / 100)
        theirs = stated.get(key)
        if theirs is not None and theirs.taxable != taxable[key]:
            faults.append(
                _differs(f"{theirs.path}/cbc:TaxableAmount", "cbc:TaxableAmount", theirs.taxable, taxable[key])
            )
        if theirs is not None and theirs.tax != tax:
            where = f"{theirs.path}/cbc:TaxAmount"
            if abs(theirs.tax - tax) <= _CENT * members[key]:
                message = f"{plain(category.rate)} % of {money(taxable[key])} is {money(tax)}; the file says "
                notes.append(FieldError(where, "tax_rounded", f"{message}{money(theirs.tax)}, rounded line by line."))
                tax = theirs.tax
            else:
                faults.append(_differs(where, "The tax of this category", theirs.tax, tax))
        found.append(CategorySum(category, taxable[key], tax))
    return tuple(found), faults, notes


def _parts(document: UblDocument) -> Iterator[tuple[Decimal, Category | None]]:
    for line in effective_lines(document):
        yield line.net, line.category
    for change in document.changes:
        yield change.signed, change.category


def _only_category(document: UblDocument) -> Category | None:
    """Return the category of everything that names none, where the file leaves no choice."""
    total = document.tax_total
    categories = {one.category.key: one.category for one in total.subtotals} if total else {}
    if not categories:
        categories = {line.category.key: line.category for line in effective_lines(document) if line.category}
    return next(iter(categories.values())) if len(categories) == 1 else None
