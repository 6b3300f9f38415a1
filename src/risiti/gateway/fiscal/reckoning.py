"""reckon(): a document on a company's terms, filled in and added up, or everything that is wrong with that at once."""

from dataclasses import dataclass

from risiti.gateway.fiscal import terms, totals
from risiti.gateway.fiscal.faults import raise_if_any
from risiti.gateway.fiscal.payloads import NewInvoice
from risiti.gateway.fiscal.tax.computed import Totals
from risiti.gateway.fiscal.terms import Terms
from risiti.gateway.kernel.errors import Invalid


@dataclass(frozen=True, slots=True)
class Reckoned:
    """A document with everything in it that it left to the company, and its sums."""

    invoice: NewInvoice
    totals: Totals


def reckon(invoice: NewInvoice, on: Terms) -> Reckoned:
    """Fill a document in on a company's terms and add it up.

    Raises:
        Invalid: the company may not issue it, or it does not add up; every fault is listed.
    """
    faults = terms.faults_of(invoice, on)
    filled = terms.settled(invoice, on)
    try:
        computed = totals.compute_once(filled)
    except Invalid as error:
        raise_if_any([*faults, *error.errors])
        raise  # unreachable: an error of the arithmetic names its faults
    raise_if_any(faults)
    return Reckoned(filled, computed)
