"""People and their programs: callers who post and repeat, look and take back, and a person who decides what is held."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import TypeVar

from proof.books import Books
from proof.processes import Process
from proof.sales import Sale
from proof.trace import Trace
from risiti.gateway.db.database import DatabaseUnavailable
from risiti.gateway.fiscal import invoices
from risiti.gateway.fiscal.accepting import Handed
from risiti.gateway.fiscal.shapes import InvoiceView, parse_invoice
from risiti.gateway.kernel.errors import Conflict, GatewayError
from risiti.gateway.runtime import Runtime
from risiti.gateway.submissions.lanes import Priority
from risiti.gateway.submissions.states import DocumentState

T = TypeVar("T")

PATIENCE = 30.0
"""Seconds for which a caller waits for an answer."""
ANOTHER = 7
"""Added to an amount to make another document of a sale."""


class NoAnswer(Exception):
    """The caller did not get an answer, or one that says to try again; it may have been carried out."""


@dataclass(slots=True)
class Door:
    """One API process as its callers see it; a new life of it has a new runtime."""

    process: Process
    runtime: Runtime | None = None

    async def ask(self, request: Callable[[Runtime], Awaitable[T]]) -> T:
        """Have a request served in the process.

        Raises:
            GatewayError: the gateway says no.
            NoAnswer: no answer came.
        """
        runtime = self.runtime
        if runtime is None or not self.process.alive:
            raise NoAnswer
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        async def serve() -> None:
            try:
                result = await request(runtime)
            except (GatewayError, DatabaseUnavailable) as error:
                if not answer.done():
                    answer.set_exception(error)
            else:
                if not answer.done():
                    answer.set_result(result)

        self.process.run(serve())
        try:
            async with asyncio.timeout(PATIENCE):
                return await answer
        except (TimeoutError, DatabaseUnavailable):
            raise NoAnswer from None


class People:
    """Everybody outside who wants something of the gateway."""

    def __init__(self, doors: list[Door], books: Books, trace: Trace, chance: Random) -> None:
        self._doors = doors
        self._books = books
        self._trace = trace
        self._chance = chance

    async def sell(self, sale: Sale, begin: float, busy: float) -> None:
        """Post a sale until it is accepted; then repeat, look, correct and take back, as callers do, while `busy`."""
        chance = self._chance
        await asyncio.sleep(begin)
        await self._until_accepted(sale)
        end = asyncio.get_running_loop().time() + busy
        while asyncio.get_running_loop().time() < end:
            await asyncio.sleep(chance.choice((60.0, 600.0, 6000.0)) * chance.random())
            try:
                await self._bother(sale)
            except NoAnswer:
                continue
        while True:
            await asyncio.sleep(chance.uniform(1200, 3600))
            try:
                await self._look(sale)
            except NoAnswer:
                continue

    async def decide(self, company_ids: tuple[str, ...]) -> None:
        """Decide what is held, now and then; people err, and the gateway must not rely on them."""
        while True:
            await asyncio.sleep(self._chance.uniform(600, 3600))
            for company_id in company_ids:
                try:
                    await self._decide(company_id)
                except (NoAnswer, GatewayError):
                    continue

    async def _until_accepted(self, sale: Sale) -> None:
        pause = 1.0
        while True:
            try:
                await self._post(sale)
            except NoAnswer:
                await asyncio.sleep(self._chance.uniform(0, pause))
                pause = min(120.0, 2 * pause)
            else:
                return

    async def _bother(self, sale: Sale) -> None:
        match self._chance.randrange(8):
            case 0 | 1:
                await self._post(sale)
            case 2:
                await self._post_another(sale)
            case 3 if sale.keyed:
                await self._post_under_the_same_key(sale)
            case 4:
                await self._withdraw(sale)
            case _:
                await self._look(sale)
        if sale.is_bad and sale.revision in sale.told_refused:
            sale.revision += 1
            await self._until_accepted(sale)

    async def _post(self, sale: Sale, *, body: bytes | None = None, key: str | None = None) -> invoices.Accepted:
        posted = body or sale.body()
        priority = Priority.BULK if sale.imported else Priority.SINGLE

        async def create(runtime: Runtime) -> invoices.Accepted:
            new = parse_invoice(posted, now=runtime.clock.now())
            accepted = await runtime.acceptance.accept(Handed(sale.company_id, new, key or sale.key, priority))
            runtime.wake()
            return accepted

        accepted = await (self._doors[0].ask(create) if sale.imported else self._ask(create))
        if body is None:
            self._trace.note("caller", f"{sale.reference} accepted", count="caller: accepted")
            self._books.told(sale, accepted.invoice.id)
        return accepted

    async def _post_another(self, sale: Sale) -> None:
        """Post another document under the same reference: it must be refused."""
        try:
            await self._post(sale, body=sale.body(extra=ANOTHER), key=f"other-{sale.number}")
        except Conflict:
            return
        self._books.breach("I12", f"another document was accepted under {sale.reference}")

    async def _post_under_the_same_key(self, sale: Sale) -> None:
        """Post another sale under the key of this one: it must be refused."""
        try:
            await self._post(sale, body=sale.body(extra=ANOTHER, reference=f"{sale.reference}-B"))
        except Conflict:
            return
        self._books.breach("I12", f"another document was accepted under the key of {sale.reference}")

    async def _look(self, sale: Sale) -> None:
        if sale.told_id is None:
            return
        document_id = sale.told_id

        async def read(runtime: Runtime) -> InvoiceView:
            return await runtime.database.read_as(sale.company_id, partial(invoices.read, document_id=document_id))

        seen = await self._ask(read)
        self._books.shown(sale, seen.state, seen.fdn, seen.revision)

    async def _withdraw(self, sale: Sale) -> None:
        if sale.told_id is None:
            return
        document_id = sale.told_id

        async def withdraw(runtime: Runtime) -> InvoiceView:
            work = partial(invoices.withdraw, desk=runtime.desk(), document_id=document_id)
            return await runtime.database.write_as(sale.company_id, work)

        try:
            seen = await self._ask(withdraw)
        except Conflict:
            return
        self._books.shown(sale, seen.state, seen.fdn, seen.revision)

    async def _decide(self, company_id: str) -> None:
        async def held(runtime: Runtime) -> invoices.InvoicePage:
            query = invoices.InvoiceQuery(state=DocumentState.HELD)
            return await runtime.database.read_as(company_id, partial(invoices.page, query=query))

        for document in (await self._ask(held)).items:
            may_send = self._chance.random() < 0.5  # noqa: PLR2004 - one or the other

            async def look_again(runtime: Runtime, document_id: str = document.id, may_send: bool = may_send) -> None:
                work = partial(
                    invoices.look_again,
                    desk=runtime.desk(),
                    document_id=document_id,
                    reason="looked it up",
                    may_send=may_send,
                )
                await runtime.database.write_as(company_id, work)

            self._trace.note(
                "person",
                f"{document.reference}: look again, may send: {may_send}",
                count="caller: decision",
            )
            await self._ask(look_again)

    async def _ask(self, request: Callable[[Runtime], Awaitable[T]]) -> T:
        return await self._chance.choice(self._doors).ask(request)
