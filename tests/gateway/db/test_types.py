from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Integer, delete, insert, select, text
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from risiti.gateway.db.database import Database
from risiti.gateway.db.row_security import SYSTEM_ROLE
from risiti.gateway.db.types import LARGEST_AMOUNT, Amount, UtcDateTime, words

pytestmark = pytest.mark.anyio

# The database is the same for all examples of one test: each looks at the rows that it wrote itself.
one_database_for_all = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Fruit(StrEnum):
    MANGO = "mango"
    PAPAYA = "papaya"


class TestBase(DeclarativeBase):
    __test__ = False


class Kept(TestBase):
    __tablename__ = "kept"

    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    amount: Mapped[Decimal | None] = mapped_column(Amount)
    at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    fruit: Mapped[Fruit | None] = mapped_column(words(Fruit))


@pytest.fixture(autouse=True)
async def _table(database: Database) -> None:
    def create(connection: Connection) -> None:
        TestBase.metadata.create_all(connection)
        if connection.dialect.name == "postgresql":  # an upgrade does it for tables of ours
            connection.execute(text(f"GRANT ALL ON kept TO {SYSTEM_ROLE}"))

    await database.administer(create)


async def kept(database: Database, **values: object) -> Kept:
    """Write one row and read it back in another transaction."""

    def write(session: Session) -> None:
        session.execute(delete(Kept))
        session.execute(insert(Kept).values(number=1, **values))

    await database.write(write)
    return await database.read(lambda session: session.get_one(Kept, 1))


amounts = st.integers(-9 * 10**18, 9 * 10**18).map(lambda cents: Decimal(cents).scaleb(-2))
instants = st.datetimes(
    min_value=datetime(1900, 1, 1),  # noqa: DTZ001 - the zone is drawn beside it
    max_value=datetime(2200, 1, 1),  # noqa: DTZ001 - as above
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)


@given(amount=amounts)
@one_database_for_all
async def test_an_amount_comes_back_exactly(database: Database, amount: Decimal) -> None:
    found = (await kept(database, amount=amount)).amount
    assert found is not None
    assert found == amount
    assert found.as_tuple().exponent == -2


@given(at=instants)
@one_database_for_all
async def test_an_instant_comes_back_to_the_microsecond_in_utc(database: Database, at: datetime) -> None:
    found = (await kept(database, at=at)).at
    assert found == at
    assert found is not None
    assert found.tzinfo is UTC


@given(values=st.lists(amounts, min_size=2, max_size=10, unique=True))
@one_database_for_all
async def test_amounts_are_ordered_by_their_value(database: Database, values: list[Decimal]) -> None:
    def write(session: Session) -> None:
        session.execute(delete(Kept))
        session.add_all([Kept(number=number, amount=amount) for number, amount in enumerate(values)])

    await database.write(write)
    query = select(Kept.amount).order_by(Kept.amount)
    assert await database.read(lambda session: list(session.scalars(query))) == sorted(values)


@given(values=st.lists(instants, min_size=2, max_size=10, unique_by=lambda at: at.astimezone(UTC)))
@one_database_for_all
async def test_instants_are_ordered_by_time_whatever_their_zone(database: Database, values: list[datetime]) -> None:
    def write(session: Session) -> None:
        session.execute(delete(Kept))
        session.add_all([Kept(number=number, at=at) for number, at in enumerate(values)])

    await database.write(write)
    query = select(Kept.at).order_by(Kept.at)
    assert await database.read(lambda session: list(session.scalars(query))) == sorted(values)
    found = await database.read(lambda session: session.scalars(select(Kept.at).where(Kept.at <= min(values))).all())
    assert list(found) == [min(values)]


async def test_nothing_stays_nothing(database: Database) -> None:
    row = await kept(database, amount=None, at=None, fruit=None)
    assert (row.amount, row.at, row.fruit) == (None, None, None)


@pytest.mark.parametrize("amount", ["0.001", "-1.005", "1E-3", "NaN", "Infinity", "-Infinity", "sNaN"])
async def test_an_amount_that_cannot_be_kept_exactly_is_refused(database: Database, amount: str) -> None:
    with pytest.raises((StatementError, ValueError, ArithmeticError)):
        await kept(database, amount=Decimal(amount))


@pytest.mark.parametrize("largest", [LARGEST_AMOUNT, -LARGEST_AMOUNT])
async def test_the_largest_amount_comes_back(database: Database, largest: Decimal) -> None:
    assert (await kept(database, amount=largest)).amount == largest


@pytest.mark.parametrize("amount", ["90000000000000000.01", "-90000000000000000.01", "1E+19", "1" * 40 + ".01"])
async def test_a_larger_amount_is_refused_on_both_databases_alike(database: Database, amount: str) -> None:
    with pytest.raises(StatementError, match="largest amount"):
        await kept(database, amount=Decimal(amount))


async def test_a_float_is_not_an_amount(database: Database) -> None:
    with pytest.raises((StatementError, AttributeError, TypeError)):
        await kept(database, amount=0.1)


async def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises((StatementError, ValueError)):
        await kept(database, at=datetime(2026, 3, 2, 9, 0))  # noqa: DTZ001 - that is the point


async def test_a_date_is_not_an_instant(database: Database) -> None:
    with pytest.raises((StatementError, AttributeError, TypeError)):
        await kept(database, at=date(2026, 3, 2))


async def test_a_word_comes_back_as_the_word_it_was(database: Database) -> None:
    assert (await kept(database, fruit=Fruit.PAPAYA)).fruit is Fruit.PAPAYA


async def test_a_word_that_is_not_on_the_list_is_refused(database: Database) -> None:
    with pytest.raises((StatementError, LookupError)):
        await kept(database, fruit="stone")
