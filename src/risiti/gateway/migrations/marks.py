"""Marks that a copy leaves on both databases, so that it can go on after a kill and no service runs on half of it.

The mark is one row in a table of its own, `risiti_copy`, which only a copy makes. The source is frozen by triggers:
they stop every writer, also one that has run since before, and outlive a restart.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Column, Connection, MetaData, String, Table, insert, inspect, select, text, update

from risiti.gateway.db.types import UtcDateTime, words
from risiti.gateway.tables import Base

MOVED: Final = "this installation was moved to another database"
"""What a writer of a frozen source is told."""


class Standing(StrEnum):
    """How far a copy has come, seen from one of the two databases."""

    COPYING = "copying"
    """Target: not complete. Source: the service may run on."""
    FROZEN = "frozen"
    """Source: nothing can be written any more; the rest is being copied."""
    MOVED = "moved"
    """Source: everything is at the target; it must not be used again."""
    COMPLETE = "complete"
    """Target: verified; the service may run on it."""
    GIVEN_UP = "given_up"
    """Both: the copy is of no use; the source may be used, the target may not."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The mark on a database: which copy, which side of it, and how far."""

    id: str
    side: str
    standing: Standing


SOURCE: Final = "source"
TARGET: Final = "target"

_marks = Table(
    "risiti_copy",
    MetaData(),
    Column("id", String(40), primary_key=True),
    Column("side", String(10), nullable=False),
    Column("standing", words(Standing), nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)


def read(connection: Connection) -> Mark | None:
    """Return the mark on a database, None if no copy ever touched it."""
    if not inspect(connection).has_table(_marks.name):
        return None
    row = connection.execute(select(_marks)).first()
    return None if row is None else Mark(row.id, row.side, Standing(row.standing))


def put(connection: Connection, mark: Mark, now: datetime) -> None:
    """Put the first mark on a database, or change the one that it has."""
    _marks.create(connection, checkfirst=True)
    values = {"side": mark.side, "standing": mark.standing, "changed_at": now}
    changed = connection.execute(update(_marks).where(_marks.c.id == mark.id).values(values))
    if not changed.rowcount:
        connection.execute(insert(_marks).values(id=mark.id, **values))


def obstacle(connection: Connection) -> str | None:
    """Return why no service may run on a database, None if one may."""
    mark = read(connection)
    if mark is None or mark.standing is Standing.COMPLETE:
        return None
    if mark.side == TARGET:
        return "a copy into this database is not complete; run the same `risiti db copy` again, it goes on."
    if mark.standing in (Standing.FROZEN, Standing.MOVED):
        return f"{MOVED}; set DATABASE_URL to that one, or run `risiti db copy` with --give-up to come back."
    return None


def freeze(connection: Connection) -> None:
    """Stop every writer of the source from now on, in this process and in all others."""
    for name in Base.metadata.tables:
        for act in ("INSERT", "UPDATE", "DELETE"):
            connection.execute(
                text(
                    f"CREATE TRIGGER IF NOT EXISTS {_trigger(name, act)} BEFORE {act} ON {name} "
                    f"BEGIN SELECT RAISE(ABORT, '{MOVED}'); END"
                )
            )


def thaw(connection: Connection) -> None:
    """Let the source be written again."""
    for name in Base.metadata.tables:
        for act in ("INSERT", "UPDATE", "DELETE"):
            connection.execute(text(f"DROP TRIGGER IF EXISTS {_trigger(name, act)}"))


def _trigger(table: str, act: str) -> str:
    return f"risiti_frozen_{table}_{act.lower()}"
