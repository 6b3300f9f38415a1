"""The one table of the journal: which event is which entry of its company's chain, and the entry's hash."""

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from risiti.gateway.db.base import ID_LENGTH, Base, CompanyOwned


class JournalEntry(CompanyOwned, Base):
    """An event's place in its company's chain; never changed, never deleted."""

    __tablename__ = "journal_entries"

    company_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("companies.id"), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """1 for the company's first entry; there are no gaps."""
    position: Mapped[int] = mapped_column(BigInteger, unique=True)
    """The event's (`events.position`)."""
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    """Of this entry and, through the one before, of all before it."""
