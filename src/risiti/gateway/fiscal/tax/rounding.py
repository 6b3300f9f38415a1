"""The rounding rules: what becomes of the cents by which a seller's own sums differ from those of the lines.

Whatever a rule does, every sum is the sum of its lines: a rule moves cents between the seller's exact amounts and the
lines, and never states a sum that the lines do not have. `docs/tax.md` has an example of each.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from risiti.gateway.fiscal.currencies import SHILLING
from risiti.gateway.fiscal.payloads import ExciseDuty, Sale
from risiti.gateway.fiscal.tax import drafts, pieces, rates, spread
from risiti.gateway.fiscal.tax.drafts import Draft
from risiti.gateway.fiscal.tax.pieces import Piece
from risiti.gateway.fiscal.tax.rates import CENT, ZERO, cents
from risiti.gateway.fiscal.words import Prices, Rounding, Tax

WHOLE_SHILLINGS: Final = Decimal("0.50")
"""What `largest_line` takes up in a document in shillings: books in whole shillings are off by half of one at most."""


def once_rounded(worked: Iterable[Draft], prices: Prices) -> dict[Tax, Decimal]:
    """Return the gross of each treatment as a seller gets it who rounds only once: sums first, then taxes."""
    exact: defaultdict[Tax, Decimal] = defaultdict(Decimal)
    if prices is Prices.TAX_INCLUSIVE:
        for draft in worked:
            exact[draft.source.tax] += draft.exact
        return {tax: cents(amount) for tax, amount in exact.items()}
    duties: defaultdict[tuple[Tax, object], Decimal] = defaultdict(Decimal)
    for draft in worked:
        line = draft.source
        exact[line.tax] += draft.exact_net
        if line.excise is not None:
            duty = draft.exact_net * rates.duty_rate(line.excise) + draft.exact_duty
            duties[line.tax, rate_of(line.excise)] += duty
    nets = {tax: cents(amount) for tax, amount in exact.items()}
    for (tax, _), duty in duties.items():
        nets[tax] += cents(duty)
    return {tax: net + cents(net * rates.vat_rate(tax)) for tax, net in nets.items()}


def rate_of(duty: ExciseDuty) -> tuple[object, ...]:
    """Return what makes two duties one row of the sums: the same rate."""
    if duty.percent is not None:
        return (duty.percent,)
    return (duty.amount, duty.currency, duty.per)


def reach(sale: Sale, rule: Rounding) -> Decimal:
    """Return how far a stated total may be from ours to be a matter of rounding: a cent a line."""
    a_cent_each = CENT * (len(sale.lines) + len(sale.charges))
    is_whole = rule is Rounding.LARGEST_LINE and sale.currency == SHILLING
    return max(a_cent_each, WHOLE_SHILLINGS) if is_whole else a_cent_each


def move_gross(worked: Sequence[Draft], sale: Sale, rule: Rounding, stated: Decimal | None) -> None:
    """Move the lines' gross amounts as the rule says; `stated` is what the lines have to come to, if that is known."""
    targets = once_rounded(worked, sale.prices)
    whole = sum(targets.values(), ZERO)
    is_near = stated is not None and abs(stated - whole) <= reach(sale, rule)
    if rule is Rounding.LARGEST_LINE:
        target = stated if stated is not None and is_near else whole
        _into_largest(worked, target - sum((draft.gross for draft in worked), ZERO))
    elif rule is Rounding.PER_DOCUMENT:
        if stated is not None and is_near and stated != whole:
            _spread(worked, stated)
        else:
            for tax, target in targets.items():
                _spread([draft for draft in worked if draft.source.tax is tax], target)


def _spread(worked: Sequence[Draft], target: Decimal) -> None:
    wanted = spread.to_target([draft.exact for draft in worked], target)
    missed = ZERO
    for draft, gross in zip(worked, wanted, strict=True):
        if not _set_gross(draft, gross):
            missed += gross - draft.gross
    _into_largest(worked, missed)


def _into_largest(worked: Sequence[Draft], difference: Decimal) -> None:
    """Have the largest line take up a difference, or the next one where no unit price gives what it would come to."""
    if not difference:
        return
    for draft in sorted(worked, key=lambda draft: -draft.gross):
        if _set_gross(draft, draft.gross + difference):
            return


def _set_gross(draft: Draft, gross: Decimal) -> bool:
    """Have a line come to another amount: by its discount if it has one, else by its price. False if it cannot."""
    if gross == draft.gross:
        return True
    if draft.discount and ZERO <= gross <= draft.total:
        draft.discount = draft.total - gross
        return True
    if gross <= 0:
        return False
    price = drafts.unit_price(draft.source, gross + draft.discount)
    if price is None:
        return False
    draft.total, draft.unit_price = gross + draft.discount, price
    return True


def move_taxes(rows: Sequence[Piece], rule: Rounding, stated: Decimal | None) -> None:
    """Move the VAT of rows, at most to the next cent up or down, towards that of the sums; then work out the duties.

    Args:
        rows: With their VAT rounded.
        rule: The rule.
        stated: What VAT and duties together have to come to, if the seller has said so.
    """
    if rule is Rounding.PER_DOCUMENT:
        for tax in {row.draft.source.tax for row in rows}:
            members = [row for row in rows if row.draft.source.tax is tax]
            whole = sum((row.total for row in members), ZERO)
            missing = rates.vat_in(whole, tax) - sum((row.tax for row in members), ZERO)
            _nudge(_by_fraction(members, missing), missing, len(members))
    pieces.add_excise(rows)
    if rule is Rounding.PER_DOCUMENT:
        _move_duties(rows)
    if stated is not None and rule in (Rounding.PER_DOCUMENT, Rounding.LARGEST_LINE):
        missing = stated - sum((row.tax + (row.excise or ZERO) for row in rows), ZERO)
        free = [row for row in rows if row.excise is None]
        if rule is Rounding.PER_DOCUMENT:
            _nudge(_by_fraction(free, missing), missing, len(free))
        else:
            _nudge(sorted(free, key=lambda row: -abs(row.total)), missing, 1)


def _move_duties(rows: Sequence[Piece]) -> None:
    members: defaultdict[object, list[Piece]] = defaultdict(list)
    for row in rows:
        if row.draft.source.excise is not None:
            members[rate_of(row.draft.source.excise)].append(row)
    for group in members.values():
        exact = sum((row.exact_excise for row in group), ZERO)
        left = cents(exact) - sum((row.excise or ZERO for row in group), ZERO)
        step = CENT if left > 0 else -CENT
        for row in sorted(group, key=lambda row: -(row.exact_excise - (row.excise or ZERO)) * step):
            if left and (row.exact_excise - (row.excise or ZERO)) * step > 0:
                row.excise = (row.excise or ZERO) + step
                left -= step


def _by_fraction(rows: Sequence[Piece], missing: Decimal) -> list[Piece]:
    """Return the rows with those first whose exact VAT lies furthest the way that cents are missing."""
    return sorted(rows, key=lambda row: row.tax - row.exact_tax, reverse=missing < 0)


def _nudge(rows: Sequence[Piece], missing: Decimal, most: int) -> None:
    """Move the VAT of up to `most` rows by a cent each, where the exact VAT lies that way; the first rows first."""
    step = CENT if missing > 0 else -CENT
    left = min(abs(int(missing / CENT)), most)
    if not left:
        return
    for row in rows:
        if left and (row.exact_tax - row.tax) * step > 0:
            row.tax += step
            left -= 1
