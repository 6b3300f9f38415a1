"""Fetches what the checks may know of a document: the company's own items, and the authority's lists."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from risiti.gateway.db.database import Database
from risiti.gateway.db.session import CompanySession
from risiti.gateway.fiscal import items
from risiti.gateway.fiscal.strict_json import JsonObject
from risiti.gateway.fiscal.validation.known import NOTHING, Known, Wanted, wanted_of

ReadLists = Callable[[CompanySession, Wanted], Known]
"""A unit of work that looks up what the authority's lists, as we have fetched them, hold of the codes wanted."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Where the checks get what they know; it asks the database only where a document gives a reason to."""

    database: Database
    read_lists: ReadLists | None = None
    """None: no lists are kept here, and nothing is said of what they would hold."""

    async def of(self, company_id: str, document: JsonObject) -> Known:
        """Return what is known of the codes that a document names."""
        wanted = wanted_of(document)
        if self.read_lists is None and not wanted.items:
            return NOTHING
        return await self.database.read_as(company_id, lambda session: self._look_up(session, wanted))

    def _look_up(self, session: CompanySession, wanted: Wanted) -> Known:
        told = items.told_by(session, wanted.items) if wanted.items else {}
        if told and self.read_lists is not None:
            wanted = _with_items(wanted, list(told.values()))
        known = self.read_lists(session, wanted) if self.read_lists is not None else Known()
        return replace(known, items=told)


def _with_items(wanted: Wanted, told: list[JsonObject]) -> Wanted:
    """Add the codes that the items name themselves."""
    named = wanted_of({"lines": list(told)})
    return replace(
        wanted,
        categories=wanted.categories | named.categories,
        duties=wanted.duties | named.duties,
        goods=wanted.goods | named.goods,
    )
