"""Accepting many documents in one commit: the straight way for new ones; whatever is not new goes the long way.

What depends on the document and its seller alone is done before the transaction, on what was known of the seller a
moment ago. On PostgreSQL the statement that writes it down looks whether that still holds. Where nothing was known, a
transaction looks at the seller first.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from typing import Final, TypeAlias

from sqlalchemy.orm import Session

from risiti.gateway.db.database import Database
from risiti.gateway.db.raw import Statements, is_postgresql
from risiti.gateway.db.signals import Channel, NoSignals, Signals
from risiti.gateway.db.together import Together
from risiti.gateway.fiscal import intents, invoices
from risiti.gateway.fiscal.catalogues import keeping
from risiti.gateway.fiscal.intents import Prepared, Shop
from risiti.gateway.fiscal.invoices import Accepted
from risiti.gateway.fiscal.shapes import NewInvoice
from risiti.gateway.fiscal.sql.shops import Remembered, shops, still_so
from risiti.gateway.kernel.errors import GatewayError
from risiti.gateway.observability import tracing
from risiti.gateway.observability.tracing import OFF, Attribute, Tracing
from risiti.gateway.submissions.lanes import Priority
from risiti.gateway.submissions.settle import Desk
from risiti.gateway.submissions.sql.accepting import Fresh, take_on, take_on_at_once
from risiti.gateway.submissions.submit import rows_of
from risiti.gateway.tenancy.environment import Environment

ACCEPTED = "document.accept"
LONG_WAYS_AT_ONCE = 4
"""A storm of repeats waits here, not for the database's connections, which others need too."""
SILENCE: Final = NoSignals()
SHOPS_REMEMBERED: Final = 10_000
"""Sellers of whom it is remembered on which terms they sold last."""


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
    by: str | None = None
    """Who handed it in: the id of an API key or of a person."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A document before its transaction."""

    handed: Handed
    fingerprint: str
    prepared: Prepared | None = None
    """What is to be frozen of it, if its seller still is as below."""
    shop: Shop | None = None


class Acceptance:
    """Takes documents on, together with those that come at the same time; each caller hears after the commit."""

    def __init__(
        self, database: Database, make_desk: Callable[[], Desk], tracing: Tracing = OFF, signals: Signals = SILENCE
    ) -> None:
        """Take documents on; where little is going on, the transaction itself says by `signals` that there is work."""
        self._tracing = tracing
        self._signals = signals
        self._database = database
        self._make_desk = make_desk
        self._long_way = asyncio.Semaphore(LONG_WAYS_AT_ONCE)
        self._together = Together[Waiting, Accepted | None](self._accept_all)
        self._shops: dict[str, Shop] = {}

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
        answer = await self._together.put(prepare(handed, self._shops.get(handed.company_id)))
        if answer is not None:
            return answer
        create = partial(
            invoices.create,
            desk=replace(self._make_desk(), by=handed.by),
            new=handed.new,
            idempotency_key=handed.idempotency_key,
            priority=handed.priority,
            payload=handed.payload,
            trace=handed.trace,
        )
        async with self._long_way:
            return await self._database.write_as(handed.company_id, create)

    async def _accept_all(self, waiting: Sequence[Waiting]) -> list[Accepted | None]:
        desk = self._make_desk()
        sellers = remembered(waiting)
        if sellers is not None:
            aloud = len(waiting) == 1 and self._signals.is_quiet(Channel.WORK)
            at_once = partial(accept_at_once, desk=desk, waiting=waiting, sellers=sellers, aloud=aloud)
            done = await self._database.write_at_once(at_once)
            if aloud and (alone := done.answers[0]) is not None and not alone.replayed:
                self._signals.was_said(Channel.WORK, alone.invoice.id)
                done = replace(done, answers=[replace(alone, is_told=True)])
        else:
            write = self._database.write if any(map(_needs_rates, waiting)) else self._database.write_plain
            done = await write(partial(accept_all, desk=desk, waiting=waiting))
        self._remember(done)
        return done.answers

    def _remember(self, done: "Done") -> None:
        for company_id in done.changed:
            self._shops.pop(company_id, None)
        if len(self._shops) > SHOPS_REMEMBERED:
            self._shops.clear()
        for company_id, shop in done.shops.items():
            before = self._shops.get(company_id)
            self._shops[company_id] = shop if before is None else shop.with_tills_of(before)


def prepare(handed: Handed, shop: Shop | None) -> Waiting:
    """Do for a document what can be done before its transaction, given what its seller was like a moment ago."""
    waiting = Waiting(handed, intents.fingerprint_of(handed.new, handed.payload))
    if shop is None or intents.needs_rates(handed.new):
        return waiting
    return replace(waiting, prepared=_prepare(waiting, shop, None), shop=shop)


def _prepare(waiting: Waiting, shop: Shop, rates: Mapping[str, Decimal] | None) -> Prepared | None:
    """Return what is to be frozen; None if the document cannot be taken on so: the long way says why."""
    handed = waiting.handed
    try:
        return intents.prepare(shop, handed.new, waiting.fingerprint, handed.priority, handed.payload, rates)
    except GatewayError:
        return None


def _still_holds(waiting: Waiting, prepared: Prepared, shop: Shop) -> bool:
    """Tell whether what was prepared before the transaction is what would be prepared now."""
    try:
        return waiting.shop == shop and prepared.till == intents.till_of(shop.tills, waiting.handed.new.device)
    except GatewayError:
        return False


@dataclass(frozen=True, slots=True)
class Done:
    """What became of documents, and what their sellers are like."""

    answers: list[Accepted | None]
    """For each document what its caller gets, or None where it is not plainly new and good: `invoices.create` says
    what it is."""
    shops: Mapping[str, Shop] = field(default_factory=dict)
    changed: Collection[str] = ()
    """Companies that are not as they were remembered."""


def remembered(waiting: Sequence[Waiting]) -> Sequence[Remembered] | None:
    """Return on which sellers all of these documents rest; None if one of them is not prepared, or they disagree."""
    found: dict[str, Remembered] = {}
    for one in waiting:
        if one.prepared is None or one.shop is None:
            return None
        till, only = one.prepared.till, one.handed.new.device is None
        before = found.setdefault(till.id, Remembered(one.shop, till, only))
        if (before.shop, before.till) != (one.shop, till):
            return None
        if only and not before.only:
            found[till.id] = replace(before, only=True)
    return list(found.values())


def accept_at_once(
    session: Statements, desk: Desk, waiting: Sequence[Waiting], sellers: Sequence[Remembered], *, aloud: bool = False
) -> Done:
    """Take on what is new, as it was prepared, where the `remembered` sellers still are so: PostgreSQL's one statement.

    Documents of others go the long way, this once. `aloud`: the statement tells workers that there is something to do.
    """
    if not is_postgresql(session):
        return accept_all(session, desk, waiting)
    fresh = _fresh(desk, waiting, [one.prepared for one in waiting])
    taken = take_on_at_once(session, _in_order(fresh), still_so(sellers), aloud=aloud)
    changed = {one.shop.company_id for one in sellers if one.till.id not in taken.devices}
    return Done(_answers(desk, waiting, fresh, taken.documents), changed=changed)


def accept_all(session: Statements, desk: Desk, waiting: Sequence[Waiting]) -> Done:
    """Take on what is new, each for its own company, in one statement where the database can."""
    handed = [one.handed for one in waiting]
    sellers = shops(
        session,
        {one.company_id for one in handed},
        named={one.new.device for one in handed if one.new.device is not None},
        unnamed={one.company_id for one in handed if one.new.device is None},
    )
    rates = _rates(session, desk, handed, sellers)
    fresh = _fresh(desk, waiting, [_prepared_now(one, sellers, rates) for one in waiting])
    taken = take_on(session, _in_order(fresh)) if fresh else set()
    return Done(_answers(desk, waiting, fresh, taken), sellers)


_Fresh: TypeAlias = dict[int, tuple[Fresh, Prepared]]
"""Documents that may be new, by their place among those that wait."""


def _prepared_now(
    one: Waiting, sellers: Mapping[str, Shop], rates: Mapping[Environment, Mapping[str, Decimal]]
) -> Prepared | None:
    """Return what is to be frozen of a document as its seller is now."""
    shop = sellers.get(one.handed.company_id)
    if shop is None:
        return None
    if one.prepared is not None and _still_holds(one, one.prepared, shop):
        return one.prepared
    return _prepare(one, shop, rates.get(shop.environment))  # a repeat under other terms is one: the long way tells


def _fresh(desk: Desk, waiting: Sequence[Waiting], prepared: Sequence[Prepared | None]) -> _Fresh:
    fresh: _Fresh = {}
    used: set[tuple[str, str]] = set()
    for number, (one, its) in enumerate(zip(waiting, prepared, strict=True)):
        company_id, key = one.handed.company_id, one.handed.idempotency_key
        own = {(company_id, key)} if key else set()
        if its is not None and not own & used:  # the second of two with one key must see what the first has made
            handed = one.handed
            rows = rows_of(desk, company_id, its.intent, idempotency_key=key, trace=handed.trace, by=handed.by)
            fresh[number] = rows, its
        used |= own
    return fresh


def _in_order(fresh: _Fresh) -> list[Fresh]:
    """Return rows in one order, so that two processes with the same references do not wait for each other crosswise."""
    return sorted((rows for rows, _ in fresh.values()), key=_reference)


def _answers(desk: Desk, waiting: Sequence[Waiting], fresh: _Fresh, taken: Collection[str]) -> list[Accepted | None]:
    answers: list[Accepted | None] = [None] * len(waiting)
    for number, (rows, prepared) in fresh.items():
        document_id = str(rows.document["id"])
        if document_id in taken:
            company_id = waiting[number].handed.company_id
            view = invoices.view_of_new(document_id, company_id, prepared, desk)
            answers[number] = Accepted(view, replayed=False)
    return answers


def _reference(rows: Fresh) -> tuple[str, str]:
    return str(rows.document["tin"]), str(rows.document["canonical_reference"])


def _rates(
    session: Statements, desk: Desk, handed: Sequence[Handed], sellers: Mapping[str, Shop]
) -> dict[Environment, Mapping[str, Decimal]]:
    """Return the authority's exchange rates, where a document is in another currency and gives none."""
    environments = {
        sellers[one.company_id].environment
        for one in handed
        if one.company_id in sellers and intents.needs_rates(one.new)
    }
    if environments and not isinstance(session, Session):
        message = "exchange rates are read through the mapped classes: this unit of work needs a session"
        raise TypeError(message)
    return {one: keeping.exchange_rates(session, one, desk.now) for one in environments if isinstance(session, Session)}


def _needs_rates(waiting: Waiting) -> bool:
    return intents.needs_rates(waiting.handed.new)
