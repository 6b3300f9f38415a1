"""Keeps what was fetched of the lists; what a check needs of them is in `remembering`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, TypeVar, cast

from pydantic import TypeAdapter
from sqlalchemy import Row, delete, func, select
from sqlalchemy.orm import Session

from risiti.gateway.db.session import CompanySession
from risiti.gateway.fiscal.catalogues.tables import CatalogueCopy, CatalogueEntry, CatalogueList, GoodsEntry
from risiti.gateway.tenancy.environment import Environment
from risiti.gateway.tenancy.tables import Company

T = TypeVar("T")

RATES_LAST: Final = timedelta(days=3)
"""So long an exchange rate is used after it was fetched: a weekend and its Monday."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a list, as fetched.

    Attributes:
        which: Of which list.
        entries: Code -> what is known of it (JSON, or a plain text).
        is_last: The list is complete with it.
        is_whole: What was not seen in this fetching is no longer on the list.
        version: The authority's version of the list.
    """

    which: CatalogueList
    entries: Mapping[str, str]
    is_last: bool
    is_whole: bool = True
    version: str = ""


@dataclass(frozen=True, slots=True)
class CopyView:
    """How fresh our copy of a list is."""

    owner: str
    list: CatalogueList
    version: str
    entries: int
    fetched_at: datetime
    age_hours: float


def keep_lists(session: Session, environment: Environment, parts: Sequence[Part], began: datetime) -> None:
    """Keep parts of the authority's lists; with the last part of a list, drop what is gone from it."""
    for part in parts:
        of_list = (CatalogueEntry.environment == environment, CatalogueEntry.list == part.which)
        for code, data in part.entries.items():
            session.merge(CatalogueEntry(environment=environment, list=part.which, code=code, data=data, seen_at=began))
        session.flush()
        if not part.is_last:
            continue
        if part.is_whole and part.entries:
            session.execute(delete(CatalogueEntry).where(*of_list, CatalogueEntry.seen_at < began))
        count = session.scalar(select(func.count()).select_from(CatalogueEntry).where(*of_list)) or 0
        _note(session, environment.value, part, count, began)


def keep_goods(session: Session, company_id: str, part: Part, began: datetime) -> None:
    """Keep a part of a company's goods; with the last part, drop what is gone."""
    for code, data in part.entries.items():
        session.merge(GoodsEntry(company_id=company_id, code=code, data=data, seen_at=began))
    session.flush()
    if not part.is_last:
        return
    session.execute(delete(GoodsEntry).where(GoodsEntry.company_id == company_id, GoodsEntry.seen_at < began))
    of_company = select(func.count()).select_from(GoodsEntry).where(GoodsEntry.company_id == company_id)
    _note(session, company_id, part, session.scalar(of_company) or 0, began)


def exchange_rates(session: Session, environment: Environment, now: datetime) -> dict[str, Decimal]:
    """Return shillings for one unit of each currency, as the authority last gave them; none if that is too long ago."""
    at = fetched_at(session, environment.value, CatalogueList.RATES)
    if at is None or now - at > RATES_LAST:
        return {}
    rows = session.execute(
        select(CatalogueEntry.code, CatalogueEntry.data).where(
            CatalogueEntry.environment == environment, CatalogueEntry.list == CatalogueList.RATES
        )
    )
    return {code: Decimal(data) for code, data in _pairs(rows).items()}


def copies_of(session: CompanySession, now: datetime) -> list[CopyView]:
    """Return how fresh the copies are that a company's documents are checked by."""
    company = session.get_one(Company, session.company_id)
    owners = (company.environment.value, company.id)
    return [one for one in copies(session, now) if one.owner in owners]


def copies(session: Session, now: datetime) -> list[CopyView]:
    """Return how fresh each copy is."""
    found = session.scalars(select(CatalogueCopy).order_by(CatalogueCopy.owner, CatalogueCopy.list))
    return [
        CopyView(
            one.owner,
            one.list,
            one.version,
            one.entries,
            one.fetched_at,
            round((now - one.fetched_at).total_seconds() / 3_600, 2),
        )
        for one in found
    ]


def version(session: Session, owner: str, which: CatalogueList) -> str:
    """Return the authority's version of our copy; "" if there is none."""
    copy = session.get(CatalogueCopy, (owner, which))
    return "" if copy is None else copy.version


def fetched_at(session: Session, owner: str, which: CatalogueList) -> datetime | None:
    """Return when our copy was fetched; None if there is none."""
    copy = session.get(CatalogueCopy, (owner, which))
    return None if copy is None else copy.fetched_at


def currency_names(session: Session, environment: Environment) -> dict[str, str]:
    """Return the names of currencies by the authority's code for them."""
    rows = session.execute(
        select(CatalogueEntry.data, CatalogueEntry.code).where(
            CatalogueEntry.environment == environment, CatalogueEntry.list == CatalogueList.CURRENCIES
        )
    )
    return _pairs(rows)


def _pairs(rows: Iterable[Row[str, str]]) -> dict[str, str]:
    return {code: data for code, data in rows}  # noqa: C416 - rows are no tuples to mypy


def _note(session: Session, owner: str, part: Part, entries: int, began: datetime) -> None:
    session.merge(CatalogueCopy(owner=owner, list=part.which, version=part.version, entries=entries, fetched_at=began))
    session.flush()


def read_entry(shape: type[T], data: str) -> T:
    """Read what was kept of an entry."""
    reader = _READERS.get(shape)
    if reader is None:
        reader = _READERS[shape] = TypeAdapter(shape)
    return cast("T", reader.validate_json(data))


_READERS: Final[dict[type[object], TypeAdapter[Any]]] = {}
"""Of the few shapes of entries that there are; making one costs more than a thousand readings."""
