"""Idempotency keys: the first request under a key does the work; the key is kept as long as what it made."""

from datetime import datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from risiti.gateway.db.base import ID_LENGTH, Base, CompanyOwned
from risiti.gateway.db.types import UtcDateTime
from risiti.gateway.kernel.errors import Conflict

KEY_LENGTH = 255


class IdempotencyKey(Base, CompanyOwned):
    """A key that a caller sent, the fingerprint of what came with it, and the document that it made."""

    __tablename__ = "idempotency_keys"

    company_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("companies.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(KEY_LENGTH), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    document_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (ForeignKeyConstraint(["company_id", "document_id"], ["documents.company_id", "documents.id"]),)


def find(session: Session, key: str, fingerprint: str) -> str | None:
    """Return the id of the document that this key made, or None when the key is new.

    Raises:
        Conflict: the key came with other content before (`idempotency_key_reuse`).
    """
    kept = session.scalar(select(IdempotencyKey).where(IdempotencyKey.key == key))
    if kept is None:
        return None
    if kept.fingerprint != fingerprint:
        raise Conflict(
            "This Idempotency-Key came with another document before. Use a new key for a new document.",
            code="idempotency_key_reuse",
            about={"document_id": kept.document_id},
        )
    return kept.document_id


def keep(session: Session, company_id: str, key: str, *, fingerprint: str, document_id: str, now: datetime) -> None:
    """Remember, in the transaction that makes the document, which one the key made."""
    session.add(
        IdempotencyKey(company_id=company_id, key=key, fingerprint=fingerprint, document_id=document_id, created_at=now)
    )
