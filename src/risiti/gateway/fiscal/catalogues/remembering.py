"""Remembers what was read of the authority's lists, so that a document costs one look-up however many it is held to.

What is remembered of a list holds for one copy of it, named by when it was fetched; each look-up asks first which
copies there are. A list that is being fetched is seen as it was until all of it is there.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Generic, TypeVar

from sqlalchemy import select

from risiti.gateway.db.session import CompanySession
from risiti.gateway.fiscal.catalogues import keeping
from risiti.gateway.fiscal.catalogues.tables import CatalogueCopy, CatalogueEntry, CatalogueList, GoodsEntry
from risiti.gateway.fiscal.validation.known import Category, Duty, Goods, Known, Wanted
from risiti.gateway.tenancy.environment import Environment
from risiti.gateway.tenancy.tables import Company

T = TypeVar("T")

ENTRIES_REMEMBERED: Final = 20_000
"""Of one list; when it has grown so long, what is remembered of it is forgotten and begun anew."""
COMPANIES_REMEMBERED: Final = 100_000

Owner = str
"""An environment for the authority's own lists, a company for its goods."""
Copies = Mapping[tuple[Owner, CatalogueList], datetime]


@dataclass(slots=True)
class _Entries(Generic[T]):
    """What was read of one copy of a list; None: it has no such entry."""

    fetched_at: datetime
    of_code: dict[str, T | None] = field(default_factory=dict)


class RememberedLists:
    """Looks up what the lists hold of the codes that a document names; one for each process."""

    def __init__(self) -> None:
        self._environments: dict[str, Environment] = {}
        self._whole: dict[tuple[Owner, CatalogueList], tuple[datetime, Mapping[str, str]]] = {}
        self._categories: dict[Owner, _Entries[Category]] = {}
        self._duties: dict[Owner, _Entries[Duty]] = {}

    def known(self, session: CompanySession, wanted: Wanted) -> Known:
        """Return what a check of a document needs of the lists; a list that was never fetched is None."""
        environment = self._environment_of(session)
        copies = _copies(session, environment)
        currencies = self._all(session, copies, environment, CatalogueList.CURRENCIES)
        goods = None
        if (session.company_id, CatalogueList.GOODS) in copies:
            rows = session.execute(select(GoodsEntry.code, GoodsEntry.data).where(GoodsEntry.code.in_(wanted.goods)))
            goods = {code: keeping.read_entry(Goods, data) for code, data in rows}
        return Known(
            units=self._all(session, copies, environment, CatalogueList.UNITS),
            currencies=None if currencies is None else frozenset(currencies),
            categories=_some(
                session, self._categories, copies, environment, CatalogueList.CATEGORIES, wanted.categories, Category
            ),
            duties=_some(session, self._duties, copies, environment, CatalogueList.DUTIES, wanted.duties, Duty),
            goods=goods,
        )

    def _environment_of(self, session: CompanySession) -> Environment:
        """Return a company's environment, which never changes."""
        found = self._environments.get(session.company_id)
        if found is None:
            found = session.get_one(Company, session.company_id).environment
            if len(self._environments) >= COMPANIES_REMEMBERED:
                self._environments.clear()
            self._environments[session.company_id] = found
        return found

    def _all(
        self, session: CompanySession, copies: Copies, environment: Environment, which: CatalogueList
    ) -> Mapping[str, str] | None:
        """Return a list that is short enough to be remembered whole."""
        fetched_at = copies.get((environment.value, which))
        if fetched_at is None:
            return None
        kept = self._whole.get((environment.value, which))
        if kept is None or kept[0] != fetched_at:
            rows = session.execute(
                select(CatalogueEntry.code, CatalogueEntry.data).where(
                    CatalogueEntry.environment == environment, CatalogueEntry.list == which
                )
            )
            kept = fetched_at, {code: data for code, data in rows}  # noqa: C416 - rows are no tuples to mypy
            self._whole[environment.value, which] = kept
        return kept[1]


def _copies(session: CompanySession, environment: Environment) -> Copies:
    rows = session.execute(
        select(CatalogueCopy.owner, CatalogueCopy.list, CatalogueCopy.fetched_at).where(
            CatalogueCopy.owner.in_((environment.value, session.company_id))
        )
    )
    return {(owner, which): fetched_at for owner, which, fetched_at in rows}


def _some(  # noqa: PLR0917 - a list, and what is wanted of it
    session: CompanySession,
    remembered: dict[Owner, _Entries[T]],
    copies: Copies,
    environment: Environment,
    which: CatalogueList,
    codes: Collection[str],
    shape: type[T],
) -> dict[str, T] | None:
    """Return the entries of a list that a document names; only those not seen before are looked up."""
    fetched_at = copies.get((environment.value, which))
    if fetched_at is None:
        return None
    kept = remembered.get(environment.value)
    if kept is None or kept.fetched_at != fetched_at or len(kept.of_code) > ENTRIES_REMEMBERED:
        kept = remembered[environment.value] = _Entries(fetched_at)
    missing = [code for code in codes if code not in kept.of_code]
    if missing:
        rows = session.execute(
            select(CatalogueEntry.code, CatalogueEntry.data).where(
                CatalogueEntry.environment == environment,
                CatalogueEntry.list == which,
                CatalogueEntry.code.in_(missing),
            )
        )
        read = {code: keeping.read_entry(shape, data) for code, data in rows}
        kept.of_code |= {code: read.get(code) for code in missing}
    found = ((code, kept.of_code.get(code)) for code in codes)
    return {code: entry for code, entry in found if entry is not None}
