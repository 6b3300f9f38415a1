"""Statements in the database's own words, for the few paths on which every microsecond is paid a million times.

They pass the company filter by, so each of them names the company of every row that it touches. Which modules may use
this is written in `tests/architecture/rules.py`.
"""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum, auto
from typing import Any, ClassVar, TypeAlias

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from risiti.gateway.db.types import from_microseconds, to_cents, to_microseconds

Row = Sequence[Any]
"""One row as the driver gives it: texts, numbers and bytes on both databases."""


class How(Enum):
    """How a unit of work over the driver alone is run on PostgreSQL."""

    READING = auto()
    """Each of its statements is a transaction by itself, and sees what is committed when it begins."""
    WRITING = auto()
    """All of it is one transaction."""
    WRITING_AT_ONCE = auto()
    """It is one statement, and that is the transaction."""


class PlainTransaction(ABC):
    """A transaction over the driver alone, in which a unit of work can use the functions below and nothing else."""

    is_postgresql: ClassVar[bool]

    @abstractmethod
    def run(self, statement: str, parameters: Sequence[object]) -> list[Row]:
        """Run a statement."""

    @abstractmethod
    def run_many(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Run a statement once for each row of parameters."""


Statements: TypeAlias = Session | PlainTransaction
"""What statements can be run in."""


def is_postgresql(session: Statements) -> bool:
    """Tell which of the two databases a unit of work runs on."""
    if isinstance(session, PlainTransaction):
        return session.is_postgresql
    return session.connection().dialect.name == "postgresql"


def run(session: Statements, statement: str, parameters: Sequence[object] = ()) -> list[Row]:
    """Run a statement that returns rows, or one that returns none (an empty list)."""
    if isinstance(session, PlainTransaction):
        return session.run(statement, parameters)
    result = session.connection().exec_driver_sql(statement, tuple(parameters))
    return list(result.fetchall()) if result.returns_rows else []


def run_many(session: Statements, statement: str, rows: Iterable[Sequence[object]]) -> None:
    """Run a statement once for each row of parameters."""
    given = [tuple(row) for row in rows]
    if not given:
        return
    if isinstance(session, PlainTransaction):
        session.run_many(statement, given)
    else:
        session.connection().exec_driver_sql(statement, given)


def run_each(session: Statements, statement: str, rows: Iterable[Sequence[object]]) -> list[int]:
    """Run a statement for one row of parameters after the other, on SQLite; return how many rows each changed."""
    driver = None if isinstance(session, PlainTransaction) else session.connection().connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        message = "this goes through SQLite's own driver"
        raise TypeError(message)
    cursor = driver.cursor()
    try:
        return [cursor.execute(statement, tuple(row)).rowcount for row in rows]
    except sqlite3.Error as error:
        raise DBAPIError.instance(statement, None, error, sqlite3.Error) from error
    finally:
        cursor.close()


def columns(rows: Sequence[Sequence[object]], width: int) -> list[list[object]]:
    """Turn rows into one list a column, as `unnest` takes them."""
    return [[row[column] for row in rows] for column in range(width)]


def instant(session: Statements, value: datetime | None) -> datetime | int | None:
    """Return a time as the database of a session keeps it."""
    if value is None or is_postgresql(session):
        return value
    return to_microseconds(value)


def moment(kept: datetime | int | None) -> datetime | None:
    """Return a time that either database has kept, the other way of `instant`."""
    return from_microseconds(kept) if isinstance(kept, int) else kept


def amount(session: Statements, value: Decimal) -> Decimal | int:
    """Return an amount of money as the database of a session keeps it."""
    return value if is_postgresql(session) else to_cents(value)
