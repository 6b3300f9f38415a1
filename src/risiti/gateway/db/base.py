"""What all tables share: naming of constraints, and the mark that a row belongs to a company."""

from sqlalchemy import ForeignKey, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
ID_LENGTH = 40
APPEND_ONLY = "append-only"
"""How the database's own refusal begins when somebody changes or deletes a row that is kept for ever."""


class Base(DeclarativeBase):
    """Base of every table."""

    metadata = MetaData(naming_convention=NAMING)


class CompanyOwned:
    """Marks a table whose rows each belong to one company.

    A session that is bound to a company sees only its rows in every read and write (`db/session.py`).
    """

    @declared_attr
    def company_id(cls) -> Mapped[str]:  # noqa: N805 - SQLAlchemy calls it with the class
        """The company that the row belongs to."""
        return mapped_column(String(ID_LENGTH), ForeignKey("companies.id"))
