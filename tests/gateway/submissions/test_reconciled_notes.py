"""Credit notes are compared like invoices: each way in which the books can differ is found, told and explained."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from functools import partial
from random import Random

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from risiti.efris import APPLY_CREDIT_NOTE, CANCEL_NOTE, READ_INVOICE, AsyncClient, Refused, Stamp
from risiti.efris.models.codes import (
    CancellationCategory,
    CancellationReason,
    CreditNoteReason,
    InvoiceKind,
    InvoiceType,
    TaxCategory,
)
from risiti.efris.models.credit_notes import (
    CreditInformation,
    CreditLine,
    CreditNoteApplication,
    CreditSummary,
    CreditTaxRow,
    NoteCancellation,
)
from risiti.efris.models.invoices import InvoiceRead
from risiti.gateway.jobs import queue
from risiti.gateway.jobs.queue import NewTask
from risiti.gateway.jobs.runner import Runner
from risiti.gateway.submissions import audit, findings
from risiti.gateway.submissions.comparing import FindingKind
from risiti.gateway.submissions.findings import FindingState, FindingView
from risiti.gateway.submissions.kind import Explanation, Found, Original, Sought
from risiti.gateway.submissions.states import DocumentState
from risiti.gateway.submissions.tables import Document
from tests.gateway.submissions.persons import do_tasks
from tests.gateway.submissions.world import World, open_world

pytestmark = pytest.mark.anyio

NOTE = "credit_note"
DECIDED_AFTER = 60
"""More seconds than the authority takes to decide an application."""


class NoteKind:
    """A credit note as the engine would speak of it: found by its number, and always what we applied for."""

    type = InvoiceType.CREDIT_NOTE
    goes_together = False

    async def read(self, client: AsyncClient, fdn: str, payload: bytes) -> Found:
        details = await client.call(READ_INVOICE, InvoiceRead(invoice_no=fdn))
        head = details.basic_information
        assert payload
        return Found(Original(fdn, head.antifake_code, details.summary.qr_code, head.invoice_id), ())

    async def send(self, client: AsyncClient, payload: bytes, stamp: Stamp) -> Found:
        raise NotImplementedError

    async def send_together(self, client: AsyncClient, payloads: Sequence[bytes], stamp: Stamp) -> Sequence[Found]:
        raise NotImplementedError

    async def find(self, client: AsyncClient, sought: Sought) -> tuple[Found, ...]:
        raise NotImplementedError

    def named_in(self, refusal: Refused) -> tuple[str, ...]:
        raise NotImplementedError

    def explain(self, refusal: Refused, payload: bytes, content: str) -> Explanation:
        raise NotImplementedError


@pytest.fixture
async def notes(database_url: str) -> AsyncIterator[World]:
    """A gateway that has sold something and can take it back."""
    async with open_world(database_url) as world:
        await world.trust_duplicate_check()
        await world.post("INV-SOLD")
        await world.work()
        yield world


async def compare_books(world: World) -> list[FindingView]:
    """Compare the books once, as a gateway that knows credit notes; return the findings."""
    engine = replace(world.runtime.engine, kinds={**world.runtime.engine.kinds, NOTE: NoteKind()})
    runner = Runner(
        world.runtime.database,
        {audit.FULL: audit.comparing_books(engine)},
        clock=world.clock,
        random=Random(1),  # noqa: S311 - repeatable on purpose
        timing=world.runtime.task_timing,
        concurrency=1,
    )
    world.clock.advance(3_600)
    new = NewTask(audit.FULL, company_id=world.company_id)
    await world.runtime.database.write(partial(queue.enqueue, ids=world.runtime.ids, now=world.clock.now(), new=new))
    await do_tasks(world, runner)
    return await world.runtime.database.read_as(world.company_id, partial(findings.page, limit=50))


async def credited(world: World, reference: str, times: int = 1) -> Sequence[str]:
    """Have the authority issue credit notes of ours under a reference; return their numbers, oldest first."""
    client = await the_client(world)
    (sold,) = world.numbers("INV-SOLD")
    details = await client.call(READ_INVOICE, InvoiceRead(invoice_no=sold))
    (line,) = details.goods_details
    qty, total, tax = (part for part in (line.qty, line.total, line.tax))
    assert qty is not None
    assert total is not None
    assert tax is not None
    assert line.unit_price is not None
    back, tax_back = -total / int(qty), -(tax / int(qty)).quantize(total)
    for _ in range(times):
        application = CreditNoteApplication(
            ori_invoice_id=details.basic_information.invoice_id,
            ori_invoice_no=sold,
            reason_code=CreditNoteReason.CANCELLED,
            application_time=world.clock.now(),
            currency="UGX",
            sellers_reference_no=reference,
            goods_details=(
                CreditLine(
                    item=line.item,
                    item_code=line.item_code,
                    qty=-qty / int(qty),
                    unit_of_measure=line.unit_of_measure,
                    unit_price=line.unit_price,
                    total=back,
                    tax_rate=line.tax_rate,
                    tax=tax_back,
                    order_number=0,
                    goods_category_id=line.goods_category_id,
                ),
            ),
            tax_details=(
                CreditTaxRow(
                    tax_category_code=TaxCategory.STANDARD,
                    net_amount=back - tax_back,
                    tax_rate=line.tax_rate,
                    tax_amount=tax_back,
                    gross_amount=back,
                ),
            ),
            summary=CreditSummary(net_amount=back - tax_back, tax_amount=tax_back, gross_amount=back, item_count=1),
            basic_information=CreditInformation(operator="Achieng", invoice_kind=InvoiceKind.INVOICE),
        )
        await client.call(APPLY_CREDIT_NOTE, application)
        world.clock.advance(DECIDED_AFTER)
        await client.read_time()  # a call after the decision's time carries it out
    return world.numbers(reference)


async def the_client(world: World) -> AsyncClient:
    (device_id,) = await world.device_ids()
    client = world.runtime.engine.connections.ready(device_id)
    assert client is not None
    return client


async def hold_note(world: World, reference: str, state: DocumentState, fdn: str | None = None) -> str:
    """Have a credit note among our documents, in a state, with a number or without."""
    accepted = await world.post(reference)

    def work(session: Session) -> None:
        document = session.get_one(Document, accepted.invoice.id)
        document.kind, document.state, document.fdn = NOTE, state, fdn
        document.fiscalised_at = None if fdn is None else world.clock.now()

    await world.runtime.database.write(work)
    return accepted.invoice.id


async def stored(world: World, document_id: str) -> Document:
    found = await world.runtime.database.read(
        lambda session: session.scalar(select(Document).where(Document.id == document_id))
    )
    assert found is not None
    return found


async def test_a_credit_note_of_our_device_that_we_know_nothing_of_is_told_with_its_content(notes: World) -> None:
    (fdn,) = await credited(notes, "CN-LOST")
    (found,) = await compare_books(notes)
    assert (found.kind, found.state, found.fdn) == (FindingKind.ORPHAN, FindingState.OPEN, fdn)
    assert (found.detail["type"], found.detail["reference"]) == ("credit_note", "CN-LOST")
    assert [found.detail["original_fdn"]] == notes.numbers("INV-SOLD")


async def test_a_credit_note_that_we_hold_is_confirmed_as_one_and_missed_when_it_is_gone(notes: World) -> None:
    (fdn,) = await credited(notes, "CN-GONE")
    await hold_note(notes, "CN-GONE", DocumentState.FISCALISED, fdn)
    assert await compare_books(notes) == []
    with notes.authority.store.transaction() as store:
        store.execute("DELETE FROM documents WHERE fdn = ?", (fdn,))
    (found,) = await compare_books(notes)
    assert (found.kind, found.fdn, found.state) == (FindingKind.MISSING, fdn, FindingState.OPEN)


async def test_two_credit_notes_under_one_reference_are_told_with_the_draft_of_a_cancellation(notes: World) -> None:
    first, second = await credited(notes, "CN-TWICE", times=2)
    note_id = await hold_note(notes, "CN-TWICE", DocumentState.FISCALISED, first)
    (found,) = await compare_books(notes)
    assert (found.kind, found.fdn, found.document_id) == (FindingKind.DOUBLED, second, note_id)
    draft = found.detail["cancellation_draft"]
    assert isinstance(draft, dict)
    assert (draft["fdn"], [draft["original_fdn"]]) == (second, notes.numbers("INV-SOLD"))
    assert "credit_note_draft" not in found.detail  # a note cannot be credited


async def test_what_was_doubled_has_come_right_when_the_later_note_is_cancelled(notes: World) -> None:
    first, second = await credited(notes, "CN-TWICE", times=2)
    await hold_note(notes, "CN-TWICE", DocumentState.FISCALISED, first)
    await compare_books(notes)
    client = await the_client(notes)
    original = await client.call(READ_INVOICE, InvoiceRead(invoice_no=notes.numbers("INV-SOLD")[0]))
    cancellation = NoteCancellation(
        ori_invoice_id=original.basic_information.invoice_id,
        invoice_no=second,
        reason_code=CancellationReason.OTHER,
        reason="issued twice",
        invoice_apply_category_code=CancellationCategory.CREDIT_NOTE,
    )
    await client.call(CANCEL_NOTE, cancellation)
    (found,) = await compare_books(notes)
    assert (found.state, found.outcome) == (FindingState.RESOLVED, "it was cancelled at the authority")


async def test_a_refused_credit_note_that_exists_after_all_gets_its_number(notes: World) -> None:
    (fdn,) = await credited(notes, "CN-BACK")
    note_id = await hold_note(notes, "CN-BACK", DocumentState.REFUSED)
    (found,) = await compare_books(notes)
    assert (found.kind, found.fdn, found.state) == (FindingKind.RESURRECTED, fdn, FindingState.RESOLVED)
    note = await stored(notes, note_id)
    assert (note.state, note.fdn) == (DocumentState.FISCALISED, fdn)


async def test_a_credit_note_under_the_reference_of_its_invoice_doubles_neither(notes: World) -> None:
    (fdn,) = [one for one in await credited(notes, "INV-SOLD") if one != notes.numbers("INV-SOLD")[0]]
    (found,) = await compare_books(notes)
    assert (found.kind, found.fdn, found.document_id) == (FindingKind.ORPHAN, fdn, None)
