"""What processes share about the authority: breakers and their turns, who works, and the session key of each device."""

from datetime import datetime

from sqlalchemy import BigInteger, Float, ForeignKeyConstraint, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from risiti.gateway.db.base import ID_LENGTH, Base, CompanyOwned
from risiti.gateway.db.types import UtcDateTime, words
from risiti.gateway.resilience.breaker import Phase

SCOPE_LENGTH = 300
PERSON_LENGTH = 120


class BreakerRow(Base):
    """How one breaker stands: `upstream:URL`, `submit:URL`, `query:URL` or `device:ID`; without a row it is closed."""

    __tablename__ = "breakers"

    scope: Mapped[str] = mapped_column(String(SCOPE_LENGTH), primary_key=True)
    phase: Mapped[Phase] = mapped_column(words(Phase), index=True)
    turns: Mapped[int] = mapped_column(Integer)
    failures: Mapped[int] = mapped_column(Integer)
    openings: Mapped[int] = mapped_column(Integer)
    since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    retry_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    prober: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    probe_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text)
    paused_by: Mapped[str | None] = mapped_column(String(PERSON_LENGTH))


class BreakerTurn(Base):
    """One change of a breaker; never changed."""

    __tablename__ = "breaker_turns"

    position: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    scope: Mapped[str] = mapped_column(String(SCOPE_LENGTH), index=True)
    phase: Mapped[Phase] = mapped_column(words(Phase))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text)
    process: Mapped[str] = mapped_column(String(PERSON_LENGTH))
    """Which process made it, or which person."""


class RecoveryEpoch(Base):
    """One recovery from an older state of the database; never changed. See recovery.py."""

    __tablename__ = "recovery_epochs"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    """Until then what is accepted anew is asked about before it is sent, too."""
    reason: Mapped[str] = mapped_column(Text)


class UpstreamClock(Base):
    """The times of one upstream, as seen by any process: its clock, to notice that it jumped; how slow it has been."""

    __tablename__ = "upstream_clocks"

    scope: Mapped[str] = mapped_column(String(SCOPE_LENGTH), primary_key=True)
    offset: Mapped[float] = mapped_column(Float)
    """Seconds that it is ahead of ours."""
    error: Mapped[float] = mapped_column(Float)
    read_at: Mapped[datetime] = mapped_column(UtcDateTime)
    jump: Mapped[float] = mapped_column(Float)
    """By how many seconds it last jumped; 0 if it never did."""
    jump_over_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Until then the quiet period is that much longer."""
    longest_lag: Mapped[float] = mapped_column(Float)
    """The longest time (seconds) after which its lists were seen not to show a document yet; 0: none was seen."""
    longest_processing: Mapped[float] = mapped_column(Float)
    """The longest time (seconds) from a request's time to the upload that it names; 0: none was seen."""


class LiveWorker(Base):
    """A process that speaks to the authority, and when it last said that it lives."""

    __tablename__ = "live_workers"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class LiveLimit(Base):
    """What a process may have under way and send at one upstream, as it last said; shown, and nothing else."""

    __tablename__ = "live_limits"

    worker_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    scope: Mapped[str] = mapped_column(String(SCOPE_LENGTH), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    concurrency: Mapped[int] = mapped_column(Integer)
    """Its share of the messages with documents that may be on the wire."""
    rate: Mapped[float] = mapped_column(Float)
    """Its share of the messages that may leave in a second."""
    sending: Mapped[int] = mapped_column(Integer)
    asking: Mapped[int] = mapped_column(Integer)


class DeviceSession(Base, CompanyOwned):
    """The session key that the authority gave a device, for all processes; sealed under the company's data key."""

    __tablename__ = "device_sessions"

    device_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    version: Mapped[int] = mapped_column(Integer)
    """Grows with every key; 0: there is none yet."""
    key_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    key_fingerprint: Mapped[str] = mapped_column(String(64))
    """Of the device's private key that it was fetched with; another one's session is of no use."""
    obtained_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    previous_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    previous_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    refresher: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    """The process that fetches a new one now."""
    refresh_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    replaced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When a key was last fetched because the one before was refused."""
    hour_began_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    replaced_in_hour: Mapped[int] = mapped_column(Integer, default=0)

    __table_args__ = (ForeignKeyConstraint(["company_id", "device_id"], ["devices.company_id", "devices.id"]),)
