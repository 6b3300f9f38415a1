"""What benchmarks run on: a database of their own, companies with one key for all, and invoices to hand in."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import asyncpg
from pydantic import SecretStr

from risiti.cli.shop import new_key_pem
from risiti.efris.crypto import load_private_key
from risiti.gateway.db.session import SystemSession
from risiti.gateway.fiscal import shapes
from risiti.gateway.fiscal.accepting import Handed
from risiti.gateway.kernel.secrets import KeyEncryptionKey
from risiti.gateway.migrations import run as migrations
from risiti.gateway.runtime import Runtime, open_database, open_runtime
from risiti.gateway.settings import Settings
from risiti.gateway.submissions.lanes import Priority
from risiti.gateway.tenancy import companies, devices
from risiti.gateway.tenancy.environment import Environment
from risiti.gateway.tenancy.tables import Company, Guard
from scripts.servers.postgres import Postgres
from scripts.servers.programs import open_folder

DURABLE: Final = {"max_connections": "200", "shared_buffers": "128MB", "jit": "off"}
"""PostgreSQL as it is shipped otherwise: each commit is flushed to the disk before it is answered."""


RATE: Final = 100_000.0
"""Messages a second to the authority: out of the way, for by default the limit is what would be measured."""


@dataclass(frozen=True, slots=True)
class Premises:
    """A migrated, empty database with its companies."""

    settings: Settings
    key_file: Path
    company_ids: tuple[str, ...]


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Run a PostgreSQL of our own, with durable commits, in a folder that the server's user may enter."""
    with TemporaryDirectory(prefix="risiti-bench-", dir=open_folder(), ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        server = Postgres(home, DURABLE)
        server.initialise()
        server.start()
        try:
            yield server
        finally:
            server.stop()


async def new_database(server: Postgres, name: str) -> str:
    """Make an empty database and return its URL."""
    connection = await asyncpg.connect(server.url)
    await connection.execute(f'CREATE DATABASE "{name}"')
    await connection.close()
    return server.url_of(name)


async def furnish(folder: Path, database_url: str, authority_url: str | None, *, how_many: int) -> Premises:
    """Migrate a database and open companies in it, each with one device; all devices share one key."""
    key_file = folder / "device.pem"
    if not key_file.exists():
        key_file.write_bytes(new_key_pem())
    settings = Settings(
        database_url=SecretStr(database_url),
        risiti_kek=SecretStr(KeyEncryptionKey.generate().to_text()),
        efris_test_url=authority_url,
        worker_concurrency=128,
        worker_concurrency_per_company=32,
        efris_rate=RATE,
    )
    database = open_database(settings)
    await migrations.upgrade(database)
    await database.close()
    key = load_private_key(key_file.read_bytes())
    async with open_runtime(settings) as runtime:

        def open_one(session: SystemSession, number: int) -> str:
            new = companies.NewCompany(
                environment=Environment.TEST,
                tin=f"{1_000_000_000 + number}",
                legal_name=f"Bench {number} (fictitious)",
                email="books@bench.invalid",
            )
            company = companies.open_company(session, runtime.vault, runtime.ids, runtime.clock, new)
            devices.register(
                session,
                runtime.vault,
                runtime.ids,
                runtime.clock,
                company.id,
                device_no=f"10000000{number:02d}_01",
                key=key,
            )
            session.get_one(Company, company.id).guard = Guard.PROVEN
            return company.id

        opened = [await runtime.database.write(partial(open_one, number=number)) for number in range(how_many)]
    return Premises(settings, key_file, tuple(opened))


def invoice(reference: str, now: datetime, *, lines: int = 3) -> shapes.NewInvoice:
    """Read an invoice as a till sends it."""
    return shapes.parse_invoice(body(reference, lines=lines), now=now)


def body(reference: str, *, lines: int = 3) -> bytes:
    """Return an invoice as a till sends it."""
    rows = ", ".join(
        f'{{"name": "Exercise book, 96 pages", "code": "STA-{row}", "category": "14111514", "unit": "PCE", '
        f'"quantity": "3", "unit_price": "1800", "tax": "standard"}}'
        for row in range(lines)
    )
    return f'{{"reference": "{reference}", "lines": [{rows}]}}'.encode()


async def hand_in(
    runtime: Runtime,
    company_ids: tuple[str, ...],
    how_many: int,
    *,
    prefix: str,
    at_once: int = 64,
    priority: Priority = Priority.SINGLE,
) -> None:
    """Have so many invoices accepted, in turn for each company."""
    numbers = iter(range(how_many))

    async def till() -> None:
        for number in numbers:
            new = invoice(f"{prefix}-{number:06d}", runtime.clock.now())
            company_id = company_ids[number % len(company_ids)]
            await runtime.acceptance.accept(Handed(company_id, new, None, priority))

    await asyncio.gather(*(till() for _ in range(at_once)))


@asynccontextmanager
async def opened(premises: Premises) -> AsyncIterator[Runtime]:
    """Open the premises' runtime."""
    async with open_runtime(premises.settings) as runtime:
        yield runtime
