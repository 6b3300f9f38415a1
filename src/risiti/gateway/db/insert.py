"""Insert rows of several tables in as few statements as the database allows; written from the tables themselves."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Column, Dialect, Enum, String, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import asyncpg

from risiti.gateway.db.raw import Statements, is_postgresql

Values = Mapping[str, object]
"""A row by the names of its columns; a column that is left out gets its default, or stays empty."""


class Rows:
    """Rows for one table, as parameters for the database of a session."""

    def __init__(self, session: Statements, table: Table, rows: Sequence[Values]) -> None:
        """Take rows that all name the same columns."""
        dialect = _DIALECTS[is_postgresql(session)]
        self.plan = _plan(table, frozenset(rows[0]), dialect) if rows else _NOTHING
        self.count = len(rows)
        self.columns = self.plan.columns(rows)
        """The parameters of `unnest`."""

    @property
    def names(self) -> str:
        """The columns, separated by commas."""
        return ", ".join(self.plan.names)

    @property
    def places(self) -> str:
        """A question mark for each column."""
        return ", ".join("?" * len(self.plan.names))

    @property
    def rows(self) -> list[tuple[object, ...]]:
        """The parameters of an insert of one row after the other."""
        return list(zip(*self.columns, strict=True))


class Plan:
    """How rows that name the same columns of a table are inserted; there is one for each such set of columns."""

    def __init__(self, columns: "Sequence[Column[Any]]", given: frozenset[str], dialect: Dialect) -> None:
        """Plan for the columns that are given, or have a default."""
        wanted = [column for column in columns if column.name in given or _default(column) is not None]
        self.names = [column.name for column in wanted]
        self.types = [_array_element(column) for column in wanted]
        self._columns = [
            (column.name, column.name in given, _default(column), _adapter(column, dialect)) for column in wanted
        ]

    def names_of(self, alias: str) -> str:
        """The columns with an alias before each."""
        return ", ".join(f"{alias}.{name}" for name in self.names)

    def unnest(self, first: int) -> str:
        """The rows as a table expression whose parameters, one list a column, are numbered from `first`."""
        casts = (f"${number}::{kind}[]" for number, kind in enumerate(self.types, first))
        return f"unnest({', '.join(casts)})"

    def columns(self, rows: Sequence[Values]) -> list[list[object]]:
        """Return the values of rows, one list a column, as the driver takes them."""
        found: list[list[object]] = []
        for name, is_given, default, adapt in self._columns:
            if not is_given:
                found.append([default if adapt is None or default is None else adapt(default)] * len(rows))
            elif adapt is None:
                found.append([row[name] for row in rows])
            else:
                values = (row[name] for row in rows)
                found.append([None if value is None else adapt(value) for value in values])
        return found


def _adapter(column: "Column[Any]", dialect: Dialect) -> Callable[[Any], object] | None:
    """Return what turns a value into one of the driver's; None where they are the same."""
    if isinstance(column.type, String) and not isinstance(column.type, Enum):
        return None
    return column.type.dialect_impl(dialect).bind_processor(dialect)


def _default(column: "Column[Any]") -> object:
    default = column.default
    return default.arg if default is not None and default.is_scalar else None  # type: ignore[attr-defined]  # not typed


_POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]  # not typed


_DIALECTS: dict[bool, Dialect] = {
    True: asyncpg.dialect(),  # type: ignore[no-untyped-call]  # not typed
    False: sqlite.dialect(),
}
"""How values are handed to the drivers of PostgreSQL (True) and SQLite (False)."""


def _array_element(column: "Column[Any]") -> str:
    compiled = column.type.dialect_impl(_POSTGRESQL)
    written: str = getattr(compiled, "impl_instance", compiled).compile(dialect=_POSTGRESQL)
    return written.partition("(")[0] if written.startswith("VARCHAR") else written


_NOTHING = Plan((), frozenset(), _POSTGRESQL)
"""For no rows at all."""


@cache
def _plan(table: Table, given: frozenset[str], dialect: Dialect) -> Plan:
    return Plan(list(table.columns), given, dialect)
