"""Processes that hand invoices in, or commit the same rows bare; started as children, told when to begin.

Bare means: the rows were made beforehand, and nothing is done but commit them through the driver itself, asyncpg or
sqlite3: one transaction a document, or a group of them at a time.
"""

import asyncio
import contextlib
import json
import os
import sqlite3
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from subprocess import PIPE
from typing import Final

import asyncpg
from pydantic import SecretStr
from sqlalchemy import Table

from bench.premises import Premises, body, invoice
from bench.workers import hear, tell
from risiti.gateway.db.insert import Rows, Values
from risiti.gateway.db.session import SystemSession
from risiti.gateway.events import Event
from risiti.gateway.fiscal import intents, shapes
from risiti.gateway.fiscal.accepting import Handed
from risiti.gateway.fiscal.intents import Shop
from risiti.gateway.idempotency import IdempotencyKey
from risiti.gateway.runtime import Runtime, open_runtime
from risiti.gateway.settings import Settings
from risiti.gateway.submissions.lanes import Priority
from risiti.gateway.submissions.sql.accepting import Fresh
from risiti.gateway.submissions.submit import rows_of
from risiti.gateway.submissions.tables import Document, Revision
from risiti.gateway.tenancy.tables import Company, Device

AT_ONCE: Final = 64
"""Callers of a process who wait for an answer at the same time."""
GROUP: Final = 64
"""Documents in one transaction, where the bare rows are committed in groups."""
WARMING_UP: Final = 256
CONNECTIONS: Final = 10
TABLES: Final = (Document, Revision, Event, IdempotencyKey)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a process is to do."""

    what: str
    """`accept`, `bare` or `grouped`."""
    prefix: str
    """Of its references."""
    how_many: int
    lines: int = 3


@dataclass(frozen=True, slots=True)
class Took:
    """What it took, warming up not counted."""

    seconds: float
    cpu: float
    """Seconds of the process's own processor time."""


async def measure(premises: Premises, wanted: Wanted, processes: int) -> list[Took]:
    """Have so many processes do it at the same time."""
    async with AsyncExitStack() as stack:
        tills = [
            await _start(premises, replace(wanted, prefix=f"{wanted.prefix}-{number}"), stack)
            for number in range(processes)
        ]
        for till in tills:
            tell(till, "begin")
        return [Took(**json.loads(await hear(till))) for till in tills]


async def _start(premises: Premises, wanted: Wanted, stack: AsyncExitStack) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.tills", stdin=PIPE, stdout=PIPE)
    stack.callback(_end, process)
    kek = premises.settings.risiti_kek
    given = {
        "database_url": premises.settings.database_url.get_secret_value(),
        "risiti_kek": kek.get_secret_value() if kek else None,
        "company_ids": premises.company_ids,
        "what": wanted.what,
        "prefix": wanted.prefix,
        "how_many": wanted.how_many,
        "lines": wanted.lines,
    }
    tell(process, json.dumps(given))
    await hear(process)
    return process


def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()


# ---------------------------------------------------------------- in the child


async def _work() -> None:
    given = json.loads(sys.stdin.readline())
    settings = Settings(
        database_url=SecretStr(given["database_url"]),
        risiti_kek=SecretStr(given["risiti_kek"]),
        database_connections=CONNECTIONS,
    )
    wanted = Wanted(given["what"], given["prefix"], given["how_many"] + WARMING_UP, given["lines"])
    async with open_runtime(settings) as runtime, AsyncExitStack() as stack:
        do = await _doing(runtime, given["company_ids"], wanted, stack)
        await do(range(WARMING_UP))
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        cpu, begun = time.process_time(), time.perf_counter()
        await do(range(WARMING_UP, wanted.how_many))
        took = {"seconds": time.perf_counter() - begun, "cpu": time.process_time() - cpu}
    print(json.dumps(took), flush=True)


Doing = Callable[[Sequence[int]], Awaitable[None]]


async def _doing(runtime: Runtime, company_ids: Sequence[str], wanted: Wanted, stack: AsyncExitStack) -> Doing:
    if wanted.what == "accept":
        return partial(_at_once, partial(_accept, runtime, company_ids, wanted))
    rows = await runtime.database.read(partial(_rows, runtime=runtime, company_ids=company_ids, wanted=wanted))
    file = runtime.settings.sqlite_file
    size = 1 if wanted.what == "bare" else GROUP
    if file is not None:
        return partial(_commit_sqlite, _open_sqlite(file, stack), rows, size)
    url = runtime.settings.database_url.get_secret_value()
    pool = await stack.enter_async_context(asyncpg.create_pool(url, min_size=CONNECTIONS, max_size=CONNECTIONS))
    if size > 1:
        return partial(_groups_at_once, partial(_commit_group, pool, rows))
    return partial(_at_once, partial(_commit_one, pool, rows))


async def _at_once(work: Callable[[int], Awaitable[None]], numbers: Sequence[int]) -> None:
    """Do work for each number, AT_ONCE of it at the same time."""
    left = iter(numbers)

    async def caller() -> None:
        for number in left:
            await work(number)

    await asyncio.gather(*(caller() for _ in range(AT_ONCE)))


async def _groups_at_once(work: Callable[[Sequence[int]], Awaitable[None]], numbers: Sequence[int]) -> None:
    groups = [numbers[first : first + GROUP] for first in range(0, len(numbers), GROUP)]
    await _at_once(lambda number: work(groups[number]), range(len(groups)))


async def _accept(runtime: Runtime, company_ids: Sequence[str], wanted: Wanted, number: int) -> None:
    """Read, check, add up, translate and commit an invoice, as for a caller."""
    new = shapes.parse_invoice(body(f"{wanted.prefix}-{number:06d}", lines=wanted.lines), now=runtime.clock.now())
    key = f"{wanted.prefix}-key-{number}"
    company_id = company_ids[number % len(company_ids)]
    await runtime.acceptance.accept(Handed(company_id, new, key, Priority.SINGLE))


# ---------------------------------------------------------------- the same rows, bare


@dataclass(frozen=True, slots=True)
class _Bare:
    """The rows of one table, one a document, as the driver takes them."""

    name: str
    names: str
    unnest: str
    rows: list[tuple[object, ...]]


def _rows(session: SystemSession, runtime: Runtime, company_ids: Sequence[str], wanted: Wanted) -> list[_Bare]:
    fresh = list(_fresh(session, runtime, company_ids, wanted))
    parts = ([one.document for one in fresh], [one.revision for one in fresh], [one.event for one in fresh])
    keys = [one.key for one in fresh if one.key is not None]
    return [_bare(session, owner.__table__, rows) for owner, rows in zip(TABLES, (*parts, keys), strict=True)]  # type: ignore[arg-type]  # each is a Table


def _bare(session: SystemSession, table: Table, rows: Sequence[Values]) -> _Bare:
    made = Rows(session, table, rows)
    return _Bare(table.name, made.names, made.plan.unnest(1), made.rows)


def _fresh(session: SystemSession, runtime: Runtime, company_ids: Sequence[str], wanted: Wanted) -> Iterator[Fresh]:
    """Make the rows of so many documents: of the same size and content as accepted ones, the reference apart."""
    desk = runtime.desk()
    new = invoice(wanted.prefix, desk.now, lines=wanted.lines)
    first = {}
    for company_id in company_ids:
        devices = session.query(Device).where(Device.company_id == company_id).all()
        shop = Shop.of(session.get_one(Company, company_id), devices)
        first[company_id] = intents.prepare(shop, new, new.fingerprint(), Priority.SINGLE).intent
    for number in range(wanted.how_many):
        company_id = company_ids[number % len(company_ids)]
        reference = f"{wanted.prefix}-{number:06d}"
        intent = replace(
            first[company_id],
            reference=reference,
            canonical_reference=reference.casefold(),
            wire_reference=reference,
        )
        yield rows_of(desk, company_id, intent, idempotency_key=f"{wanted.prefix}-key-{number}")


async def _commit_one(pool: asyncpg.Pool, tables: Sequence[_Bare], number: int) -> None:
    """Commit one document with its content, event and key: four inserts in one statement."""
    values: list[object] = []
    inserts = []
    for table in tables:
        row = table.rows[number]
        places = ", ".join(f"${len(values) + place}" for place in range(1, len(row) + 1))
        inserts.append(f"INSERT INTO {table.name} ({table.names}) VALUES ({places})")  # noqa: S608 - our own names
        values.extend(row)
    *before, last = inserts
    named = ", ".join(f"t{place} AS ({insert})" for place, insert in enumerate(before))
    async with pool.acquire() as connection:
        await connection.execute(f"WITH {named} {last}", *values)


async def _commit_group(pool: asyncpg.Pool, tables: Sequence[_Bare], numbers: Sequence[int]) -> None:
    async with pool.acquire() as connection, connection.transaction():
        for table in tables:
            columns = [list(column) for column in zip(*(table.rows[number] for number in numbers), strict=True)]
            statement = f"INSERT INTO {table.name} ({table.names}) SELECT * FROM {table.unnest}"  # noqa: S608
            await connection.execute(statement, *columns)


def _open_sqlite(file: Path, stack: AsyncExitStack) -> sqlite3.Connection:
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    stack.callback(connection.close)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "busy_timeout = 5000"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


async def _commit_sqlite(
    connection: sqlite3.Connection, tables: Sequence[_Bare], size: int, numbers: Sequence[int]
) -> None:
    await asyncio.to_thread(_commit_sqlite_rows, connection, tables, size, numbers)


def _commit_sqlite_rows(
    connection: sqlite3.Connection, tables: Sequence[_Bare], size: int, numbers: Sequence[int]
) -> None:
    statements = [
        f"INSERT INTO {table.name} ({table.names}) VALUES ({', '.join('?' * len(table.rows[0]))})"  # noqa: S608
        for table in tables
    ]
    for first in range(0, len(numbers), size):
        connection.execute("BEGIN IMMEDIATE")
        for number in numbers[first : first + size]:
            for statement, table in zip(statements, tables, strict=True):
                connection.execute(statement, table.rows[number])
        connection.execute("COMMIT")


if __name__ == "__main__":
    import uvloop

    from risiti.cli.console import log_to

    log_to(Path(os.devnull))
    uvloop.run(_work())
