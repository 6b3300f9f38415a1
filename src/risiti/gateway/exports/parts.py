"""What an export holds: each table whose rows belong to a company, or the reason why it is left out."""

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Table, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, class_mapper

from risiti.gateway.db.base import Base
from risiti.gateway.submissions.tables import Lane
from risiti.gateway.tables import (
    ApiKey,
    Attempt,
    Branch,
    Company,
    DeadlineAlert,
    Decision,
    Device,
    Document,
    Event,
    Evidence,
    Finding,
    GoodsEntry,
    IdempotencyKey,
    Item,
    JournalEntry,
    Membership,
    Revision,
    User,
)

ROWS: Final = 500
"""Rows that are read at once of most tables."""
WIDE_ROWS: Final = 20
"""The same where one row may have a megabyte: an export needs memory for so many, however much there is."""


@dataclass(frozen=True, slots=True)
class Part:
    """One table of an export."""

    owner: type[Base]
    withheld: MappingProxyType[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Columns that are left out, each with the reason."""
    rows: int = ROWS
    """How many are read at once."""
    of_people: tuple[str, ...] = ()
    """What is told of the person whom a row names: fields of `users`."""

    @property
    def name(self) -> str:
        """The table's name."""
        return str(self.owner.__tablename__)

    @property
    def columns(self) -> dict[str, InstrumentedAttribute[object]]:
        """What is exported of a row, by name."""
        own = {
            attribute.columns[0].name: getattr(self.owner, attribute.key)
            for attribute in class_mapper(self.owner).column_attrs
        }
        of_people = {f"user_{name}": getattr(User, name) for name in self.of_people}
        return {name: column for name, column in own.items() if name not in self.withheld} | of_people

    @property
    def order(self) -> list[InstrumentedAttribute[object]]:
        """The columns of the primary key: a row's place in the export."""
        table = self.owner.__table__
        keys = [column.name for column in table.primary_key.columns] if isinstance(table, Table) else []
        return [self.columns[name] for name in keys]

    def select(self, after: tuple[object, ...] | None) -> Select[Any]:
        """Return the statement that reads the rows behind a place; None: from the first one on."""
        order = self.order
        columns: list[Any] = list(self.columns.values())
        found: Select[Any] = select(*columns).order_by(*order).limit(self.rows)
        if self.of_people:
            found = found.join(User, User.id == getattr(self.owner, "user_id"))  # noqa: B009 - of those that have it
        return found if after is None else found.where(_behind(order, after))


def _behind(order: list[InstrumentedAttribute[object]], after: tuple[object, ...]) -> ColumnElement[bool]:
    if len(order) == 1:
        return order[0] > after[0]
    return tuple_(*order) > tuple_(*after)


def _without(**reasons: str) -> MappingProxyType[str, str]:
    return MappingProxyType(reasons)


PARTS: Final = (
    Part(Company),
    Part(Branch),
    Part(Device, _without(key_sealed="the private key; who holds the key file has it already")),
    Part(ApiKey, _without(secret_hash="what a key is checked against")),  # noqa: S106 - a reason
    Part(Membership, of_people=("email", "name")),
    Part(Item),
    Part(GoodsEntry),
    Part(Document),
    Part(Revision, rows=WIDE_ROWS),
    Part(Attempt, rows=WIDE_ROWS),
    Part(Evidence),
    Part(Decision),
    Part(Finding),
    Part(DeadlineAlert),
    Part(IdempotencyKey),
    Part(Lane),
    Part(Event),
    Part(JournalEntry),
)
"""In the order of an export: what others point at comes first."""

LEFT_OUT: Final = MappingProxyType(
    {
        "data_keys": "the wrapped key that seals the company's secrets; without the operator's key it opens nothing",
        "device_sessions": "session keys of the authority, sealed, which hold for a day",
        "tasks": "work of this installation, not a record; what came of it stands in the tables of its results",
    }
)
"""Tables of companies that are in no export, and why."""
