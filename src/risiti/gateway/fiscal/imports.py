"""Takes a whole table of sales on, each document for itself: what is good is filed, what is not says why."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from risiti.gateway.fiscal import intake
from risiti.gateway.fiscal.accepting import Acceptance, Handed
from risiti.gateway.fiscal.adapters.tables import csv_file, mapping, xlsx_file
from risiti.gateway.fiscal.adapters.tables.documents import TableDocument, documents_of
from risiti.gateway.fiscal.adapters.tables.mapping import TableMapping
from risiti.gateway.fiscal.knowledge import Knowledge
from risiti.gateway.fiscal.shapes import InvoiceView
from risiti.gateway.fiscal.terms import ANYBODY
from risiti.gateway.kernel.errors import FieldError, GatewayError
from risiti.gateway.submissions.lanes import Priority

AT_ONCE: Final = 32
"""Documents of one import that are written down at the same time."""


class Outcome(StrEnum):
    """What became of a document of a table."""

    ACCEPTED = "accepted"
    """Taken on now; it will be fiscalised, refused or shown to a person."""
    KNOWN = "known"
    """The same document was taken on before: nothing was done."""
    CORRECT = "correct"
    """It could be taken on; only a check was wanted."""
    FAULTY = "faulty"
    """Not taken on; its errors say why."""


@dataclass(frozen=True, slots=True)
class Imported:
    """One document of a table."""

    document: TableDocument
    outcome: Outcome
    invoice: InvoiceView | None = None
    errors: tuple[FieldError, ...] = ()
    warnings: tuple[FieldError, ...] = ()


async def read_file(content: bytes, mapping_file: bytes | None = None) -> list[TableDocument]:
    """Read a CSV file or a workbook, told by its content; without a mapping by the ready-made one.

    Raises:
        BadRequest, Invalid, TooLarge: the mapping or the file as a whole cannot be used; nothing was taken on.
    """
    chosen = mapping.default() if mapping_file is None else mapping.parse(mapping_file)
    if xlsx_file.is_workbook(content):
        return await asyncio.to_thread(documents_of, await xlsx_file.read(content, chosen.sheets), chosen)
    return await asyncio.to_thread(_from_csv, content, chosen)


async def take_on(
    acceptance: Acceptance,
    knowledge: Knowledge,
    company_id: str,
    documents: Sequence[TableDocument],
    *,
    now: datetime,
    check_only: bool = False,
    by: str | None = None,
) -> list[Imported]:
    """Take the documents on, each for itself, on behalf of `by`; return what became of each, in their order.

    Raises:
        DatabaseUnavailable: some may have been taken on; the same import again finds them and goes on with the rest.
    """
    seats = asyncio.Semaphore(AT_ONCE)

    async def one(document: TableDocument) -> Imported:
        async with seats:
            return await _one(acceptance, knowledge, company_id, document, now, check_only=check_only, by=by)

    return list(await asyncio.gather(*(one(document) for document in documents)))


async def _one(
    acceptance: Acceptance,
    knowledge: Knowledge,
    company_id: str,
    document: TableDocument,
    now: datetime,
    *,
    check_only: bool,
    by: str | None,
) -> Imported:
    if document.adapted is None:
        return Imported(document, Outcome.FAULTY, errors=tuple(document.faults))
    try:
        known = await knowledge.of(company_id, document.adapted.document)
        on = ANYBODY if check_only else None
        new, warnings = intake.checked(document.adapted, now=now, on=on, known=known)
        if check_only:
            return Imported(document, Outcome.CORRECT, warnings=warnings)
        with document.adapted.places.named():
            accepted = await acceptance.accept(Handed(company_id, new, None, Priority.BULK, by=by))
    except GatewayError as error:
        errors = tuple(error.errors) or (FieldError(document.first, error.code, error.detail),)
        return Imported(document, Outcome.FAULTY, errors=errors)
    outcome = Outcome.KNOWN if accepted.replayed else Outcome.ACCEPTED
    return Imported(document, outcome, accepted.invoice, warnings=warnings)


def _from_csv(content: bytes, chosen: TableMapping) -> list[TableDocument]:
    return documents_of([csv_file.read(content, encoding=chosen.encoding, delimiter=chosen.delimiter)], chosen)
