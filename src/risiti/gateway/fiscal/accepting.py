"""Accepting many documents in one commit: the straight way for new ones; whatever is not new goes the long way."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial

from sqlalchemy import or_, select
from sqlalchemy.orm import load_only

from risiti.gateway.db.database import Database
from risiti.gateway.db.session import SystemSession
from risiti.gateway.db.together import Together
from risiti.gateway.fiscal import invoices
from risiti.gateway.fiscal.catalogues import keeping
from risiti.gateway.fiscal.invoices import Accepted
from risiti.gateway.fiscal.shapes import NewInvoice
from risiti.gateway.kernel.errors import GatewayError
from risiti.gateway.observability import tracing
from risiti.gateway.observability.tracing import OFF, Attribute, Tracing
from risiti.gateway.submissions.lanes import Priority
from risiti.gateway.submissions.settle import Desk
from risiti.gateway.submissions.sql.accepting import Fresh, take_on
from risiti.gateway.submissions.submit import rows_of
from risiti.gateway.submissions.tables import Document
from risiti.gateway.tenancy.environment import Environment
from risiti.gateway.tenancy.tables import Company, Device

ACCEPTED = "document.accept"
LONG_WAYS_AT_ONCE = 4
"""A storm of repeats waits here, not for the database's connections, which others need too."""


@dataclass(frozen=True, slots=True)
class Handed:
    """A document that a caller of a company has handed in."""

    company_id: str
    new: NewInvoice
    idempotency_key: str | None
    priority: Priority
    payload: bytes | None = None
    """What is sent, where the caller had the authority's own form."""
    trace: str | None = None
    """The context of its trace; all that are handed in have one, or none has."""


class Acceptance:
    """Takes documents on, together with those that come at the same time; each caller hears after the commit."""

    def __init__(self, database: Database, make_desk: Callable[[], Desk], tracing: Tracing = OFF) -> None:
        self._tracing = tracing
        self._database = database
        self._make_desk = make_desk
        self._long_way = asyncio.Semaphore(LONG_WAYS_AT_ONCE)
        self._together = Together[Handed, Accepted | None](self._accept_all)

    async def accept(self, handed: Handed) -> Accepted:
        """Take a document on; see `invoices.create`, which raises the same."""
        if not self._tracing.on:
            return await self._accept(handed)
        is_one_of_many = handed.priority is Priority.BULK  # one trace a document, not one for the whole file
        link = tracing.context() if is_one_of_many else None
        told: dict[Attribute, str | int] = {Attribute.COMPANY: handed.company_id}
        with self._tracing.span(ACCEPTED, told, link=link, alone=is_one_of_many) as span:
            accepted = await self._accept(replace(handed, trace=tracing.context()))
            span.set_attribute(Attribute.DOCUMENT, accepted.invoice.id)
            return accepted

    async def _accept(self, handed: Handed) -> Accepted:
        answer = await self._together.put(handed)
        if answer is not None:
            return answer
        create = partial(
            invoices.create,
            desk=self._make_desk(),
            new=handed.new,
            idempotency_key=handed.idempotency_key,
            priority=handed.priority,
            payload=handed.payload,
            trace=handed.trace,
        )
        async with self._long_way:
            return await self._database.write_as(handed.company_id, create)

    async def _accept_all(self, handed: Sequence[Handed]) -> list[Accepted | None]:
        return await self._database.write(partial(accept_all, desk=self._make_desk(), handed=handed))


def accept_all(session: SystemSession, desk: Desk, handed: Sequence[Handed]) -> list[Accepted | None]:
    """Take on what is new, each for its own company, in one statement where the database can.

    Returns:
        For each document what its caller gets, or None where it is not plainly new and good: `invoices.create` says
        what it is.
    """
    sellers = _sellers(session, handed)
    rates = _rates(session, desk, handed, sellers)
    answers: list[Accepted | None] = []
    fresh: dict[int, Fresh] = {}
    used: set[tuple[str, str]] = set()
    for number, one in enumerate(handed):
        answers.append(None)
        seller = sellers.get(one.company_id)
        own = {(one.company_id, f"key {one.idempotency_key}")} if one.idempotency_key else set()
        if seller is None or own & used:  # the second of two with one key must see what the first has made
            continue
        used |= own
        try:
            fingerprint = invoices.fingerprint_of(one.new, one.payload)
            device = invoices.device_of(seller.devices, one.new.device)
            intent = invoices.intent_of(
                seller.company,
                device,
                one.new,
                fingerprint,
                one.priority,
                one.payload,
                rates.get(seller.company.environment),
            )
        except GatewayError:
            continue  # a repeat of what was taken on under other terms is still a repeat: the long way tells
        fresh[number] = rows_of(desk, one.company_id, intent, idempotency_key=one.idempotency_key, trace=one.trace)
    # In one order, so that two processes with the same references do not wait for each other crosswise.
    in_order = sorted(fresh.values(), key=lambda rows: (rows.document["tin"], rows.document["canonical_reference"]))
    taken = take_on(session, in_order) if fresh else set()
    for number, rows in fresh.items():
        if rows.document["id"] in taken:
            document = Document(**rows.document)
            answers[number] = Accepted(
                invoices.view_of(document, str(rows.revision["content"]), str(rows.revision["closure"])), replayed=False
            )
    return answers


@dataclass(frozen=True, slots=True)
class _Seller:
    company: Company
    devices: Sequence[Device]


def _rates(
    session: SystemSession, desk: Desk, handed: Sequence[Handed], sellers: Mapping[str, _Seller]
) -> dict[Environment, Mapping[str, Decimal]]:
    """Return the authority's exchange rates, where a document is in another currency and gives none."""
    environments = {
        sellers[one.company_id].company.environment
        for one in handed
        if one.company_id in sellers and invoices.needs_rates(one.new)
    }
    return {one: keeping.exchange_rates(session, one, desk.now) for one in environments}


def _sellers(session: SystemSession, handed: Sequence[Handed]) -> Mapping[str, _Seller]:
    """Return the companies and those of their devices that the documents may mean."""
    company_ids = {one.company_id for one in handed}
    named = {one.new.device for one in handed if one.new.device is not None}
    unnamed = {one.company_id for one in handed if one.new.device is None}
    companies = session.scalars(select(Company).where(Company.id.in_(company_ids))).all()
    devices = session.scalars(
        select(Device)
        .where(
            Device.company_id.in_(company_ids),
            or_(Device.id.in_(named), Device.device_no.in_(named), Device.company_id.in_(unnamed)),
        )
        .options(load_only(Device.id, Device.company_id, Device.device_no, Device.keep_order))
        .order_by(Device.id)
    ).all()
    return {
        company.id: _Seller(company, [device for device in devices if device.company_id == company.id])
        for company in companies
    }
