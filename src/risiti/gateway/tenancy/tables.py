"""Tables of companies, their devices, API keys and data keys."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, synonym

from risiti.gateway.db.base import ID_LENGTH, Base, CompanyOwned
from risiti.gateway.db.types import Amount, UtcDateTime, words
from risiti.gateway.tenancy.access import Role
from risiti.gateway.tenancy.environment import Environment
from risiti.gateway.tenancy.rounding import Rounding


class Guard(StrEnum):
    """What we have seen of the authority's own duplicate check for a company (measured, never configured)."""

    UNPROVEN = "unproven"
    PROVEN = "proven"
    """It has refused a reference that it already had."""
    ABSENT = "absent"
    """It has issued two numbers for one reference."""


class DeviceState(StrEnum):
    """Whether documents may be sent through a device."""

    ACTIVE = "active"
    PAUSED = "paused"


class Company(CompanyOwned, Base):
    """A taxpayer in one environment. It owns its own row, so that a company's session sees no other company."""

    __tablename__ = "companies"
    __table_args__ = (
        UniqueConstraint("environment", "tin"),
        CheckConstraint("(firm_id IS NULL) = (firm_role IS NULL)", name="firm_has_a_role"),
        CheckConstraint("firm_role <> 'owner'", name="firm_never_owns"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    company_id: Mapped[str] = synonym("id")
    environment: Mapped[Environment] = mapped_column(words(Environment))
    tin: Mapped[str] = mapped_column(String(20))
    legal_name: Mapped[str] = mapped_column(String(256))
    business_name: Mapped[str] = mapped_column(String(256))
    email: Mapped[str] = mapped_column(String(256))
    phone: Mapped[str] = mapped_column(String(30))
    address: Mapped[str] = mapped_column(String(500))
    vat_registered: Mapped[bool] = mapped_column(default=True)
    """Issues invoices; all others issue receipts, which carry no VAT."""
    rounding: Mapped[Rounding] = mapped_column(words(Rounding), default=Rounding.PER_LINE)
    """The rounding rule of documents that name none."""
    guard: Mapped[Guard] = mapped_column(words(Guard), default=Guard.UNPROVEN)
    auto_resend: Mapped[bool] = mapped_column(default=False)
    """The owner accepts that a lost document is sent again although the authority's duplicate check is not proven."""
    second_person_above: Mapped[Decimal | None] = mapped_column(Amount)
    """In UGX: a held document of more than this is sent again only if two people say so; empty: one is enough."""
    legal_hold_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Since when it is under legal hold, and nothing of it goes; empty: it is not."""
    legal_hold_reason: Mapped[str | None] = mapped_column(Text)
    firm_id: Mapped[str | None] = mapped_column(String(ID_LENGTH), ForeignKey("firms.id"), index=True)
    """The firm to which a role is delegated; empty: to none."""
    firm_role: Mapped[Role | None] = mapped_column(words(Role))
    """The most that the firm's people may do here."""
    firm_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Branch(CompanyOwned, Base):
    """A place of business of a company, as registered with the authority."""

    __tablename__ = "branches"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("company_id", "code"),
        UniqueConstraint("company_id", "authority_id"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    code: Mapped[str] = mapped_column(String(50))
    """The company's own short name of it."""
    name: Mapped[str] = mapped_column(String(500))
    authority_id: Mapped[str | None] = mapped_column(String(18))
    """The authority's id of it; empty: documents do not name it."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Device(CompanyOwned, Base):
    """A device registered with the authority, with its private key: sealed here, or kept by the external signer."""

    __tablename__ = "devices"
    __table_args__ = (
        UniqueConstraint("company_id", "device_no"),
        UniqueConstraint("company_id", "id"),  # what composite foreign keys of other tables point at
        ForeignKeyConstraint(["company_id", "branch_id"], ["branches.company_id", "branches.id"]),
        CheckConstraint("(key_sealed IS NULL) <> (signer IS NULL)", name="key_is_in_one_place"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    device_no: Mapped[str] = mapped_column(String(20))
    state: Mapped[DeviceState] = mapped_column(words(DeviceState), default=DeviceState.ACTIVE)
    paused_reason: Mapped[str | None] = mapped_column(Text)
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    keep_order: Mapped[bool] = mapped_column(default=False)
    """Its documents are sent one after another, in the order in which they were accepted."""
    key_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """PKCS#8 DER under the company's data key (kernel/secrets.py); empty: the external signer keeps the key."""
    signer: Mapped[str | None] = mapped_column(String(64))
    """The key's name at the external signer; empty: we keep it ourselves."""
    key_fingerprint: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the public half (SubjectPublicKeyInfo DER), hexadecimal."""
    key_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When its certificate expires; empty: no certificate came with the key, and nobody said."""
    warned_days: Mapped[int | None] = mapped_column()
    """The last warning of that: so many days before; empty: none yet."""
    branch_id: Mapped[str | None] = mapped_column(String(ID_LENGTH), index=True)
    """The branch in which it stands; empty: in none."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ApiKey(CompanyOwned, Base):
    """A key that a program of the company presents; only a hash of its secret is kept."""

    __tablename__ = "api_keys"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        ForeignKeyConstraint(["company_id", "device_id"], ["devices.company_id", "devices.id"]),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True)
    """The part of the key that may be shown and is looked up."""
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
    environment: Mapped[Environment] = mapped_column(words(Environment))
    scopes: Mapped[str] = mapped_column(Text)
    """Words separated by single spaces, sorted."""
    label: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Exact to a minute."""
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it ends by itself; empty: never."""
    device_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    """The one device through which it may send; empty: all of the company."""
    addresses: Mapped[str] = mapped_column(Text, default="")
    """The networks from which it may be used, separated by single spaces; empty: from everywhere."""
    per_minute: Mapped[int | None] = mapped_column(Integer)
    """Its own limit of requests a minute; empty: the setting."""


class DataKey(CompanyOwned, Base):
    """The key that encrypts one company's secrets, itself wrapped by the key-encryption key."""

    __tablename__ = "data_keys"

    company_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("companies.id"), primary_key=True)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    kek_id: Mapped[str] = mapped_column(String(16))
    """Which key-encryption key wraps it; doubles as the check that the right one was given at start."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
