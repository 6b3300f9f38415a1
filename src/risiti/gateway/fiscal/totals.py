"""Adds a sale up to the cent, the way the authority will: lines, discounts, taxes by category, payments.

The rules are the authority's (system-to-system interface v23.4, invoice upload): a line's total is quantity times
tax-inclusive unit price, *cut* to cents; its tax is the VAT contained in it, rounded half up; everything above is a
sum, never computed again, so that it closes exactly. Excise duty lies inside the price and below VAT; other taxes come
on top. The parts are in `fiscal.tax`; what becomes of fractions of a cent is a rule of its own (`tax.rounding`).
"""

from collections.abc import Sequence
from decimal import Context, Decimal, localcontext
from typing import Final

from risiti.efris import amounts
from risiti.gateway.fiscal.currencies import SHILLING
from risiti.gateway.fiscal.decimals import plain
from risiti.gateway.fiscal.faults import raise_if_any
from risiti.gateway.fiscal.payloads import ExpectedTotals, NewInvoice, Payment, Sale
from risiti.gateway.fiscal.tax import closure, drafts, pieces, rounding, rows
from risiti.gateway.fiscal.tax.computed import Closure, ComputedLine, Role, TaxRow, Totals
from risiti.gateway.fiscal.tax.drafts import MAX_AMOUNT, Draft
from risiti.gateway.fiscal.tax.rates import ZERO
from risiti.gateway.fiscal.words import Rounding
from risiti.gateway.kernel.errors import FieldError

__all__ = ["MAX_AMOUNT", "ComputedLine", "Role", "TaxRow", "Totals", "compute", "compute_once"]

# Wide enough that a product of three numbers of 20 digits is exact; the default context would round it.
_WIDE: Final = Context(prec=70)


def compute(sale: Sale, rule: Rounding = Rounding.PER_LINE) -> Totals:
    """Add the sale up.

    Args:
        sale: What is sold.
        rule: The company's rounding rule, for a sale that names none.

    Raises:
        Invalid: a line comes to nothing or to too much, a discount exceeds what it is taken off, no unit price of eight
            decimals gives a line's total, or payments or expected totals differ from the sum; every fault is listed.
    """
    rule = sale.rounding or rule
    with localcontext(_WIDE):
        worked, faults = drafts.make(sale)
        raise_if_any(faults)
        stated = sale.totals or ExpectedTotals()
        others = sum((tax.amount for tax in sale.taxes), ZERO)
        before = {draft.place: draft.gross for draft in worked}
        own = sum(rounding.once_rounded(worked, sale.prices).values(), ZERO) + others
        rounding.move_gross(worked, sale, rule, _less(stated.gross, others))
        pairs = pieces.of(worked)
        rounding.move_taxes(pairs, rule, _less(_stated_tax(stated), others))
        raise_if_any(pieces.faults_of(pairs))
        seller_gross = own if stated.gross is None else stated.gross
        report = closure.of(pairs, before, rule, seller_gross, is_stated=stated.gross is not None)
        totals = _totals(sale, [piece.computed() for piece in pairs], report)
        raise_if_any(_contradictions(totals, stated))
        if rule is Rounding.REFUSE:
            raise_if_any(_differences(totals, worked, own))
    return totals


def compute_once(invoice: NewInvoice) -> Totals:
    """Add a settled document up, or return what it came to before: it is checked by its sums, and then taken on.

    Raises:
        Invalid: as `compute`.
    """
    known = invoice.remembered()
    if isinstance(known, Totals):
        return known
    computed = compute(invoice)
    invoice.remember(computed)
    return computed


def _less(amount: Decimal | None, others: Decimal) -> Decimal | None:
    return None if amount is None else amount - others


def _stated_tax(stated: ExpectedTotals) -> Decimal | None:
    """Return the sum of all taxes that the seller states, be it as gross and net."""
    if stated.tax is not None or stated.gross is None or stated.net is None:
        return stated.tax
    return stated.gross - stated.net


def _totals(sale: Sale, lines: Sequence[ComputedLine], report: Closure) -> Totals:
    taxes = rows.of(lines, sale)
    gross = sum((row.gross for row in taxes if row.rate is None), ZERO)
    tax = sum((row.tax for row in taxes), ZERO)
    is_foreign = sale.currency != SHILLING and sale.exchange_rate is not None
    return Totals(
        lines=tuple(lines),
        rows=taxes,
        net=gross - tax,
        tax=tax,
        gross=gross,
        item_count=sum(line.role is not Role.DISCOUNT for line in lines),
        payments=sale.payments or (Payment.model_construct(method=sale.payment, amount=gross),),
        closure=report,
        gross_in_shillings=amounts.round_half_up(gross * (sale.exchange_rate or ZERO)) if is_foreign else None,
    )


def _contradictions(totals: Totals, expected: ExpectedTotals) -> list[FieldError]:
    faults = []
    if totals.gross <= 0:
        message = "The document comes to nothing: discounts take everything off."
        faults.append(FieldError("/lines", "gross_zero", message, "Sell at least one line for more than zero."))
    if totals.gross > MAX_AMOUNT:
        message = f"The document comes to {plain(totals.gross)}; at most {plain(MAX_AMOUNT)} fit."
        faults.append(FieldError("/lines", "gross_too_large", message, "Split it into several documents."))
    paid = sum((payment.amount for payment in totals.payments), ZERO)
    if paid != totals.gross:
        message = f"The payments add up to {plain(paid)}, the document to {plain(totals.gross)}."
        faults.append(FieldError("/payments", "payments_do_not_add_up", message, plain(totals.gross)))
    for name, ours in (("gross", totals.gross), ("tax", totals.tax), ("net", totals.net)):
        theirs: Decimal | None = getattr(expected, name)
        if theirs is not None and theirs != ours:
            message = f"The {name} comes to {plain(ours)}, not to {plain(theirs)}."
            faults.append(FieldError(f"/totals/{name}", "total_mismatch", message, plain(ours)))
    return faults


def _differences(totals: Totals, worked: Sequence[Draft], own: Decimal) -> list[FieldError]:
    """Say so where the lines' cents are not the seller's own, for sellers who want nothing moved."""
    if own == totals.gross:
        return []
    message = (
        f"Your numbers come to {plain(own)} rounded once, the lines one by one to {plain(totals.gross)}, "
        f"and the company's rule is to move nothing ({len(worked)} lines)."
    )
    return [FieldError("/rounding", "rounding_refused", message, plain(totals.gross))]
