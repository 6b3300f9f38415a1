"""With the application's own filter taken out, PostgreSQL still shows and gives a company nothing of another's."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from sqlalchemy import Column, Connection, delete, event, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from risiti.gateway.db import session as sessions
from risiti.gateway.db.postgresql import PostgresDatabase
from risiti.gateway.db.row_security import COMPANY_ROLE, SETTING
from risiti.gateway.db.session import CompanySession
from risiti.gateway.migrations import guards
from risiti.gateway.migrations.run import upgrade
from risiti.gateway.tables import Base
from risiti.gateway.tenancy.tables import Company, Device, DeviceState
from tests.gateway.db.every_table import fill
from tests.gateway.db.rows import MANGO, PAPAYA, a_device, two_companies
from tests.gateway.db.test_one_company import LOOKS, counted

pytestmark = pytest.mark.anyio


@pytest.fixture
def no_filter() -> Iterator[None]:
    """Take the application's filter out, for reads and for writes."""
    filters = (("do_orm_execute", sessions._see_one_company), ("before_flush", sessions._write_one_company))
    for name, listener in filters:
        event.remove(CompanySession, name, listener)
    yield
    for name, listener in filters:
        event.listen(CompanySession, name, listener)


@pytest.fixture
async def devices(postgres_database: PostgresDatabase, no_filter: None) -> PostgresDatabase:  # noqa: ARG001 - first
    """A database with two devices of one company and three of another, and no filter."""
    await two_companies(postgres_database)
    return postgres_database


@pytest.mark.parametrize("look", LOOKS)
async def test_each_company_sees_its_own_rows_only(
    devices: PostgresDatabase, look: Callable[[CompanySession], object]
) -> None:
    assert await devices.read_as(MANGO, look) == 2
    assert await devices.read_as(PAPAYA, look) == 3
    assert await devices.read_as("com_nobody", look) == 0
    assert await devices.read_as("", look) == 0


async def test_raw_text_shows_nothing_of_another_company(devices: PostgresDatabase) -> None:
    def raw(session: CompanySession) -> object:
        return session.scalar(text("SELECT count(*) FROM devices"))

    assert await devices.read_as(MANGO, raw) == 2


async def test_an_update_of_everything_stops_at_the_border(devices: PostgresDatabase) -> None:
    await devices.write_as(MANGO, lambda session: session.execute(update(Device).values(state=DeviceState.PAUSED)))
    states = await devices.read(lambda session: session.execute(select(Device.company_id, Device.state)).all())
    assert {(company, state) for company, state in states} == {
        (MANGO, DeviceState.PAUSED),
        (PAPAYA, DeviceState.ACTIVE),
    }


async def test_a_delete_of_everything_stops_at_the_border(devices: PostgresDatabase) -> None:
    await devices.write_as(MANGO, lambda session: session.execute(delete(Device)))
    assert await devices.read(counted) == 3  # type: ignore[arg-type]  # counts through any session


def adds_a_foreign_row(session: CompanySession) -> None:
    session.add(a_device(PAPAYA, 9))
    session.flush()


def inserts_a_foreign_row(session: CompanySession) -> None:
    values = {"id": "dev_9", "company_id": PAPAYA, "device_no": "9", "key_sealed": b"", "key_fingerprint": ""}
    session.execute(insert(Device).values(**values, state=DeviceState.ACTIVE, created_at=func.now()))


def gives_a_row_away(session: CompanySession) -> None:
    session.execute(update(Device).values(company_id=PAPAYA))


def renames_itself(session: CompanySession) -> None:
    session.execute(update(Company).values(id="com_other"))


@pytest.mark.parametrize("attempt", [adds_a_foreign_row, inserts_a_foreign_row, gives_a_row_away, renames_itself])
async def test_no_row_is_put_beyond_the_border(
    devices: PostgresDatabase, attempt: Callable[[CompanySession], None]
) -> None:
    with pytest.raises(DBAPIError, match="row-level security policy"):
        await devices.write_as(MANGO, attempt)


async def test_an_id_with_a_quote_in_it_is_an_id_and_no_statement(devices: PostgresDatabase) -> None:
    for evil in (f"x'; SET LOCAL {SETTING} = '{MANGO}", f"\\'; RESET ROLE; --{MANGO}", "'"):
        assert await devices.read_as(evil, counted) == 0


async def test_what_binds_one_unit_does_not_outlive_it(devices: PostgresDatabase) -> None:
    await devices.read_as(MANGO, counted)

    def bound(session: Session) -> object:
        return session.scalar(text(f"SELECT current_user || ' ' || coalesce(current_setting('{SETTING}', true), '')"))

    assert await devices.read(bound) == "risiti_system "


@pytest.mark.usefixtures("no_filter")
async def test_no_table_shows_gives_or_takes_a_row_of_another_company(postgres_database: PostgresDatabase) -> None:
    await postgres_database.administer(fill)
    tables = guards.owned()
    assert len(tables) > 15
    for table, owner in tables.items():
        column = Base.metadata.tables[table].c[owner]
        shown = partial(_companies_in, column=column)
        for company in (MANGO, PAPAYA):
            assert await postgres_database.read_as(company, shown) == [company], table
        assert await postgres_database.read_as("com_nobody", shown) == [], table
        for attempt in (_change_the_others, _delete_the_others):
            try:
                assert await postgres_database.write_as(MANGO, partial(attempt, column=column)) == 0, table
            except DBAPIError as refusal:  # rows that nobody may change, or delete, at all
                assert table in guards.UNCHANGING | guards.UNDELETED
                assert "permission denied" in str(refusal)  # noqa: PT017 - no rows, or a refusal
        assert await postgres_database.read(shown) == [MANGO, PAPAYA], table


def _companies_in(session: Session, column: "Column[str]") -> list[str]:
    return sorted(session.scalars(select(column)))


def _change_the_others(session: Session, column: "Column[str]") -> int:
    same = update(column.table).where(column == PAPAYA).values({column: column}).returning(column)
    return len(session.execute(same).all())


def _delete_the_others(session: Session, column: "Column[str]") -> int:
    return len(session.execute(delete(column.table).where(column == PAPAYA).returning(column)).all())


async def test_a_companys_unit_reads_no_sign_in_or_token_of_anybody(postgres_database: PostgresDatabase) -> None:
    for table in ("sign_ins", "one_time_tokens"):
        with pytest.raises(DBAPIError, match="permission denied"):
            await postgres_database.read_as(MANGO, partial(_count, table=table))


def _count(session: Session, table: str) -> object:
    return session.connection().execute(text(f"SELECT count(*) FROM {table}")).scalar()  # noqa: S608 - a name of ours


@pytest.mark.parametrize(
    ("harm", "named"),
    [
        ("ALTER TABLE devices DISABLE ROW LEVEL SECURITY", "row security of devices"),
        (f"CREATE POLICY mistake ON devices TO {COMPANY_ROLE} USING (true)", "policy devices mistake is not ours"),
        ("DROP POLICY one_company ON documents", "row security of documents"),
        (f"GRANT UPDATE ON events TO {COMPANY_ROLE}", f"{COMPANY_ROLE} may change events"),
        ("ALTER TABLE events DISABLE TRIGGER risiti_no_update_events", "risiti_no_update_events"),
    ],
)
async def test_what_makes_it_ineffective_is_found(postgres_database: PostgresDatabase, harm: str, named: str) -> None:
    assert await postgres_database.administer(guards.missing) == []
    await postgres_database.administer(lambda connection: connection.execute(text(harm)))
    assert named in await postgres_database.administer(guards.missing)


async def test_an_upgrade_mends_it(postgres_database: PostgresDatabase) -> None:
    def harm(connection: Connection) -> None:
        connection.execute(text("ALTER TABLE devices DISABLE ROW LEVEL SECURITY"))
        connection.execute(text("DROP TRIGGER risiti_no_delete_documents ON documents"))

    await postgres_database.administer(harm)
    await upgrade(postgres_database)
    assert await postgres_database.administer(guards.missing) == []
