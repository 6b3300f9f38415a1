"""What the engine keeps: documents (the queue itself), revisions, attempts, evidence, and the companies' lanes.

The constraints make the bad states impossible to store: a second document under one reference, one fiscal number on
two documents, a second open attempt, a fiscalised document without a number, an absence without evidence.
"""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    literal,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from risiti.gateway.db.base import ID_LENGTH, Base, CompanyOwned
from risiti.gateway.db.types import Amount, UtcDateTime, words
from risiti.gateway.observability.tracing import TRACEPARENT_LENGTH
from risiti.gateway.submissions.choices import Action, DecisionState
from risiti.gateway.submissions.lanes import Priority
from risiti.gateway.submissions.states import DocumentState
from risiti.gateway.tenancy.environment import Environment

REFERENCE_LENGTH = 50


def _of_document() -> ForeignKeyConstraint:
    """Tie a row to a document of its own company: a reference across companies cannot be stored."""
    return ForeignKeyConstraint(["company_id", "document_id"], ["documents.company_id", "documents.id"])


def _where(name: str, state: str, *columns: str) -> Index:
    """Index the documents of one state."""
    condition = text(f"state = '{state}'")
    return Index(name, *columns, sqlite_where=condition, postgresql_where=condition)


class HeldReason(StrEnum):
    """Why a document needs a person."""

    UNDECIDED = "undecided"
    """The authority does not show it, but nothing proves that it is not there. Or we are unable to send it."""
    CONFLICT = "conflict"
    """The authority holds other content under its reference."""
    GIVEN_UP = "given_up"
    """A person has closed it without a number; should the authority turn out to have it, that still wins."""
    PERIOD = "period"
    """The sale lies in a tax period that the authority has closed; re-dating it is a tax decision."""


class Document(Base, CompanyOwned):
    """One document that a seller gave us to fiscalise; its row is also its place in the queue."""

    __tablename__ = "documents"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    device_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    environment: Mapped[Environment] = mapped_column(words(Environment))
    tin: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(32))
    reference: Mapped[str] = mapped_column(String(REFERENCE_LENGTH))
    canonical_reference: Mapped[str] = mapped_column(String(4 * REFERENCE_LENGTH))
    wire_reference: Mapped[str] = mapped_column(String(REFERENCE_LENGTH))
    revision: Mapped[int] = mapped_column(Integer, default=1)

    currency: Mapped[str] = mapped_column(String(3))
    net: Mapped[Decimal] = mapped_column(Amount)
    tax: Mapped[Decimal] = mapped_column(Amount)
    gross: Mapped[Decimal] = mapped_column(Amount)
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    accepted_at: Mapped[datetime] = mapped_column(UtcDateTime)

    priority: Mapped[Priority] = mapped_column(words(Priority), default=Priority.SINGLE)
    turn_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Its place in its device's line (`lanes.turn`); lower is sooner."""
    state: Mapped[DocumentState] = mapped_column(words(DocumentState), default=DocumentState.WAITING)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the engine looks at it next; empty when there is nothing more to do."""
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    fence: Mapped[int] = mapped_column(Integer, default=0)
    """Grows with every claim; a worker whose number is old can write nothing."""
    rides_along: Mapped[bool] = mapped_column(default=False)
    """It was last claimed for the message of another document, which holds the place on the wire for both."""
    not_sent: Mapped[int] = mapped_column(Integer, default=0)
    """How often in a row it provably did not reach the authority; spaces the next tries."""
    doubt_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    asked: Mapped[int] = mapped_column(Integer, default=0)
    """How often the authority was asked about it in the present doubt."""
    negatives: Mapped[int] = mapped_column(Integer, default=0)
    """How many of these answers, given when they could prove something, did not show it."""
    seen: Mapped[bool] = mapped_column(default=False)
    """The authority has said that its reference exists there: it is never sent again."""
    hints: Mapped[str] = mapped_column(Text, default="")
    """Fiscal document numbers that the authority named when it said so, separated by blanks."""
    epoch: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))
    """The last recovery in which the authority was asked about it before it was sent; see recovery.py."""
    resend_signed: Mapped[bool] = mapped_column(default=False)
    """A person has decided that it may be sent again if the authority still does not show it."""

    fdn: Mapped[str | None] = mapped_column(String(32))
    verification_code: Mapped[str | None] = mapped_column(String(32))
    qr: Mapped[str | None] = mapped_column(Text)
    authority_document_id: Mapped[str | None] = mapped_column(String(32))
    fiscalised_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    refusal_code: Mapped[str | None] = mapped_column(String(8))
    """The authority's code; on a document in doubt, a refusal that is not believed yet."""
    refusal_field: Mapped[str | None] = mapped_column(String(200))
    refusal_message: Mapped[str | None] = mapped_column(Text)
    """What is wrong, in our words."""
    refusal_path: Mapped[str | None] = mapped_column(String(200))
    """Where in the seller's document (JSON pointer)."""
    refusal_fix: Mapped[str | None] = mapped_column(Text)
    """What to do about it."""
    refusal_said: Mapped[str | None] = mapped_column(Text)
    """The authority's own words."""
    refusal_is_suspicious: Mapped[bool] = mapped_column(default=False)
    """An earlier attempt of ours, if it got through, can have caused the refusal (it took the stock)."""
    held_reason: Mapped[HeldReason | None] = mapped_column(words(HeldReason))
    receipt_printed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    trace_context: Mapped[str | None] = mapped_column(String(TRACEPARENT_LENGTH))
    """Where its trace begins; empty unless it was accepted while tracing was on."""

    __table_args__ = (
        ForeignKeyConstraint(["company_id", "device_id"], ["devices.company_id", "devices.id"]),
        UniqueConstraint("company_id", "id"),  # what the foreign keys of other tables point at
        UniqueConstraint("environment", "tin", "canonical_reference", name="uq_documents_reference"),
        UniqueConstraint("environment", "tin", "wire_reference", name="uq_documents_wire_reference"),
        Index("uq_documents_fdn", "environment", "fdn", unique=True),
        CheckConstraint("(state = 'fiscalised') = (fdn IS NOT NULL)", name="fiscalised_has_fdn"),
        CheckConstraint("state <> 'sending' OR lease_until IS NOT NULL", name="sending_has_lease"),
        CheckConstraint("(state = 'held') = (held_reason IS NOT NULL)", name="held_has_reason"),
        CheckConstraint("state NOT IN ('waiting', 'in_doubt') OR due_at IS NOT NULL", name="unsettled_is_due"),
        # The queue: each index holds only the documents of one state, so that none grows with what is done.
        _where("ix_documents_waiting", "waiting", "device_id", "turn_at", "id", "due_at"),
        _where("ix_documents_sending", "sending", "company_id", "device_id", "lease_until"),
        _where("ix_documents_in_doubt", "in_doubt", "device_id", "due_at"),
    )

    def forget_refusal(self) -> None:
        """Take back what was noted of a refusal: it does not stand any more."""
        self.refusal_code = self.refusal_field = self.refusal_message = None
        self.refusal_path = self.refusal_fix = self.refusal_said = None
        self.refusal_is_suspicious = False


def is_in(state: DocumentState) -> ColumnElement[bool]:
    """Return the condition that a document is in a state, written out: only so the index of that state is used."""
    return Document.state == literal(state, words(DocumentState), literal_execute=True)


class Lane(Base, CompanyOwned):
    """One company's share of the way to the authority; made when it is first served."""

    __tablename__ = "lanes"

    company_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("companies.id"), primary_key=True)
    weight: Mapped[int] = mapped_column(Integer, default=1)
    """A company of weight 2 gets twice as many turns as one of weight 1, while both wait."""
    most_at_once: Mapped[int | None] = mapped_column(Integer)
    """Most messages of the company on the wire at once; empty: the setting."""
    served: Mapped[float] = mapped_column(Float, default=0.0)
    """How many documents it has had turns for, divided by its weight; see `lanes.FairLine`."""

    __table_args__ = (
        CheckConstraint("weight > 0", name="weight_is_positive"),
        CheckConstraint("most_at_once > 0", name="most_at_once_is_positive"),
    )


class Revision(Base, CompanyOwned):
    """One version of a document's content; never changed. A refused document may get a corrected one."""

    __tablename__ = "revisions"

    document_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    content: Mapped[str] = mapped_column(Text)
    """The seller's document as accepted (JSON)."""
    content_digest: Mapped[str] = mapped_column(String(64))
    closure: Mapped[str] = mapped_column(Text)
    """How its sums were closed (JSON)."""
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    """What is sent to the authority, byte for byte."""
    payload_digest: Mapped[str] = mapped_column(String(64))
    accepted_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (_of_document(),)


class AttemptOutcome(StrEnum):
    """What became of one send on the wire."""

    OPEN = "open"
    """Written before the first byte; not known yet."""
    NOT_SENT = "not_sent"
    """Provably nothing left this machine."""
    NOT_PROCESSED = "not_processed"
    """The authority turned it away before processing (clock, session key, device)."""
    FISCALISED = "fiscalised"
    SEEN = "seen"
    """The authority says that the reference exists already."""
    REFUSED = "refused"
    AMBIGUOUS = "ambiguous"
    """May have been processed."""
    SUPERSEDED = "superseded"
    """Was ambiguous; the document was found at the authority."""
    PRESUMED_ABSENT = "presumed_absent"
    """Was ambiguous; the evidence says that it was never processed."""


class Attempt(Base, CompanyOwned):
    """One send on the wire, written before its first byte."""

    __tablename__ = "attempts"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    document_id: Mapped[str] = mapped_column(String(ID_LENGTH), index=True)
    revision: Mapped[int] = mapped_column(Integer)
    fence: Mapped[int] = mapped_column(Integer)
    exchange_id: Mapped[str] = mapped_column(String(32))
    request_time: Mapped[datetime] = mapped_column(UtcDateTime)
    payload_digest: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[AttemptOutcome] = mapped_column(words(AttemptOutcome), default=AttemptOutcome.OPEN)
    return_code: Mapped[str | None] = mapped_column(String(8))
    detail: Mapped[str | None] = mapped_column(Text)
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
    """What came back when it could not be understood (at most 64 KiB), for the person who has to look."""
    evidence_id: Mapped[str | None] = mapped_column(String(ID_LENGTH), ForeignKey("evidence.id"))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        _of_document(),
        Index(
            "uq_attempts_one_open",
            "document_id",
            unique=True,
            sqlite_where=text("outcome IN ('open', 'ambiguous')"),
            postgresql_where=text("outcome IN ('open', 'ambiguous')"),
        ),
        CheckConstraint("outcome <> 'presumed_absent' OR evidence_id IS NOT NULL", name="absence_has_evidence"),
        Index(  # few attempts have an answer that nobody could read
            "ix_attempts_answer",
            "started_at",
            sqlite_where=text("answer IS NOT NULL"),
            postgresql_where=text("answer IS NOT NULL"),
        ),
    )


class EvidenceKind(StrEnum):
    """What a decision about a document in doubt rests on."""

    SHOWN = "shown"
    """The authority showed documents under the reference."""
    NOT_SHOWN = "not_shown"
    """The authority answered, and showed none."""
    SAID_TO_EXIST = "said_to_exist"
    """The authority refused the reference as already used."""
    PERSON = "person"
    """Somebody decided."""


class Evidence(Base, CompanyOwned):
    """One thing that the authority or a person said about a document; never changed."""

    __tablename__ = "evidence"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    document_id: Mapped[str] = mapped_column(String(ID_LENGTH), index=True)
    kind: Mapped[EvidenceKind] = mapped_column(words(EvidenceKind))
    detail: Mapped[str] = mapped_column(Text)
    """JSON: what was asked, and what was said."""
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (_of_document(),)


class DeadlineAlert(Base, CompanyOwned):
    """A deadline that somebody has been warned of, so that it is told once."""

    __tablename__ = "deadline_alerts"

    company_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("companies.id"), primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    deadline: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    level: Mapped[str] = mapped_column(String(32), primary_key=True)
    told_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Decision(Base, CompanyOwned):
    """What a person has decided about a held document, who and why; never changed but for what became of it."""

    __tablename__ = "decisions"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    document_id: Mapped[str] = mapped_column(String(ID_LENGTH), index=True)
    action: Mapped[Action] = mapped_column(words(Action))
    reason: Mapped[str] = mapped_column(Text)
    fdn: Mapped[str | None] = mapped_column(String(32))
    """Which number is to be adopted."""
    accept_differences: Mapped[str | None] = mapped_column(Text)
    """Why differences that do not touch the money are accepted."""
    decided_by: Mapped[str] = mapped_column(String(120))
    """The person, as the caller named it."""
    decided_with: Mapped[str] = mapped_column(String(ID_LENGTH))
    """The API key that the decision came with, or `operator`."""
    second_by: Mapped[str | None] = mapped_column(String(120))
    second_with: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    fence: Mapped[int] = mapped_column(Integer)
    """The document's when it was decided: a decision about an older state of things does not stand."""
    state: Mapped[DecisionState] = mapped_column(words(DecisionState))
    outcome: Mapped[str | None] = mapped_column(Text)
    """What came of it, in a sentence."""
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (_of_document(),)
