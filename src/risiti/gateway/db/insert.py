"""Insert rows of several tables in as few statements as the database allows; written from the tables themselves."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Column, Dialect, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from risiti.gateway.db.raw import columns

Values = Mapping[str, object]
"""A row by the names of its columns; a column that is left out gets its default, or stays empty."""


class Rows:
    """Rows for one table, as parameters for the database of a session."""

    def __init__(self, session: Session, table: Table, rows: Sequence[Values]) -> None:
        """Take rows that all name the same columns."""
        self._plan = _plan(table, frozenset(rows[0]) if rows else frozenset(), session.connection().dialect)
        self.rows = [self._plan.values(row) for row in rows]

    @property
    def names(self) -> str:
        """The columns, separated by commas."""
        return ", ".join(self._plan.names)

    def names_of(self, alias: str) -> str:
        """The columns with an alias before each."""
        return ", ".join(f"{alias}.{name}" for name in self._plan.names)

    @property
    def places(self) -> str:
        """A question mark for each column."""
        return ", ".join("?" * len(self._plan.names))

    def unnest(self, first: int) -> str:
        """The rows as a table expression whose parameters, one list a column, are numbered from `first`."""
        casts = (f"${number}::{kind}[]" for number, kind in enumerate(self._plan.types, first))
        return f"unnest({', '.join(casts)})"

    @property
    def columns(self) -> list[list[object]]:
        """The parameters of `unnest`."""
        return columns(self.rows, len(self._plan.names))


class _Plan:
    def __init__(self, table: Table, given: frozenset[str], dialect: Dialect) -> None:
        wanted: list[Column[Any]] = [
            column for column in table.columns if column.name in given or _default(column) is not None
        ]
        self.names = [column.name for column in wanted]
        self.types = [_array_element(column) for column in wanted]
        self._adapt = [column.type.dialect_impl(dialect).bind_processor(dialect) for column in wanted]
        self._defaults = {column.name: _default(column) for column in wanted}

    def values(self, row: Values) -> tuple[object, ...]:
        return tuple(
            value if adapt is None or value is None else adapt(value)
            for adapt, value in (
                (adapt, row[name] if name in row else self._defaults[name])
                for name, adapt in zip(self.names, self._adapt, strict=True)
            )
        )


def _default(column: "Column[Any]") -> object:
    default = column.default
    return default.arg if default is not None and default.is_scalar else None  # type: ignore[attr-defined]  # not typed


_POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]  # not typed


def _array_element(column: "Column[Any]") -> str:
    compiled = column.type.dialect_impl(_POSTGRESQL)
    written: str = getattr(compiled, "impl_instance", compiled).compile(dialect=_POSTGRESQL)
    return written.partition("(")[0] if written.startswith("VARCHAR") else written


@cache
def _plan(table: Table, given: frozenset[str], dialect: Dialect) -> _Plan:
    return _Plan(table, given, dialect)
