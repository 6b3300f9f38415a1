from collections.abc import Iterable
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, Mapper, mapped_column

import risiti.gateway.tables  # noqa: F401 - loads every table
from risiti.gateway.db.base import Base, CompanyOwned
from tests.architecture.source import our_modules

SHARED: dict[str, str] = {
    "users": "a person may work in several companies, or in none; what they may do there is in memberships",
    "sign_ins": "a person signs in once, not once a company",
    "one_time_tokens": "a person has one password",
    "second_factors": "a person has one phone, sealed under a key of their own",
    "recovery_codes": "as above",
    "firms": "a firm works for many companies; which of them it may enter stands at the company",
    "firm_members": "as above",
    "firm_events": "what happened to a firm; what it did in a company stands in that company's journal",
    "breakers": "what protects an upstream; a device's row says that calls fail, and nothing of what was sent",
    "breaker_turns": "as above",
    "upstream_clocks": "the authority has one clock",
    "live_workers": "processes of ours",
    "live_limits": "as above",
    "recovery_epochs": "one database is restored for all",
    "catalogue_entries": "the authority's lists, the same for every company of an environment",
    "catalogue_copies": "how fresh the lists are; a company's row is read by its own id only",
}
"""Tables without an owner, each with the reason: what it holds belongs to no company."""


def _unowned(mappers: Iterable[Mapper[Any]]) -> list[str]:
    """Return the tables that a session bound to one company would show to every company."""
    return sorted(
        str(mapper.local_table)
        for mapper in mappers
        if not issubclass(mapper.class_, CompanyOwned) and str(mapper.local_table) not in SHARED
    )


def test_every_table_belongs_to_a_company() -> None:
    assert _unowned(Base.registry.mappers) == []


def test_a_table_that_nobody_owns_is_found() -> None:
    class PlantedBase(DeclarativeBase):
        pass

    class Company(PlantedBase, CompanyOwned):
        __tablename__ = "companies"
        id: Mapped[str] = mapped_column(String(40), primary_key=True)

    class Planted(PlantedBase):
        __tablename__ = "planted"
        id: Mapped[str] = mapped_column(String(40), primary_key=True)
        company_id: Mapped[str] = mapped_column(ForeignKey("companies.id"))

    assert issubclass(Company, CompanyOwned)
    assert _unowned(PlantedBase.registry.mappers) == ["planted"]


def test_every_table_is_a_mapped_class_because_the_company_filter_sees_no_others() -> None:
    mapped = {mapper.local_table for mapper in Base.registry.mappers}
    assert set(Base.metadata.tables.values()) == mapped


def test_every_table_in_the_source_is_known_to_the_migrations() -> None:
    loaded = {mapper.class_.__module__ for mapper in Base.registry.mappers}
    declaring = {our.name for our in our_modules() if our.is_in(("risiti.gateway",)) and "__tablename__ =" in our.text}
    assert declaring == loaded
