"""The state machine under rules that come in any order, on both databases; the tables are looked at after each one."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, select

from risiti.gateway.db.base import Base
from risiti.gateway.events import Event
from risiti.gateway.fiscal import invoices
from risiti.gateway.kernel.errors import Conflict
from risiti.gateway.submissions.states import DocumentState
from risiti.gateway.submissions.tables import Attempt, AttemptOutcome, Document, Revision
from risiti.gateway.tenancy.tables import Company, Guard
from risiti.simulator import Fault
from tests.gateway.db.disaster import strike
from tests.gateway.submissions.crashes import Killed
from tests.gateway.submissions.faults import ANSWERS, CODES
from tests.gateway.submissions.world import World, open_world

T = TypeVar("T")

REFERENCES = ("INV-A", "INV-B", "INV-C")
PRICES = ("1500", "1600")
EXAMPLES = 8
STEPS = 14
WAITS = (1, 30, 95, 700, 2000, 8000)
OPEN = {AttemptOutcome.OPEN, AttemptOutcome.AMBIGUOUS}
NEEDS_EVIDENCE = {AttemptOutcome.SUPERSEDED, AttemptOutcome.PRESUMED_ABSENT}


class Submissions(RuleBasedStateMachine):
    """One gateway and the authority; every rule is something that a seller, a person, a fault or time does."""

    url: str
    loop: asyncio.AbstractEventLoop

    def __init__(self) -> None:
        super().__init__()
        self.ids: dict[str, str] = {}
        self.numbers: dict[str, str] = {}
        self.revisions: dict[tuple[str, int], str] = {}
        self.stack = AsyncExitStack()
        self.world: World = self._run(self.stack.enter_async_context(open_world(self.url)))

    def _run(self, work: Awaitable[T]) -> T:
        async def wait() -> T:
            return await work

        return self.loop.run_until_complete(wait())

    def _read(self, work: Callable[[Any], T]) -> T:
        return self._run(self.world.runtime.database.read(work))

    @initialize(check=st.sampled_from(["doc", "off"]), guard=st.sampled_from(Guard))
    def begin(self, check: str, guard: Guard) -> None:
        """The gateway knows no more of the authority's check than is true."""
        authority = self.world.authority
        authority.settings = authority.settings.changed({"duplicate_check": check})

        def learn(session: Any) -> None:  # noqa: ANN401 - a session
            known = guard if check == "doc" or guard is not Guard.PROVEN else Guard.ABSENT
            session.get_one(Company, self.world.company_id).guard = known

        self._run(self.world.runtime.database.write(learn))

    @rule(reference=st.sampled_from(REFERENCES), price=st.sampled_from(PRICES))
    def accept(self, reference: str, price: str) -> None:
        """The same again gives the same document; another one under its reference is refused."""
        try:
            accepted = self._run(self.world.post(reference, lines=[_line(price)])).invoice
        except Conflict:
            assert reference in self.ids
            return
        assert self.ids.setdefault(reference, accepted.id) == accepted.id

    @rule(reference=st.sampled_from(REFERENCES), price=st.sampled_from(PRICES))
    def revise(self, reference: str, price: str) -> None:
        """Only a refused document takes a correction."""
        if reference not in self.ids:
            return
        before = self._run(self.world.look(self.ids[reference]))
        with suppress(Conflict):
            body = {"revision": before.revision + 1, "lines": [_line(price)]}
            after = self._run(self.world.post(reference, **body)).invoice
            assert after.id == before.id
            assert before.state == "refused" or after.revision == before.revision

    @rule(answer=st.sampled_from(ANSWERS), times=st.integers(1, 4), call=st.sampled_from(["T109", "T106", "T104"]))
    def break_answers(self, answer: str, times: int, call: str) -> None:
        self.world.break_authority(Fault(answer, call, times=times))

    @rule(code=st.sampled_from(CODES))
    def answer_with(self, code: str) -> None:
        self.world.break_authority(Fault("refuse", "T109", times=1, code=code))

    @rule()
    def mend(self) -> None:
        self.world.break_authority()

    @rule(seconds=st.sampled_from(WAITS))
    def work(self, seconds: int) -> None:
        """Claiming, sending, sweeping and asking, as time goes by."""
        self._run(self.world.work(seconds, step=max(5.0, seconds / 4)))

    @rule(step=st.integers(0, 15))
    def crash(self, step: int) -> None:
        """The worker dies at one of its next steps, and another takes over."""

        async def die() -> None:
            self.world.killer.kill_at(step)
            with suppress(Killed):
                await self.world.work(30)
            await self.world.crash()

        self._run(die())

    @precondition(lambda self: self.ids)
    @rule(data=st.data(), may_send=st.booleans())
    def decide(self, data: st.DataObject, may_send: bool) -> None:  # noqa: FBT001 - drawn
        """A person has the authority asked again about a held document, and may allow sending."""
        document_id = self.ids[data.draw(st.sampled_from(sorted(self.ids)))]
        again = partial(invoices.look_again, desk=self.world.runtime.desk(), document_id=document_id)
        decision = partial(again, reason="looked it up", may_send=may_send)
        with suppress(Conflict):
            self._run(self.world.runtime.database.write_as(self.world.company_id, decision))

    @precondition(lambda self: self.ids)
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        """Only what was never sent is taken back."""
        reference = data.draw(st.sampled_from(sorted(self.ids)))
        take_back = partial(invoices.withdraw, desk=self.world.runtime.desk(), document_id=self.ids[reference])
        with suppress(Conflict):
            self._run(self.world.runtime.database.write_as(self.world.company_id, take_back))
            assert self.world.numbers(reference) == []

    @invariant()
    def the_tables_are_sound(self) -> None:
        documents, attempts, revisions, told = self._read(_everything)
        assert {document.id for document in documents} == set(self.ids.values())
        for document in documents:
            self._hold_document(document)
            own = [one for one in attempts if one.document_id == document.id]
            assert sum(one.outcome in OPEN for one in own) <= 1
            assert (document.state is DocumentState.SENDING) == any(one.outcome is AttemptOutcome.OPEN for one in own)
            if document.state in (DocumentState.FISCALISED, DocumentState.REFUSED, DocumentState.HELD):
                assert told[document.id, f"invoice.{document.state}"]
            if document.state is DocumentState.WITHDRAWN:
                assert not own
        for one in attempts:
            assert one.outcome not in NEEDS_EVIDENCE or one.evidence_id is not None
            assert one.payload_digest == revisions[one.document_id, one.revision]
        for key, digest in revisions.items():
            assert self.revisions.setdefault(key, digest) == digest, "a revision was changed"

    def _hold_document(self, document: Document) -> None:
        issued = self.world.numbers(document.wire_reference)
        assert len(issued) <= 1, f"{document.reference} was doubled"
        if document.fdn is not None:
            assert [document.fdn] == issued
        assert self.numbers.get(document.id) in (None, document.fdn)
        if document.fdn is not None:
            self.numbers[document.id] = document.fdn
        if document.state in (DocumentState.REFUSED, DocumentState.WITHDRAWN):
            assert issued == []

    def teardown(self) -> None:
        """All faults end, and everything comes to an end."""

        async def end() -> None:
            self.world.break_authority()
            await self.world.crash()
            await self.world.settle(12 * 3600, step=900)

        try:
            self._run(end())
            documents, *_ = self._read(_everything)
            assert all(document.due_at is None for document in documents)
        finally:
            self._run(_empty(self.world))
            self._run(self.stack.aclose())


def _line(price: str) -> dict[str, str]:
    return {
        "name": "Exercise book 96 pages",
        "code": "BOOK-96",
        "category": "14111514",
        "quantity": "2",
        "unit": "101",
        "unit_price": price,
        "tax": "standard",
    }


def _everything(
    session: Any,  # noqa: ANN401 - a session
) -> tuple[list[Document], list[Attempt], dict[tuple[str, int], str], Counter[tuple[str | None, str]]]:
    revisions = session.scalars(select(Revision)).all()
    return (
        list(session.scalars(select(Document))),
        list(session.scalars(select(Attempt))),
        {(one.document_id, one.number): one.payload_digest for one in revisions},
        Counter((one.document_id, one.name) for one in session.scalars(select(Event))),
    )


async def _empty(world: World) -> None:
    """Leave the database as the next example expects it: without rows."""

    def work(session: Any) -> None:  # noqa: ANN401 - a session
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(delete(table))

    await strike(world.runtime.database, work)


def test_the_state_machine_holds_whatever_comes_in_whatever_order(database_url: str) -> None:
    loop = asyncio.new_event_loop()
    machine = type("OneDatabase", (Submissions,), {"url": database_url, "loop": loop})
    try:
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                derandomize=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        loop.close()


@pytest.fixture(autouse=True)
def _no_loop_is_left() -> Any:  # noqa: ANN401 - a generator
    yield
    asyncio.set_event_loop(None)
