"""Tables of firms: accountants and resellers, who works in one, and what happened to it."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from risiti.gateway.db.base import ID_LENGTH, Base
from risiti.gateway.db.types import UtcDateTime, words
from risiti.gateway.tenancy.access import FirmRole, Role


class Firm(Base):
    """An accountant or reseller, to whom companies delegate a role; which one stands at the company."""

    __tablename__ = "firms"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    name: Mapped[str] = mapped_column(String(256))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class FirmMember(Base):
    """A person who works in a firm."""

    __tablename__ = "firm_members"

    firm_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("firms.id"), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("users.id"), primary_key=True, index=True)
    role: Mapped[FirmRole] = mapped_column(words(FirmRole))
    at_most: Mapped[Role | None] = mapped_column(words(Role))
    """The most that they may do in a company, whatever the firm may; empty: what the firm may."""
    since: Mapped[datetime] = mapped_column(UtcDateTime)


class FirmEvent(Base):
    """Something that happened to a firm; never changed, never deleted."""

    __tablename__ = "firm_events"
    __table_args__ = (Index("ix_firm_events_of_firm", "firm_id", "id"),)

    position: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    id: Mapped[str] = mapped_column(String(ID_LENGTH), unique=True)
    firm_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("firms.id"))
    name: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(ID_LENGTH))
    """A person's id, or `operator`."""
    data: Mapped[str] = mapped_column(Text)
    """JSON."""
