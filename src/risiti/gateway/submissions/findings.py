"""Findings of the reconciliation: what differs between the authority's books and ours, until it is explained."""

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, String, Text, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from risiti.gateway.db.base import ID_LENGTH, Base, CompanyOwned
from risiti.gateway.db.types import UtcDateTime, words
from risiti.gateway.kernel.errors import Conflict, NotFound
from risiti.gateway.submissions.comparing import FindingKind


class FindingState(StrEnum):
    """Where a finding stands."""

    OPEN = "open"
    """Somebody has to look."""
    RESOLVED = "resolved"
    """It has come right, or was mended."""
    CLOSED = "closed"
    """A person has dealt with it."""


class Finding(Base, CompanyOwned):
    """One difference; there is never a second row for the same one."""

    __tablename__ = "findings"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    document_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    kind: Mapped[FindingKind] = mapped_column(words(FindingKind))
    fdn: Mapped[str] = mapped_column(String(32))
    reference: Mapped[str] = mapped_column(String(100))
    state: Mapped[FindingState] = mapped_column(words(FindingState))
    detail: Mapped[str] = mapped_column(Text)
    """JSON: the document as the authority has it; of a doubled one the draft of a credit note, or of a cancellation."""
    outcome: Mapped[str | None] = mapped_column(Text)
    """How it ended, in a sentence."""
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("company_id", "kind", "fdn"),
        Index("ix_findings_of_company", "company_id", "id"),
    )


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding as people see it."""

    id: str
    kind: FindingKind
    fdn: str
    reference: str
    document_id: str | None
    state: FindingState
    detail: dict[str, object]
    outcome: str | None
    found_at: datetime
    ended_at: datetime | None


def page(
    session: Session, *, limit: int, after: str | None = None, state: FindingState | None = None
) -> list[FindingView]:
    """Return up to `limit` findings, newest first, after the one whose id is given."""
    found = select(Finding).order_by(Finding.id.desc()).limit(limit)
    if after is not None:
        found = found.where(Finding.id < after)
    if state is not None:
        found = found.where(Finding.state == state)
    return [_view(one) for one in session.scalars(found)]


def count_open(session: Session) -> dict[FindingKind, int]:
    """Return how many of each kind somebody has to look at, in all companies."""
    counted = session.execute(
        select(Finding.kind, func.count()).where(Finding.state == FindingState.OPEN).group_by(Finding.kind)
    )
    return dict.fromkeys(FindingKind, 0) | {kind: number for kind, number in counted}  # noqa: C416 - rows are no tuples


def close(session: Session, now: datetime, finding_id: str, reason: str) -> FindingView:
    """Close a finding that a person has dealt with.

    Raises:
        NotFound: there is none with this id.
        Conflict: it has ended already (`not_open`).
    """
    finding = session.scalar(select(Finding).where(Finding.id == finding_id).with_for_update())
    if finding is None:
        raise NotFound("There is no such finding.")
    if finding.state is not FindingState.OPEN:
        raise Conflict("This finding has ended already.", code="not_open", about={"state": finding.state.value})
    finding.state, finding.outcome, finding.ended_at = FindingState.CLOSED, reason, now
    session.flush()
    return _view(finding)


def _view(one: Finding) -> FindingView:
    return FindingView(
        id=one.id,
        kind=one.kind,
        fdn=one.fdn,
        reference=one.reference,
        document_id=one.document_id,
        state=one.state,
        detail=json.loads(one.detail),
        outcome=one.outcome,
        found_at=one.found_at,
        ended_at=one.ended_at,
    )
