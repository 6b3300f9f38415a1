"""Comparing the books: the authority's list beside ours, as one pure function; what differs is a suspicion."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from risiti.efris.models.codes import DataSource, InvoiceType
from risiti.gateway.submissions.books import Listed
from risiti.gateway.submissions.states import DocumentState


class FindingKind(StrEnum):
    """What is not as it should be."""

    ORPHAN = "orphan"
    """The authority has a document of our devices that we know nothing of."""
    MISSING = "missing"
    """We hold a number that the authority does not know."""
    DOUBLED = "doubled"
    """The authority has two documents under one reference of ours."""
    RESURRECTED = "resurrected"
    """A document that is refused, held or withdrawn here exists at the authority."""


@dataclass(frozen=True, slots=True)
class Ours:
    """One of our documents, as far as the comparison needs it."""

    document_id: str
    wire_reference: str
    state: DocumentState
    fdn: str | None
    fiscalised_at: datetime | None
    type: InvoiceType = InvoiceType.INVOICE


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Something to look into before it is a finding."""

    kind: FindingKind
    fdn: str
    reference: str
    document_id: str | None
    type: InvoiceType = InvoiceType.INVOICE
    beside: str | None = None
    """The other number under the reference."""


_Key = tuple[InvoiceType, str]
_BY_THE_ENGINE = (DocumentState.WAITING, DocumentState.SENDING, DocumentState.IN_DOUBT)


def compare(
    listed: Iterable[Listed],
    ours: Sequence[Ours],
    devices: Collection[str],
    *,
    shown: Collection[str],
    settled_before: datetime,
) -> list[Suspicion]:
    """Return what differs.

    Args:
        listed: The authority's documents of a window; those whose number one of ours bears may be left out.
        ours: Our documents that carry a number or a reference of these, and all that we had fiscalised in the window;
            those that are shown may be left out.
        devices: Our device numbers.
        shown: The numbers of all documents that the authority lists.
        settled_before: What was fiscalised later may not be shown yet.
    """
    theirs = sorted(
        (one for one in listed if _is_ours(one, devices)),
        key=lambda one: (one.uploaded_at is None, one.uploaded_at, one.fdn),
    )
    by_fdn = {one.fdn: one for one in ours if one.fdn is not None}
    by_reference = {(one.type, one.wire_reference): one for one in ours}
    numbers = _numbers(theirs, by_reference)
    found = []
    for one in theirs:
        if one.fdn in by_fdn:
            continue
        known = by_reference.get(_key(one))
        first = numbers[_key(one)][0] if one.reference else one.fdn
        if one.reference and first != one.fdn:
            document_id = known.document_id if known else None
            found.append(Suspicion(FindingKind.DOUBLED, one.fdn, one.reference, document_id, one.type, first))
        elif known is None:
            found.append(Suspicion(FindingKind.ORPHAN, one.fdn, one.reference, None, one.type))
        elif known.state not in _BY_THE_ENGINE:
            found.append(Suspicion(FindingKind.RESURRECTED, one.fdn, one.reference, known.document_id, one.type))
    found += [
        Suspicion(FindingKind.MISSING, fdn, one.wire_reference, one.document_id, one.type)
        for fdn, one in by_fdn.items()
        if fdn not in shown and one.fiscalised_at is not None and one.fiscalised_at < settled_before
    ]
    return found


def _is_ours(one: Listed, devices: Collection[str]) -> bool:
    """Only what came through our devices and our channel is ours; a portal's documents are nobody's orphans."""
    is_through_us = one.device_no in devices and one.channel == DataSource.WEB_SERVICE
    return is_through_us and not one.is_cancelled  # what is cancelled there counts for nothing


def _key(one: Listed) -> _Key:
    """A note may bear the reference of the invoice that it is about: that doubles neither."""
    return one.type, one.reference


def _numbers(theirs: Sequence[Listed], by_reference: Mapping[_Key, Ours]) -> Mapping[_Key, list[str]]:
    """Return the numbers under each reference: the one that we hold first, then the oldest."""
    numbers: defaultdict[_Key, list[str]] = defaultdict(list)
    for one in theirs:
        known = by_reference.get(_key(one))
        if known is not None and known.fdn is not None and not numbers[_key(one)]:
            numbers[_key(one)].append(known.fdn)
        if one.fdn not in numbers[_key(one)]:
            numbers[_key(one)].append(one.fdn)
    return numbers
