"""Checks a document that came in, in whatever shape, and mends it where the caller wants it to be mended."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Final, Literal, TypeVar

from fastapi import Query

from risiti.gateway.fiscal import invoices, shapes, terms
from risiti.gateway.fiscal.adapters.adapted import AS_THEY_ARE, Places
from risiti.gateway.fiscal.faults import raise_if_any
from risiti.gateway.fiscal.payloads import NewInvoice
from risiti.gateway.fiscal.strict_json import JsonObject, Reading
from risiti.gateway.fiscal.terms import Terms
from risiti.gateway.fiscal.validation.check import Basis, Report
from risiti.gateway.fiscal.validation.known import Known, wanted_of
from risiti.gateway.fiscal.validation.mend import Mended, mend
from risiti.gateway.kernel.errors import FieldError
from risiti.gateway.runtime import Runtime

IN_A_THREAD_BYTES: Final = 65_536
"""A body larger than this is read and checked in a thread, so that other callers need not wait for it."""

T = TypeVar("T")

Fix = Annotated[
    Literal["safe"] | None,
    Query(description="`safe`: carry out every repair that can change neither what is owed nor who the parties are."),
]


@dataclass(frozen=True, slots=True)
class Given:
    """A document in our own words, as it was handed in or as an adapter has read it."""

    reading: Reading
    size: int
    """Bytes of the body."""
    places: Places = AS_THEY_ARE
    """Where its fields stand in the caller's own document."""
    notes: tuple[FieldError, ...] = ()
    """What an adapter left out or decided on the way."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A document that was checked. Places are those of our own words; `places` tells the caller's."""

    given: Given
    first: Report
    """What was wrong with it as it came."""
    mended: Mended
    """What became of it; the same if nothing was to be mended."""

    @property
    def notices(self) -> tuple[FieldError, ...]:
        """What the seller of a good document should know: what was changed, and what is worth a look."""
        found = (*self.mended.changes, *shapes.warnings_of(self.given.reading.document), *self.mended.report.advice)
        return (*self.given.notes, *self.given.places.faults(found))

    def invoice(self) -> NewInvoice:
        """Return the document.

        Raises:
            BadRequest: it holds values that cannot be read.
            Invalid: something is wrong with it; all of it is listed, at the places where the caller wrote it.
        """
        unread, report = self.given.reading.faults, self.mended.report
        with self.given.places.named():
            if unread:
                paths = {fault.path for fault in unread}
                raise self.given.reading.refusal([fault for fault in self.first.problems if fault.path not in paths])
            if report.problems:
                raise_if_any(self.first.problems)
            raise_if_any(report.problems)
        if report.invoice is None:  # for the type checker: a document without problems has been read
            raise AssertionError
        return report.invoice


async def check(running: Runtime, company_id: str, given: Given, *, on: Terms | None, fix: str | None) -> Checked:
    """Check a document.

    Args:
        running: The runtime.
        company_id: Whose document it is.
        given: The document.
        on: The company's terms, or None to leave out what depends on them.
        fix: `safe` to mend it.
    """
    document = given.reading.document
    known = await running.knowledge.of(company_id, document)
    examine = partial(_examine, running=running, given=given, on=on)
    first = await beside_others(given.size, partial(examine, document, known=known))
    mended = Mended(document, first, ())
    if fix is not None and first.problems:
        mended = await beside_others(given.size, partial(mend, document, partial(examine, known=known)))
        if wanted_of(mended.document) != wanted_of(document):  # it names codes that could not be read before
            known = await running.knowledge.of(company_id, mended.document)
            mended = await beside_others(given.size, partial(mend, document, partial(examine, known=known)))
    return Checked(given, first, mended)


async def accepted_before(running: Runtime, company_id: str, checked: Checked) -> NewInvoice | None:
    """Return a document that was good when it was accepted, and now is not: lists and items change, repeats do not."""
    report = checked.mended.report
    if report.invoice is None or not report.problems or not report.is_readable_otherwise:
        return None
    repeated = partial(invoices.is_repeat, new=report.invoice)
    return report.invoice if await running.database.read_as(company_id, repeated) else None


async def beside_others(size: int, work: Callable[[], T]) -> T:
    """Do work over a body of `size` bytes; that of a large one in a thread."""
    return await asyncio.to_thread(work) if size > IN_A_THREAD_BYTES else work()


def _examine(document: JsonObject, *, running: Runtime, given: Given, on: Terms | None, known: Known) -> Report:
    ours = partial(terms.faults_of, terms=on) if on is not None else None
    return shapes.examine(document, Basis(running.clock.now(), known, given.reading.faults, on, ours))
