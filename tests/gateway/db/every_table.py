"""A row of each company in every table that companies own, made from the tables' own columns."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Connection, Enum, Float, Integer, LargeBinary, String, Table, text

from risiti.gateway.db.types import Amount, UtcDateTime
from risiti.gateway.migrations.guards import owned
from risiti.gateway.tables import Base
from tests.gateway.db.rows import MANGO, PAPAYA

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def fill(connection: Connection) -> None:
    """Write one row of each company into every table of companies; references need not lead anywhere."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL session_replication_role = replica"))
    else:
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
    for name, column in owned().items():
        table = Base.metadata.tables[name]
        for number, company in enumerate((MANGO, PAPAYA)):
            connection.execute(table.insert().values(**{**_row(table, number), column: company}))


def _row(table: Table, number: int) -> dict[str, Any]:
    values = {column.name: _value(column, number) for column in table.columns if _must_be_given(column)}
    return {name: value for name, value in values.items() if value is not None} | _SPECIAL.get(table.name, {})


_SPECIAL: dict[str, dict[str, Any]] = {
    "devices": {"key_sealed": b"sealed"},
    "documents": {"due_at": AT},
    "tasks": {"due_at": AT},
}
"""What a check of the table demands besides."""


def _must_be_given(column: "Column[Any]") -> bool:
    counted = column.autoincrement is True and column.primary_key
    return not (column.nullable or counted) or bool(column.primary_key and not counted)


def _value(column: "Column[Any]", number: int) -> object:  # noqa: PLR0911 - one for each type
    default = column.default
    if default is not None and default.is_scalar:
        return default.arg  # type: ignore[attr-defined]  # not typed
    match column.type:
        case UtcDateTime():
            return AT + timedelta(seconds=number)
        case Amount():
            return Decimal(number)
        case Enum(enum_class=words) if words is not None:
            return next(iter(words))
        case Boolean():
            return False
        case LargeBinary():
            return b"%d" % number
        case Float():
            return 1.0
        case Integer() | BigInteger():
            return number + 1
        case String(length=length):
            return f"{number}{column.name}"[:length]
        case _:
            message = f"no value is known for {column}"
            raise TypeError(message)
