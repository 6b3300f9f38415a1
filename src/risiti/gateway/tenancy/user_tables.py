"""Tables of people: users, what they may do where, second factors, sign-ins and one-time tokens."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String
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
    email_verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it was shown that mail to this address reaches the person."""


class Membership(CompanyOwned, Base):
    """What a person may do in a company."""

    __tablename__ = "memberships"

    company_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("companies.id"), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("users.id"), primary_key=True, index=True)
    role: Mapped[Role] = mapped_column(words(Role))
    since: Mapped[datetime] = mapped_column(UtcDateTime)


class SignIn(Base):
    """One sign-in of a person, from the password to the sign-out; its tokens are kept as hashes.

    A browser's has one token, in a cookie: `access_until` moves on while it is used, `refresh_until` is its end.
    """

    __tablename__ = "sign_ins"
    __table_args__ = (Index("ix_sign_ins_of_user", "user_id", "ended_at"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("users.id"))
    access_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    access_until: Mapped[datetime] = mapped_column(UtcDateTime)
    refresh_hash: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    """Empty: a browser's."""
    refresh_until: Mapped[datetime] = mapped_column(UtcDateTime)
    spent_refresh_hash: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    """The refresh token before the present one: whoever presents it has stolen it, or was robbed of it."""
    address: Mapped[str] = mapped_column(String(64))
    """From where, as requests are counted: in IPv6 the /64."""
    agent: Mapped[str] = mapped_column(String(200), default="")
    """What the program said it was, for the person who looks through their sign-ins."""
    browser_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Of a browser's: the token by which this browser is known again when it signs in the next time."""
    second_factor: Mapped[bool] = mapped_column(default=False)
    """A second factor was shown too."""
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When a browser's was last used, exact to a minute; of the others, when they were last refreshed."""
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SecondFactor(Base):
    """What a person's authenticator app and we share, sealed under a data key of the person's own."""

    __tablename__ = "second_factors"

    user_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("users.id"), primary_key=True)
    data_key: Mapped[bytes] = mapped_column(LargeBinary)
    """Wrapped by the key-encryption key."""
    kek_id: Mapped[str] = mapped_column(String(16))
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Until then nobody is asked for it."""
    last_step: Mapped[int | None] = mapped_column(BigInteger)
    """The time step of the last code that was taken: neither it nor an earlier one is taken again."""
    failures: Mapped[int] = mapped_column(default=0)
    """Wrong codes in a row."""
    failed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RecoveryCode(Base):
    """A code that stands in once for the app; kept as a hash."""

    __tablename__ = "recovery_codes"

    code_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("users.id"), index=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Purpose(StrEnum):
    """What a one-time token is good for."""

    SET_PASSWORD = "set_password"  # noqa: S105 - the name of a purpose
    RESET_PASSWORD = "reset_password"  # noqa: S105 - as above
    """The same for who has forgotten it, and for a shorter time."""
    VERIFY_EMAIL = "verify_email"
    SECOND_STEP = "second_step"
    """The password was right; the second factor is to come."""


class OneTimeToken(Base):
    """A token that was handed to a person to do one thing once; kept as a hash."""

    __tablename__ = "one_time_tokens"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("users.id"), index=True)
    purpose: Mapped[Purpose] = mapped_column(words(Purpose))
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
