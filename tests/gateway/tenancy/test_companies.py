from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from risiti.gateway.kernel.errors import Conflict, Invalid, NotFound
from risiti.gateway.tenancy import companies
from risiti.gateway.tenancy.companies import CompanyView, NewCompany
from risiti.gateway.tenancy.environment import Environment
from risiti.gateway.tenancy.tables import Company, DataKey, Guard
from tests.gateway.tenancy.floor import Floor, a_company

pytestmark = pytest.mark.anyio


async def opened(floor: Floor, new: NewCompany) -> CompanyView:
    return await floor.database.write(
        lambda session: companies.open_company(session, floor.vault, floor.ids, floor.clock, new)
    )


async def test_a_company_is_read_as_it_was_opened(floor: Floor) -> None:
    new = a_company(
        tin="1000000088",
        business_name="Guava Corner",
        phone="+256 700 000000",
        address="Plot 7, Mango Street, Kampala",
        auto_resend=True,
    )
    company = await opened(floor, new)
    read = await floor.database.read_as(company.id, lambda session: companies.read(session, company.id))
    assert read == company
    assert (read.tin, read.business_name, read.phone, read.auto_resend) == (
        new.tin,
        new.business_name,
        new.phone,
        new.auto_resend,
    )
    assert read.guard is Guard.UNPROVEN
    assert read.created_at == floor.clock.now()


async def test_a_company_without_a_business_name_trades_under_its_legal_name(floor: Floor) -> None:
    company = await floor.database.read_as(floor.mango, lambda session: companies.read(session, floor.mango))
    assert company.business_name == company.legal_name == "Mango Street Grocers (fictitious)"


async def test_a_taxpayer_is_one_company_in_each_environment(floor: Floor) -> None:
    live = await opened(floor, a_company(environment=Environment.LIVE))
    assert live.id != floor.mango
    with pytest.raises(Conflict) as error:
        await opened(floor, a_company())
    assert error.value.code == "company_exists"
    assert floor.mango not in str(error.value) + str(error.value.about)
    assert await floor.database.read(lambda session: session.scalar(select(func.count()).select_from(Company))) == 3


async def test_every_company_has_a_data_key_of_its_own(floor: Floor) -> None:
    keys = await floor.database.read(lambda session: list(session.scalars(select(DataKey))))
    assert {key.company_id for key in keys} == {floor.mango, floor.papaya}
    assert {key.kek_id for key in keys} == {floor.vault.kek_id}
    assert len({key.wrapped for key in keys}) == 2


async def test_another_companys_id_is_not_found(floor: Floor) -> None:
    with pytest.raises(NotFound):
        await floor.database.read_as(floor.mango, lambda session: companies.read(session, floor.papaya))


async def test_companies_are_listed_a_page_at_a_time(floor: Floor) -> None:
    first = await floor.database.read(lambda session: companies.page(session, limit=1))
    second = await floor.database.read(lambda session: companies.page(session, limit=1, after=first[-1].id))
    assert {row.id for row in first + second} == {floor.mango, floor.papaya}
    assert await floor.database.read(lambda session: companies.page(session, limit=9, after=second[-1].id)) == []


BAD: list[tuple[str, str, str]] = [
    ("tin", "", "/tin"),
    ("tin", "100000000", "/tin"),
    ("tin", "10000000000", "/tin"),
    ("tin", "100000000x", "/tin"),
    ("tin", "\N{ARABIC-INDIC DIGIT ONE}" * 10, "/tin"),
    ("legal_name", "", "/legal_name"),
    ("legal_name", "  ", "/legal_name"),
    ("legal_name", "x" * 257, "/legal_name"),
    ("legal_name", "two\nlines", "/legal_name"),
    ("business_name", "x" * 257, "/business_name"),
    ("email", "", "/email"),
    ("email", "nobody", "/email"),
    ("email", "a@b", "/email"),
    ("email", "a b@example.com", "/email"),
    ("email", "x" * 39 + "@example.com", "/email"),
    ("phone", "12", "/phone"),
    ("phone", "call me", "/phone"),
    ("address", "x" * 501, "/address"),
    ("address", "two\nlines", "/address"),
]


@pytest.mark.parametrize(("field", "value", "path"), BAD)
async def test_what_cannot_be_right_is_refused_by_field(floor: Floor, field: str, value: str, path: str) -> None:
    with pytest.raises(Invalid) as error:
        await opened(floor, a_company(**{"tin": "1000000088", field: value}))
    assert [fault.path for fault in error.value.errors] == [path]
    assert all(fault.message and fault.fix for fault in error.value.errors)


async def test_all_faults_are_told_at_once(floor: Floor) -> None:
    with pytest.raises(Invalid) as error:
        await opened(floor, a_company(tin="1", legal_name="", email="?", phone="?"))
    assert {fault.path for fault in error.value.errors} == {"/tin", "/legal_name", "/email", "/phone"}


@pytest.mark.parametrize(
    "longest",
    [
        lambda: a_company(tin="1000000088", legal_name="x" * 256),
        lambda: a_company(tin="1000000088", business_name="x" * 256),
        lambda: a_company(tin="1000000088", email="x" * 38 + "@example.com"),
        lambda: a_company(tin="1000000088", address="x" * 500),
    ],
)
async def test_the_longest_that_fits_is_taken(floor: Floor, longest: Callable[[], NewCompany]) -> None:
    company = await opened(floor, longest())
    assert company == await floor.database.read(lambda session: companies.read(session, company.id))
