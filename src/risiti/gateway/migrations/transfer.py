"""Moves a running SQLite installation to PostgreSQL: copied while it runs, then frozen, completed, verified, released.

One pass makes the target equal to the source: rows that differ are written, rows that are gone are removed. The same
pass therefore begins a copy, goes on with one that was killed, and brings over what has changed meanwhile. A document
that was on the wire when the source was frozen arrives as `sending`; its lease runs out at the target, and it is
settled there as after any crash.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import Connection, Table, func, inspect, select, text
from sqlalchemy.exc import IntegrityError

from risiti.gateway.db.database import Database
from risiti.gateway.migrations import guards, marks, rows
from risiti.gateway.migrations.marks import Mark, Standing
from risiti.gateway.migrations.refusal import CopyDiffers, CopyRefused
from risiti.gateway.migrations.run import pending_on, upgrade
from risiti.gateway.migrations.source import Source
from risiti.gateway.tables import Base

TABLES: Final = Base.metadata.sorted_tables
"""Parents before their children."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one pass over one table has come."""

    phase: str
    table: str
    done: int
    of: int


@dataclass(frozen=True, slots=True)
class TableResult:
    """One table after it was verified: the same rows on both sides."""

    name: str
    rows: int
    written: int
    digest: str


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of a copy."""

    id: str
    standing: Standing
    tables: tuple[TableResult, ...]


Tell = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Transfer:
    """One copy from a source to a target.

    Args:
        source: The SQLite installation, which may be running.
        target: The PostgreSQL database: empty, or the target of the same copy before.
        new_id: The copy's id, if it is a new one.
        now: Reads the time, for the marks.
        tell: Is told of progress.
    """

    source: Source
    target: Database
    new_id: str
    now: Callable[[], datetime]
    tell: Tell

    async def rehearse(self) -> Result:
        """Copy the state of this moment and verify it; the source runs on, the target is not released.

        Raises:
            CopyRefused: the source is not up to date, or the target belongs to something else.
            CopyDiffers: the two are not the same.
        """
        with self.source.alone():
            mark = await self._begin()
            with self.source.snapshot() as source:
                written = await self._pass("copy", source)
                tables = await self._verify(source, written)
        return Result(mark, Standing.COPYING, tables)

    async def run(self) -> Result:
        """Move the installation; repeat the call after any failure.

        Raises:
            CopyRefused: as `rehearse`.
            CopyDiffers: the two are not the same; the source stays frozen.
        """
        with self.source.alone():
            mark = await self._begin()
            written: dict[str, int] = {}
            if not self._is_frozen():
                with self.source.snapshot() as source:
                    written = await self._pass("copy", source)
                with self.source.writing() as source:
                    marks.freeze(source)
                    marks.put(source, Mark(mark, marks.SOURCE, Standing.FROZEN), self.now())
            with self.source.snapshot() as source:
                rest = await self._pass("complete", source)
                tables = await self._verify(source, {name: written.get(name, 0) + rest[name] for name in rest})
            await self.target.administer(partial(_release, mark=mark, now=self.now()))
            with self.source.writing() as source:
                marks.put(source, Mark(mark, marks.SOURCE, Standing.MOVED), self.now())
        return Result(mark, Standing.COMPLETE, tables)

    async def give_up(self) -> None:
        """Let the source be used again; the target is of no use then.

        Raises:
            CopyRefused: the target is released: it may hold documents that the source has never seen.
        """
        with self.source.alone():
            with self.source.snapshot() as source:
                ours = marks.read(source)
            theirs = await self.target.administer(marks.read)
            if ours is None or theirs is None or ours.id != theirs.id:
                raise CopyRefused("these two are not source and target of one copy.")
            if theirs.standing is Standing.COMPLETE:
                raise CopyRefused("the copy is complete and its target may be in use; the source cannot come back.")
            await self.target.administer(
                partial(marks.put, mark=Mark(ours.id, marks.TARGET, Standing.GIVEN_UP), now=self.now())
            )
            with self.source.writing() as source:
                marks.thaw(source)
                marks.put(source, Mark(ours.id, marks.SOURCE, Standing.GIVEN_UP), self.now())

    async def _begin(self) -> str:
        """See that this copy may be made, and put its mark on both sides, the source first; return its id."""
        with self.source.snapshot() as source:
            if waiting := pending_on(source):
                names = ", ".join(waiting)
                raise CopyRefused(f"the source is not up to date ({names}); run `risiti db upgrade` on it first.")
            ours = marks.read(source)
        theirs = await self.target.administer(marks.read)
        if ours is not None and ours.side == marks.TARGET:
            raise CopyRefused("the source is itself the target of a copy that is not complete.")
        if theirs is not None and (ours is None or theirs.id != ours.id):
            raise CopyRefused("the target belongs to another copy; give an empty database.")
        if theirs is not None and theirs.standing is Standing.COMPLETE:
            raise CopyRefused("this copy is complete already: the service may run on the target.")
        if theirs is None:
            if ours is not None and ours.standing is Standing.MOVED:
                raise CopyRefused(f"{marks.MOVED}, and that is not this target.")
            if full := await self.target.administer(_tables_with_rows):
                raise CopyRefused(f"the target is not empty ({', '.join(full)}); give an empty database.")
            await upgrade(self.target)
        mark = self.new_id if ours is None else ours.id
        if ours is None or ours.standing is Standing.GIVEN_UP:
            with self.source.writing() as source:
                marks.put(source, Mark(mark, marks.SOURCE, Standing.COPYING), self.now())
        await self.target.administer(
            partial(marks.put, mark=Mark(mark, marks.TARGET, Standing.COPYING), now=self.now())
        )
        await self.target.administer(guards.lift)
        return mark

    def _is_frozen(self) -> bool:
        with self.source.snapshot() as source:
            mark = marks.read(source)
        return mark is not None and mark.standing in (Standing.FROZEN, Standing.MOVED)

    async def _pass(self, phase: str, source: Connection) -> dict[str, int]:
        """Make the target equal to the source; return how many rows were written, by table."""
        for table in reversed(TABLES):
            await self._remove_the_gone(source, table)
        return {table.name: await self._write(phase, source, table) for table in TABLES}

    async def _remove_the_gone(self, source: Connection, table: Table) -> None:
        after: rows.Key | None = None
        while keys := await self.target.administer(partial(rows.keys_after, table=table, after=after)):
            gone = set(keys) - rows.present(source, table, keys)
            if gone:
                await self.target.administer(partial(rows.remove, table=table, keys=sorted(gone)))
            after = keys[-1]

    async def _write(self, phase: str, source: Connection, table: Table) -> int:
        total, done, written = rows.count(source, table), 0, 0
        left: list[list[rows.Row]] = []
        for portion in rows.portions(source, table):
            try:
                written += await self.target.administer(partial(rows.write_differing, table=table, rows=portion))
            except IntegrityError:  # a later row has to change first
                left.append(portion)
            done += len(portion)
            self.tell(Progress(phase, table.name, done, total))
        while left:
            again: list[list[rows.Row]] = []
            for portion in left:
                try:
                    written += await self.target.administer(partial(rows.write_differing, table=table, rows=portion))
                except IntegrityError as error:
                    if again or len(left) == 1:
                        raise CopyDiffers(f"{table.name} cannot be written to the target: {error.orig}") from None
                    again.append(portion)
            left = again
        return written

    async def _verify(self, source: Connection, written: dict[str, int]) -> tuple[TableResult, ...]:
        """Read both sides once more, row by row, and compare."""
        results = []
        for table in TABLES:
            total, done, here, there = rows.count(source, table), 0, 0, 0
            for portion in rows.portions(source, table):
                keys = [rows.key_of(table, row) for row in portion]
                found = await self.target.administer(partial(rows.with_keys, table=table, keys=keys))
                here, there = rows.digest(portion, here), rows.digest(list(found.values()), there)
                done += len(portion)
                self.tell(Progress("verify", table.name, done, total))
            at_target = await self.target.administer(partial(rows.count, table=table))
            if here != there or at_target != total:
                raise CopyDiffers(
                    f"{table.name} differs: {total} rows with digest {here:064x} at the source, {at_target} rows "
                    f"with digest {there:064x} at the target; run the same command again."
                )
            results.append(TableResult(table.name, total, written[table.name], f"{here:064x}"))
        return tuple(results)


def _tables_with_rows(connection: Connection) -> list[str]:
    """Return which of our tables have rows; any table that is not ours counts too."""
    names = inspect(connection).get_table_names()
    ours = {table.name for table in TABLES}
    strangers = sorted(set(names) - ours - {"alembic_version"})
    return strangers + [table.name for table in TABLES if table.name in names and rows.count(connection, table)]


def _release(connection: Connection, mark: str, now: datetime) -> None:
    """Put the guards back, let counters go on behind the copied rows, and the service begin."""
    guards.apply(connection)
    for table in TABLES:
        column = table.autoincrement_column
        if column is None or column.foreign_keys:
            continue
        found = connection.execute(
            text("SELECT pg_get_serial_sequence(:table, :column)"), {"table": table.name, "column": column.name}
        ).scalar_one_or_none()
        if found is not None:
            most = connection.execute(select(func.max(column))).scalar_one_or_none()
            if most is not None:
                connection.execute(text("SELECT setval(:counter, :most)"), {"counter": found, "most": most})
    marks.put(connection, Mark(mark, marks.TARGET, Standing.COMPLETE), now)
