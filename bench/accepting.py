"""Accepting an invoice against a bare commit: how much of the database's speed does a caller get?"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.orm import Session

from bench.result import Line
from risiti.cli.shop import DEVICE_NO, SHOP, new_key_pem
from risiti.gateway.fiscal import shapes
from risiti.gateway.fiscal.accepting import Handed
from risiti.gateway.migrations import run as migrations
from risiti.gateway.runtime import Runtime, open_database, open_runtime
from risiti.gateway.settings import Settings
from risiti.gateway.submissions.lanes import Priority
from risiti.gateway.tenancy import companies, devices
from risiti.gateway.tenancy.environment import Environment

TIMES: Final = 1_000
AT_ONCE: Final = 64


async def measure(folder: Path) -> list[Line]:
    """Compare parse, totals, insert and commit of an invoice with the commit of one bare row, side by side."""
    settings = Settings(database_url=SecretStr(f"sqlite:///{folder / 'bench.db'}"))
    database = open_database(settings)
    await migrations.upgrade(database)
    await database.write(_make_bare_table)
    await database.close()
    async with open_runtime(settings) as runtime:
        company_id = await _open_company(runtime)

        async def bare(number: int) -> None:
            await runtime.database.write(lambda session: _insert_bare(session, number))

        async def accept(number: int) -> None:
            body = json.dumps(_invoice(number)).encode()
            new = shapes.parse_invoice(body, now=runtime.clock.now())
            await runtime.acceptance.accept(Handed(company_id, new, f"key-{number}", Priority.SINGLE))

        await _rate(bare, at_once=AT_ONCE, times=AT_ONCE)
        return [
            _compare("one at a time", await _rate(bare, at_once=1), await _rate(accept, at_once=1)),
            _compare(
                f"{AT_ONCE} at once",
                await _rate(bare, at_once=AT_ONCE),
                await _rate(accept, at_once=AT_ONCE, first=TIMES),
            ),
        ]


def _compare(how: str, bare: float, accept: float) -> Line:
    return Line(
        f"accept, {how}",
        f"{accept:.0f} invoices/s against {bare:.0f} bare commits/s: {accept / bare:.2f} of the driver's speed "
        f"({1000 / accept:.2f} ms against {1000 / bare:.2f} ms each)",
        {"invoices_per_second": accept, "bare_commits_per_second": bare, "ratio": accept / bare},
    )


async def _rate(work: Callable[[int], Awaitable[None]], *, at_once: int, times: int = TIMES, first: int = 0) -> float:
    """Return how often a second the work was done, `at_once` of it at the same time."""
    numbers = iter(range(first, first + times))

    async def one_after_the_other() -> None:
        for number in numbers:
            await work(number)

    begun = time.perf_counter()
    await asyncio.gather(*(one_after_the_other() for _ in range(at_once)))
    return times / (time.perf_counter() - begun)


def _make_bare_table(session: Session) -> None:
    session.execute(text("CREATE TABLE bare (number INTEGER, content TEXT)"))


def _insert_bare(session: Session, number: int) -> None:
    session.connection().exec_driver_sql("INSERT INTO bare VALUES (?, ?)", (number, "x" * 500))


async def _open_company(runtime: Runtime) -> str:
    new = companies.NewCompany(
        environment=Environment.TEST, tin=SHOP["tin"], legal_name=SHOP["legal_name"], email=SHOP["email"]
    )
    opened = await runtime.database.write(
        lambda session: companies.open_company(session, runtime.vault, runtime.ids, runtime.clock, new)
    )
    await devices.add(
        runtime.database,
        runtime.vault,
        runtime.ids,
        runtime.clock,
        opened.id,
        device_no=DEVICE_NO,
        key_file=new_key_pem(),
        password=None,
    )
    return opened.id


def _invoice(number: int) -> dict[str, object]:
    line = {
        "name": "Exercise book, 96 pages",
        "code": "STA-004",
        "category": "14111514",
        "unit": "PCE",
        "quantity": "3",
        "unit_price": "1800",
        "tax": "standard",
    }
    return {"reference": f"BENCH-{number:06d}", "lines": [{**line, "code": f"STA-{row}"} for row in range(4)]}
