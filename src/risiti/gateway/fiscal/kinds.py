"""KINDS: invoice and receipt - for each how to send it, how to find it again, and how to tell whether it is ours."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from risiti.efris import (
    FIND_INVOICES,
    READ_INVOICE,
    UPLOAD_INVOICE,
    UPLOAD_INVOICE_BATCH,
    AsyncClient,
    Frozen,
    NoAnswer,
    Refused,
    RefusedForGood,
    Stamp,
    Unreadable,
    Verdict,
)
from risiti.efris.models.codes import InvoiceKind, InvoiceType
from risiti.efris.models.invoices import (
    InvoiceQuery,
    InvoiceRead,
    InvoiceRecord,
    existing_invoices,
)
from risiti.efris.models.paging import MAX_PAGE_SIZE
from risiti.efris.models.proof import ProvenDocument
from risiti.gateway.fiscal import issued, refusals
from risiti.gateway.fiscal.words import Kind as DocumentKind
from risiti.gateway.submissions.kind import Explanation, Found, Kind, Sought

UPLOAD = UPLOAD_INVOICE.answered_by(ProvenDocument)
"""T109, of whose answer is read what is compared; what it says besides is the authority's own copy of our document."""

_SEEN = Verdict.SEEN
_BRACKETS = re.compile(r"\(([^()]*)\)")

PAGES_MOST = 20
"""A reference that matches more rows than this many pages hold cannot be answered for; a person has to look."""


class FiscalDocumentKind:
    """An invoice or a receipt: one interface uploads both."""

    type = InvoiceType.INVOICE
    goes_together = True

    async def send(self, client: AsyncClient, payload: bytes, stamp: Stamp) -> Found:
        """Send a frozen payload once; see `submissions.kind.Kind`."""
        uploaded = await client.call(UPLOAD, Frozen(payload), stamp=stamp)
        return _compare(payload, uploaded)

    async def send_together(
        self, client: AsyncClient, payloads: Sequence[bytes], stamp: Stamp
    ) -> Sequence[Found | Refused | NoAnswer]:
        """Send several frozen payloads once, in one message; see `submissions.kind.Kind`.

        Only their order says which part of the answer is about which document. So where one part is about another
        document than it should be, none is believed; and where one says that a document may exist, none that another
        is refused.
        """
        told = await client.call_batch(list(map(Frozen, payloads)), ProvenDocument, stamp=stamp)
        outcomes = [
            _compare(payload, one) if isinstance(one, ProvenDocument) else one
            for payload, one in zip(payloads, told, strict=True)
        ]
        if any(isinstance(one, Found) and issued.is_of_another(one.differences) for one in outcomes):
            raise Unreadable(
                "the answer to a batch has its documents in another order than they were sent in",
                interface=UPLOAD_INVOICE_BATCH.code,
                exchange_id=stamp.exchange_id,
            )
        return _refused_beyond_doubt(outcomes)

    def named_in(self, refusal: Refused) -> tuple[str, ...]:
        """Return the fiscal document numbers named in a refusal of the reference as already used."""
        listed = tuple(one.invoice_no for one in existing_invoices(refusal.content))
        if listed:
            return listed
        # Seen in the wild: no list, but the number in the third pair of brackets of the message.
        brackets = _BRACKETS.findall(refusal.return_message)
        return tuple(text for text in brackets[2:3] if text.isascii() and text.isdigit())

    def explain(self, refusal: Refused, payload: bytes, content: str) -> Explanation:
        """Say what a refusal means for the seller's document; see `submissions.kind.Kind`."""
        return refusals.explain(refusal, payload, content)

    async def find(self, client: AsyncClient, sought: Sought) -> tuple[Found, ...]:
        """Ask which documents exist under the reference; see `submissions.kind.Kind`.

        Both kinds are asked for: the reference is unique over all documents of the seller. Numbers that the authority
        has named itself are read even if its list does not show them yet.
        """
        numbers = dict.fromkeys(sought.hints)
        for kind in InvoiceKind:
            for record in await self._records(client, sought.wire_reference, kind):
                numbers[record.invoice_no] = None
        found = []
        for number in numbers:
            details = await client.call(READ_INVOICE, InvoiceRead(invoice_no=number))
            if details.seller_details.reference_no.strip() == sought.wire_reference:
                found.append(_compare(sought.payload, details))
        return tuple(found)

    async def read(self, client: AsyncClient, fdn: str, payload: bytes) -> Found:
        """Read one document by its number and compare it; see `submissions.kind.Kind`."""
        details = await client.call(READ_INVOICE, InvoiceRead(invoice_no=fdn))
        return _compare(payload, details)

    async def _records(self, client: AsyncClient, reference: str, kind: InvoiceKind) -> list[InvoiceRecord]:
        records: list[InvoiceRecord] = []
        for page_no in range(1, PAGES_MOST + 1):
            page = await client.call(
                FIND_INVOICES,
                InvoiceQuery(reference_no=reference, invoice_kind=kind, page_no=page_no, page_size=MAX_PAGE_SIZE),
            )
            # Whether the authority compares whole references or parts of them is not documented: we compare.
            records += [record for record in page.records if record.reference_no.strip() == reference]
            expected = int(page.page.total_size or 0)
            if expected and not page.records and page_no == 1:
                raise NoAnswer(f"the list says that it has {expected} rows and shows none")
            if page_no >= int(page.page.page_count or 0):
                return records
        raise NoAnswer(f"more than {PAGES_MOST * MAX_PAGE_SIZE} documents match the reference")


def _refused_beyond_doubt(outcomes: Sequence[Found | Refused | NoAnswer]) -> Sequence[Found | Refused | NoAnswer]:
    """Believe that documents are refused only where nothing in the same answer says that one may be there."""
    if not any(isinstance(one, NoAnswer) or (isinstance(one, Refused) and one.verdict is _SEEN) for one in outcomes):
        return outcomes
    return [
        NoAnswer(
            f"refused with code {one.code}, in one answer with a document that may be there", interface=one.interface
        )
        if isinstance(one, RefusedForGood) and one.verdict is not _SEEN
        else one
        for one in outcomes
    ]


def _compare(payload: bytes, details: issued.Issued) -> Found:
    return Found(original=issued.original(details), differences=issued.same_content(payload, details))


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        DocumentKind.INVOICE.value: FiscalDocumentKind(),
        DocumentKind.RECEIPT.value: FiscalDocumentKind(),
    }
)
