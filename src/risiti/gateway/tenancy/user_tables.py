"""Tables of people: users, what they may do in which company, their sign-ins and one-time tokens."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from risiti.gateway.db.base import ID_LENGTH, Base, CompanyOwned
from risiti.gateway.db.types import UtcDateTime, words
from risiti.gateway.tenancy.access import Role


class User(Base):
    """A person. Who it is belongs to no company; what it may do there stands in its memberships."""

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    """In lower case: the name to sign in with."""
    name: Mapped[str] = mapped_column(String(100))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    """Empty until the person has chosen one."""
    is_operator: Mapped[bool] = mapped_column(default=False)
    """May open companies: one of the people who run this gateway."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Membership(CompanyOwned, Base):
    """What a person may do in a company."""

    __tablename__ = "memberships"

    company_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("companies.id"), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("users.id"), primary_key=True, index=True)
    role: Mapped[Role] = mapped_column(words(Role))
    since: Mapped[datetime] = mapped_column(UtcDateTime)


class SignIn(Base):
    """One sign-in of a person, from the password to the sign-out; its tokens are kept as hashes."""

    __tablename__ = "sign_ins"
    __table_args__ = (Index("ix_sign_ins_of_user", "user_id", "ended_at"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("users.id"))
    access_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    access_until: Mapped[datetime] = mapped_column(UtcDateTime)
    refresh_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    refresh_until: Mapped[datetime] = mapped_column(UtcDateTime)
    spent_refresh_hash: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    """The refresh token before the present one: whoever presents it has stolen it, or was robbed of it."""
    address: Mapped[str] = mapped_column(String(64))
    """From where, as requests are counted: in IPv6 the /64."""
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Purpose(StrEnum):
    """What a one-time token is good for."""

    SET_PASSWORD = "set_password"  # noqa: S105 - the name of a purpose


class OneTimeToken(Base):
    """A token that was handed to a person to do one thing once; kept as a hash."""

    __tablename__ = "one_time_tokens"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("users.id"), index=True)
    purpose: Mapped[Purpose] = mapped_column(words(Purpose))
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
