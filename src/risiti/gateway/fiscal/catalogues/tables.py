"""Tables of our copies: the authority's lists of an environment, a company's goods, and how fresh each copy is."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from risiti.gateway.db.base import ID_LENGTH, Base, CompanyOwned
from risiti.gateway.db.types import UtcDateTime, words
from risiti.gateway.tenancy.environment import Environment


class CatalogueList(StrEnum):
    """Which list."""

    UNITS = "units"
    CURRENCIES = "currencies"
    RATES = "exchange_rates"
    CATEGORIES = "categories"
    DUTIES = "excise_duties"
    GOODS = "goods"


class CatalogueEntry(Base):
    """One entry of a list of the authority, the same for every company of an environment."""

    __tablename__ = "catalogue_entries"

    environment: Mapped[Environment] = mapped_column(words(Environment), primary_key=True)
    list: Mapped[CatalogueList] = mapped_column(words(CatalogueList), primary_key=True)
    code: Mapped[str] = mapped_column(String(64), primary_key=True)
    data: Mapped[str] = mapped_column(Text)
    """JSON; what is in it depends on the list."""
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When the fetching began that saw it last."""


class GoodsEntry(CompanyOwned, Base):
    """One item as a company has registered it with the authority."""

    __tablename__ = "goods_entries"

    company_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("companies.id"), primary_key=True)
    code: Mapped[str] = mapped_column(String(64), primary_key=True)
    data: Mapped[str] = mapped_column(Text)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CatalogueCopy(Base):
    """How fresh our copy of a list is; `owner` is a company, or an environment for the authority's own lists."""

    __tablename__ = "catalogue_copies"

    owner: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    list: Mapped[CatalogueList] = mapped_column(words(CatalogueList), primary_key=True)
    version: Mapped[str] = mapped_column(String(32))
    """The authority's own version of it, where it has one."""
    entries: Mapped[int] = mapped_column(Integer)
    fetched_at: Mapped[datetime] = mapped_column(UtcDateTime)
