"""A connection to PostgreSQL whose transactions begin bound: what binds them travels with BEGIN, in one round trip."""

import asyncpg

from risiti.gateway.db.row_security import SYSTEM_ROLE, UNBOUND

_BEGIN = "BEGIN"
_MADE_READY = f"""
SET ROLE {SYSTEM_ROLE};
SET plan_cache_mode = force_generic_plan;
"""
"""The few statements of plain units are planned without their values, and so not each time: planning takes longer than
carrying them out."""
_PLANNED_AS_USUAL = "SET LOCAL plan_cache_mode = DEFAULT;"


class BoundConnection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg has no types
    """Appends `binding` to every BEGIN; whoever takes the connection out of the pool sets it first.

    Once it is ready for plain units (`make_ready`) it stands, outside of transactions, as the role that sees every
    company: a statement alone needs no transaction around it.
    """

    binding: str = UNBOUND
    is_ready: bool = False

    async def execute(self, query: str, *args: object, timeout: float | None = None) -> str:  # noqa: ASYNC109 - asyncpg's signature
        """Execute statements; a BEGIN is followed by what binds its transaction."""
        if query.startswith(_BEGIN):
            query += _PLANNED_AS_USUAL + self.binding
            self.is_ready = self.is_ready and self.binding != UNBOUND  # which outlasts the transaction
        result: str = await super().execute(query, *args, timeout=timeout)
        return result

    async def make_ready(self) -> None:
        """Make it ready for plain units, if it is not."""
        if not self.is_ready:
            await super().execute(_MADE_READY)
            self.is_ready = True

    async def begin_plain(self) -> None:
        """Begin a transaction of a plain unit."""
        await self.make_ready()
        await super().execute(_BEGIN)
