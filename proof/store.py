"""The database that all simulated processes share: SQLite in memory, one unit of work after the other.

A unit of work is one step here: it happens whole or not at all, as the databases promise. What is simulated is what
lies around it: the way there and back takes time, a process may die before it or between the commit and hearing of
it, and the database may be away or lose a commit.
"""

import asyncio
import sqlite3
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, partial
from random import Random
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import StaticPool

from proof.processes import START, Process, SteppedClock
from risiti.gateway.db.database import CompanyWork, PlainWork, PoolStanding, SystemWork
from risiti.gateway.db.session import SystemSession, in_company, in_system
from risiti.gateway.kernel.ids import EventId, Ids
from risiti.gateway.kernel.secrets import KeyEncryptionKey, Vault
from risiti.gateway.tables import Base
from risiti.gateway.tenancy import companies, devices
from risiti.gateway.tenancy.environment import Environment

T = TypeVar("T")

KEK = b64encode(b"the simulation's key, 32 bytes..").decode()
_EPOCH_MICROSECONDS = int(START.timestamp()) * 1_000_000
_NEXT_DUE = """
    SELECT min(at) FROM (
        SELECT min(max(due_at, coalesce(lease_until, 0))) AS at FROM documents WHERE state IN ('waiting', 'in_doubt')
        UNION ALL SELECT min(lease_until) FROM documents WHERE state = 'sending'
    )
"""
_HOUSEKEEPING = frozenset({"risiti.gateway.submissions.standings", "risiti.gateway.submissions.device_sessions"})
"""Signs of life, breakers and session keys: most units of work that write, and none of them touches a document."""
DEATHS_IN_HOUSEKEEPING = 0.15
LATEST_LOOK = 8.0
"""A worker finds out so many seconds late, at most, that something has become due."""
LONGEST_REST = 1800.0
"""A worker looks at least so often (seconds) whether there is something to do."""


@dataclass(frozen=True, slots=True)
class Seller:
    """A company of the simulation with its one device, which the authority knows too."""

    company_id: str
    tin: str
    device_no: str
    legal_name: str
    email: str
    key: rsa.RSAPrivateKey

    def public_key(self) -> str:
        """Return the public half of its key, as it is registered with the authority."""
        return self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@dataclass(frozen=True, slots=True)
class Template:
    """A database with tables and sellers, as bytes, from which every simulation begins."""

    image: bytes
    sellers: tuple[Seller, ...]


class _FixedClock:
    def now(self):  # type: ignore[no-untyped-def]  # noqa: ANN202 - a clock
        return START

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Store:
    """The shared database. One lives as long as the program; `begin` empties it for the next simulation."""

    def __init__(self) -> None:
        self._open()
        self._waiters: list[asyncio.Future[None]] = []

    def _open(self) -> None:
        # The driver begins a transaction before the first change; nobody else is there to change what a unit reads.
        self.raw = sqlite3.connect(":memory:", isolation_level="IMMEDIATE", check_same_thread=False)
        self._engine = create_engine("sqlite://", creator=lambda: self.raw, poolclass=StaticPool)
        self._connection = self._engine.connect()

    def begin(self, image: bytes) -> None:
        """Put everything back to what `image` holds."""
        try:
            self.raw.deserialize(image)
        except (
            sqlite3.ProgrammingError
        ):  # the engine has thrown the connection away, as it does when rolling back fails
            self._open()
            self.raw.deserialize(image)
        self.raw.execute("PRAGMA foreign_keys = ON")
        self._waiters.clear()

    def run(self, work: Callable[[Connection], T]) -> T:
        """Run a unit of work in a transaction of its own: its session begins and ends it, without a savepoint."""
        return work(self._connection)

    def administer(self, work: Callable[[Connection], T]) -> T:
        """Run a check with a bare connection."""
        with self._connection.begin():
            return work(self._connection)

    def committed(self) -> None:
        """Wake whoever waits for a change."""
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def until_due(self, clock: SteppedClock, at_least: float, chance: Random, woken: asyncio.Event) -> None:
        """Wait until something is due by this clock, but `at_least` so many seconds, or until woken."""
        earliest = clock.monotonic() + at_least
        latest = clock.monotonic() + LONGEST_REST
        while True:
            delay = chance.uniform(0, LATEST_LOOK)
            wait = min(max(self._due_in(clock), earliest - clock.monotonic()) + delay, latest - clock.monotonic())
            if wait > 0:
                changed = asyncio.get_running_loop().create_future()
                self._waiters.append(changed)
                waking = asyncio.ensure_future(woken.wait())
                await asyncio.wait((changed, waking), timeout=wait, return_when=asyncio.FIRST_COMPLETED)
                waking.cancel()
                if woken.is_set():
                    return
                if changed.done():
                    continue
            if clock.monotonic() >= latest or (clock.monotonic() >= earliest and self._due_in(clock) <= 0):
                return

    def _due_in(self, clock: SteppedClock) -> float:
        (due,) = self.raw.execute(_NEXT_DUE).fetchone()
        if due is None:
            return LONGEST_REST
        present = (clock.now() - START) / timedelta(microseconds=1)
        return float(due - _EPOCH_MICROSECONDS - present) / 1e6


class ProcessDatabase:
    """The database as one process sees it; an implementation of `Database`."""

    def __init__(self, store: Store, process: Process, around: "Around") -> None:
        self._store = store
        self._process = process
        self._around = around

    async def read(self, work: SystemWork[T]) -> T:
        """Run a unit of work that only reads, over all companies."""
        return await self._read(in_system(work))

    async def write(self, work: SystemWork[T]) -> T:
        """Run a unit of work over all companies."""
        return await self._write(lambda: self._store.run(in_system(work)), _share(work))

    async def read_as(self, company_id: str, work: CompanyWork[T]) -> T:
        """Run a unit of work that only reads and sees one company."""
        return await self._read(in_company(company_id, work))

    async def write_as(self, company_id: str, work: CompanyWork[T]) -> T:
        """Run a unit of work that sees one company."""
        return await self._write(lambda: self._store.run(in_company(company_id, work)))

    async def read_plain(self, work: PlainWork[T]) -> T:
        """Run a unit of work that needs no mapped classes and only reads."""
        return await self._read(in_system(work))

    async def write_plain(self, work: PlainWork[T]) -> T:
        """Run a unit of work that needs no mapped classes."""
        return await self._write(lambda: self._store.run(in_system(work)), _share(work))

    async def write_at_once(self, work: PlainWork[T]) -> T:
        """Run a unit of work that is one statement on PostgreSQL."""
        return await self.write_plain(work)

    async def administer(self, work: Callable[[Connection], T]) -> T:
        """Run a check with a bare connection."""
        return await self._write(lambda: self._store.administer(work))

    def pool(self) -> PoolStanding:
        """There is no pool: units run one after the other."""
        return PoolStanding(size=1, in_use=0, waiting=0, timed_out=0)

    async def close(self) -> None:
        """The database outlives its processes."""

    async def _read(self, run: Callable[[Connection], T]) -> T:
        await self._around.before_reading(self._process)
        return self._store.run(run)

    async def _write(self, run: Callable[[], T], share: float = 1.0) -> T:
        await self._around.before_writing(self._process, share)
        result = run()
        await self._around.after_commit(self._process, share)
        return result


def _share(work: Callable[..., object]) -> float:
    """Return which share of the deaths strikes a unit of work: most are housekeeping, and little hangs on those."""
    while isinstance(work, partial):
        work = work.func
    return DEATHS_IN_HOUSEKEEPING if work.__module__ in _HOUSEKEEPING else 1.0


class Around:
    """What happens around a unit of work; the simulation makes it go wrong."""

    async def before_reading(self, process: Process) -> None:
        """Be on the way to the database.

        Raises:
            DatabaseUnavailable: it is away.
        """
        raise NotImplementedError

    async def before_writing(self, process: Process, share: float) -> None:
        """Be on the way to the database; `share` of the deaths there strike.

        Raises:
            DatabaseUnavailable: it is away, or what was asked of it was lost.
        """
        raise NotImplementedError

    async def after_commit(self, process: Process, share: float) -> None:
        """Be on the way back from the database, which has committed; `share` of the deaths there strike.

        Raises:
            DatabaseUnavailable: the word of it was lost.
        """
        raise NotImplementedError


class _Ids(Ids):
    """Draws the ids of events from a chance of their own: what else is drawn depends on no event."""

    _events = Random("events of the template")

    def event(self) -> EventId:
        return EventId(f"evt_{self._events.randbytes(13).hex()}")


@cache
def template(sellers: int = 2) -> Template:
    """Make the database that simulations begin with, once in a program."""
    raw = sqlite3.connect(":memory:", isolation_level=None)
    engine = create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool)
    chance = Random("template")
    clock = _FixedClock()
    ids = _Ids(clock, chance.randbytes)
    vault = Vault(KeyEncryptionKey.from_text(KEK))
    made = []
    with engine.connect() as connection, connection.begin(), SystemSession(connection) as session, session.begin():
        Base.metadata.create_all(connection)
        for number in range(1, sellers + 1):
            tin = f"100000000{number}"
            new = companies.NewCompany(
                environment=Environment.TEST,
                tin=tin,
                legal_name=f"Mango Street Grocers {number} (fictitious)",
                email=f"till{number}@mango.invalid",
            )
            company = companies.open_company(session, vault, ids, clock, new)
            # Short and quick: nobody attacks a simulation.
            key = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505
            device_no = f"{tin}_01"
            devices.register(session, vault, ids, clock, company.id, device_no=device_no, key=key)
            made.append(Seller(company.id, tin, device_no, new.legal_name, new.email, key))
    return Template(raw.serialize(), tuple(made))
