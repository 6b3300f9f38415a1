"""A unit of work that is bound to a company can neither see nor touch another company's rows, whatever it tries."""

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import delete, exists, func, insert, select, text, update
from sqlalchemy.orm import aliased

from risiti.gateway.db.database import Database
from risiti.gateway.db.session import CompanySession, CrossCompanyError
from risiti.gateway.tables import Base
from risiti.gateway.tenancy.tables import Company, Device, DeviceState
from tests.gateway.db.rows import MANGO, PAPAYA, a_company, a_device, two_companies

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
async def _companies(database: Database) -> None:
    await two_companies(database)


def all_devices(session: CompanySession) -> object:
    return len(session.scalars(select(Device)).all())


def counted(session: CompanySession) -> object:
    return session.scalar(select(func.count()).select_from(Device))


def counted_by_column(session: CompanySession) -> object:
    return session.scalar(select(func.count(Device.id)))


def columns_only(session: CompanySession) -> object:
    return len(session.execute(select(Device.id, Device.device_no)).all())


def joined_to_every_company(session: CompanySession) -> object:
    return len(session.execute(select(Company.tin, Device.id).join(Device, Device.company_id == Company.id)).all())


def joined_to_itself(session: CompanySession) -> object:
    other = aliased(Device)
    return len(session.execute(select(Device.id).join(other, other.id == Device.id)).all())


def in_a_subquery(session: CompanySession) -> object:
    inner = select(Device.id).subquery()
    return len(session.scalars(select(Device.id).where(Device.id.in_(select(inner.c.id)))).all())


def in_a_union(session: CompanySession) -> object:
    both = select(Device.id).union_all(select(Device.id).where(Device.id.is_(None)))
    return len(session.scalars(select(Device).where(Device.id.in_(both))).all())


LOOKS = (
    all_devices,
    counted,
    counted_by_column,
    columns_only,
    joined_to_every_company,
    joined_to_itself,
    in_a_subquery,
    in_a_union,
)
"""Ways to count devices, each of which must count those of one company only."""


@pytest.mark.parametrize("look", LOOKS)
async def test_each_company_sees_its_own_rows_only(
    database: Database, look: Callable[[CompanySession], object]
) -> None:
    assert await database.read_as(MANGO, look) == 2
    assert await database.read_as(PAPAYA, look) == 3
    assert await database.read_as("com_nobody", look) == 0


async def test_another_companys_row_cannot_be_had_by_its_id(database: Database) -> None:
    assert await database.read_as(MANGO, lambda session: session.get(Device, f"dev_{PAPAYA}_1")) is None
    assert await database.read_as(MANGO, lambda session: session.get(Company, PAPAYA)) is None
    assert await database.read_as(MANGO, lambda session: session.get(Company, MANGO)) is not None


async def test_units_of_several_companies_at_once_each_see_their_own(database: Database) -> None:
    found = await asyncio.gather(
        *(database.read_as(company, all_devices) for company in (MANGO, PAPAYA) for _ in range(20))
    )
    assert found == [2] * 20 + [3] * 20


async def test_whether_a_row_exists_is_not_told_either(database: Database) -> None:
    def asked_of_a_device(session: CompanySession) -> bool:
        foreign = select(Device.id).where(Device.id == f"dev_{PAPAYA}_1")
        return session.scalar(select(Device.id).where(exists(foreign))) is not None

    assert await database.read_as(MANGO, asked_of_a_device) is False


async def test_a_bulk_update_stops_at_the_companys_border(database: Database) -> None:
    await database.write_as(MANGO, lambda session: session.execute(update(Device).values(state=DeviceState.PAUSED)))
    states = await database.read(lambda session: session.execute(select(Device.company_id, Device.state)).all())
    assert {(company, state) for company, state in states} == {
        (MANGO, DeviceState.PAUSED),
        (PAPAYA, DeviceState.ACTIVE),
    }


async def test_a_bulk_delete_stops_at_the_companys_border(database: Database) -> None:
    await database.write_as(MANGO, lambda session: session.execute(delete(Device)))
    assert await database.read_as(MANGO, counted) == 0
    assert await database.read_as(PAPAYA, counted) == 3


async def test_a_row_without_a_company_becomes_the_companys_own(database: Database) -> None:
    await database.write_as(MANGO, lambda session: session.add(a_device(None, 9)))
    assert await database.read_as(MANGO, counted) == 3


def adds_a_foreign_row(session: CompanySession) -> None:
    session.add(a_device(PAPAYA, 9))


def opens_another_company(session: CompanySession) -> None:
    session.add(a_company("com_third", "1000000555"))


def gives_a_row_away(session: CompanySession) -> None:
    session.get_one(Device, f"dev_{MANGO}_1").company_id = PAPAYA


def inserts_in_bulk(session: CompanySession) -> None:
    session.execute(insert(Device), [{"id": "dev_9", "company_id": PAPAYA, "device_no": "9"}])


def reads_raw_text(session: CompanySession) -> None:
    session.execute(text("SELECT count(*) FROM devices"))


def reads_a_core_table(session: CompanySession) -> None:
    session.execute(select(Base.metadata.tables["devices"]))


def deletes_from_a_core_table(session: CompanySession) -> None:
    session.execute(delete(Base.metadata.tables["devices"]))


@pytest.mark.parametrize(
    "attempt",
    [
        adds_a_foreign_row,
        opens_another_company,
        gives_a_row_away,
        inserts_in_bulk,
        reads_raw_text,
        reads_a_core_table,
        deletes_from_a_core_table,
    ],
)
async def test_what_could_cross_the_border_is_refused_and_leaves_nothing(
    database: Database, attempt: Callable[[CompanySession], None]
) -> None:
    with pytest.raises(CrossCompanyError):
        await database.write_as(MANGO, attempt)
    assert await database.read_as(MANGO, counted) == 2
    assert await database.read_as(PAPAYA, counted) == 3


async def test_the_system_sees_every_company(database: Database) -> None:
    assert await database.read(lambda session: session.scalar(select(func.count()).select_from(Device))) == 5
