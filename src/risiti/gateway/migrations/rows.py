"""Rows of a table, in portions: read from the source, compared with the target, written where they differ, digested.

A digest is the sum of the rows' SHA-256, so that it does not depend on the order in which a database returns rows.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final

from sqlalchemy import Connection, Table, func, literal, select, tuple_
from sqlalchemy.dialects.postgresql import insert

PORTION: Final = 500
"""Rows read, compared and written together: in one short transaction of the target."""
_MODULUS: Final = 1 << 256

Row = Mapping[str, Any]
Key = tuple[Any, ...]


def key_of(table: Table, row: Row) -> Key:
    """Return a row's primary key."""
    return tuple(row[column.name] for column in table.primary_key.columns)


def portions(connection: Connection, table: Table) -> Iterator[list[Row]]:
    """Read a whole table in the order of its primary key, a portion at a time."""
    key = list(table.primary_key.columns)
    chosen = select(table).order_by(*key).limit(PORTION)
    after: Key | None = None
    while True:
        asked = chosen if after is None else chosen.where(tuple_(*key) > tuple_(*_bound(key, after)))
        found: list[Row] = [dict(row) for row in connection.execute(asked).mappings()]
        if found:
            yield found
        if len(found) < PORTION:
            return
        after = key_of(table, found[-1])


def keys_after(connection: Connection, table: Table, after: Key | None) -> list[Key]:
    """Return the next portion of keys, in whatever order the database has them."""
    key = list(table.primary_key.columns)
    chosen = select(*key).order_by(*key).limit(PORTION)
    if after is not None:
        chosen = chosen.where(tuple_(*key) > tuple_(*_bound(key, after)))
    return [tuple(row) for row in connection.execute(chosen)]


def with_keys(connection: Connection, table: Table, keys: Sequence[Key]) -> dict[Key, Row]:
    """Return the rows with these keys, those that are there."""
    key = list(table.primary_key.columns)
    found = connection.execute(select(table).where(_among(key, keys))).mappings()
    return {key_of(table, row): row for row in map(dict, found)}


def present(connection: Connection, table: Table, keys: Sequence[Key]) -> set[Key]:
    """Return which of these keys are there."""
    key = list(table.primary_key.columns)
    return {tuple(row) for row in connection.execute(select(*key).where(_among(key, keys)))}


def write_differing(connection: Connection, table: Table, rows: Sequence[Row]) -> int:
    """Make the target's rows equal to these; return how many were written.

    Raises:
        sqlalchemy.exc.IntegrityError: a row that is still to come must be written first; nothing here was kept.
    """
    there = with_keys(connection, table, [key_of(table, row) for row in rows])
    changed = [row for row in rows if (key := key_of(table, row)) in there and there[key] != row]
    new = [row for row in rows if key_of(table, row) not in there]
    added = insert(table)
    keys = [column.name for column in table.primary_key.columns]
    others = {column.name: added.excluded[column.name] for column in table.columns if column.name not in keys}
    upsert = added.on_conflict_do_update(index_elements=keys, set_=others) if others else added.on_conflict_do_nothing()
    for part in (changed, new):  # what has changed first: it may make room for what is new
        if part:
            connection.execute(upsert, part)
    return len(changed) + len(new)


def remove(connection: Connection, table: Table, keys: Sequence[Key]) -> int:
    """Remove the rows with these keys; return how many there were."""
    return connection.execute(table.delete().where(_among(list(table.primary_key.columns), keys))).rowcount


def count(connection: Connection, table: Table) -> int:
    """Return how many rows a table has."""
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def digest(rows: Sequence[Row], so_far: int = 0) -> int:
    """Add rows to a digest."""
    for row in rows:
        text = "\x1f".join(f"{name}={_canonical(row[name])}" for name in sorted(row))
        so_far += int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest(), "big")
    return so_far % _MODULUS


def _canonical(value: object) -> str:
    """Write a value as text that is the same whichever database it came from."""
    if isinstance(value, Enum):
        value = value.value
    match value:
        case bytes():
            return f"bytes:{value.hex()}"
        case datetime():
            return f"time:{value.isoformat(timespec='microseconds')}"
        case Decimal():
            return f"number:{value.normalize():f}"
        case _:
            return f"{type(value).__name__}:{value!r}"


def _bound(key: list[Any], values: Key) -> list[Any]:
    return [literal(value, column.type) for column, value in zip(key, values, strict=True)]


def _among(key: list[Any], keys: Sequence[Key]) -> Any:  # noqa: ANN401 - SQLAlchemy's expression
    if len(key) == 1:
        return key[0].in_([one for (one,) in keys])
    return tuple_(*key).in_(keys)
