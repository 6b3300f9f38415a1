"""Column types that behave alike on both databases."""

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import BigInteger, DateTime, Dialect, Enum, Integer, Numeric
from sqlalchemy.types import TypeDecorator, TypeEngine


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Aware going in, aware in UTC coming out; microseconds since 1970 on SQLite, so that order is kept."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[datetime] | TypeEngine[int]:
        """Use the database's own instant type where it has one."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | int | None:
        """Refuse naive times: nobody knows what they mean."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = "a time without a zone cannot be stored"
            raise ValueError(message)
        if dialect.name == "sqlite":
            return to_microseconds(value)
        return value.astimezone(UTC)

    def process_result_value(
        self,
        value: datetime | int | None,
        dialect: Dialect,  # noqa: ARG002 - SQLAlchemy's signature
    ) -> datetime | None:
        """Give back an aware time in UTC."""
        if value is None:
            return None
        if isinstance(value, int):
            return from_microseconds(value)
        return value.astimezone(UTC)


LARGEST_AMOUNT = Decimal("90000000000000000.00")
"""The largest amount that is kept, either sign: its cents fit into SQLite's 64-bit integers."""


class Amount(TypeDecorator[Decimal]):
    """Money with two decimals; cents as an integer on SQLite, whose NUMERIC would be a float."""

    impl = Numeric(20, 2)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Decimal] | TypeEngine[int]:
        """Use exact arithmetic where the database has it."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Integer())
        return dialect.type_descriptor(Numeric(20, 2))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Decimal | int | None:
        """Refuse to round silently, and what one of the databases could not hold."""
        if value is None:
            return None
        cents = to_cents(value)
        return cents if dialect.name == "sqlite" else value

    def process_result_value(self, value: Decimal | int | None, dialect: Dialect) -> Decimal | None:
        """Give back a decimal with two places."""
        if value is None:
            return None
        if dialect.name == "sqlite":
            return Decimal(value).scaleb(-2)
        return Decimal(value)


def to_cents(value: Decimal) -> int:
    """Return an amount in cents.

    Raises:
        ValueError: more than two decimals, or beyond LARGEST_AMOUNT.
    """
    if not value.is_finite() or abs(value) > LARGEST_AMOUNT:
        message = f"{value} is beyond the largest amount, {LARGEST_AMOUNT}"
        raise ValueError(message)
    cents = value.scaleb(2)
    if cents != cents.to_integral_value():
        message = f"{value} has more than two decimals"
        raise ValueError(message)
    return int(cents)


def words(values: type[StrEnum]) -> Enum:
    """Return the type of a column that holds one word of a fixed list (a state, a kind), kept as text.

    A word that is not on the list is refused on its way in and on its way out. There is no check in the database, so
    that a new word needs no rebuilding of the table.
    """
    return Enum(values, native_enum=False, length=32, validate_strings=True, values_callable=_values)


def _values(words: type[StrEnum]) -> list[str]:
    return [word.value for word in words]


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_microseconds(value: datetime) -> int:
    """Return the microseconds from 1970 to an aware time."""
    elapsed = value - _EPOCH
    return (elapsed.days * 86_400 + elapsed.seconds) * 1_000_000 + elapsed.microseconds


def from_microseconds(value: int) -> datetime:
    """Return the time that lies so many microseconds after 1970."""
    seconds, microseconds = divmod(value, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=microseconds)
