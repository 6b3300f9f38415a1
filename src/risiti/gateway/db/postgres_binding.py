"""A connection to PostgreSQL whose transactions begin bound: what binds them travels with BEGIN, in one round trip."""

import asyncpg

from risiti.gateway.db.row_security import UNBOUND

_BEGIN = "BEGIN"


class BoundConnection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg has no types
    """Appends `binding` to every BEGIN; whoever takes the connection out of the pool sets it first."""

    binding: str = UNBOUND

    async def execute(self, query: str, *args: object, timeout: float | None = None) -> str:  # noqa: ASYNC109 - asyncpg's signature
        """Execute statements; a BEGIN is followed by what binds its transaction."""
        if query.startswith(_BEGIN):
            query += self.binding
        result: str = await super().execute(query, *args, timeout=timeout)
        return result
