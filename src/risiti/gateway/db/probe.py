"""A sign of life of the database, for health checks."""

from sqlalchemy.orm import Session


def probe(session: Session) -> None:
    """Ask the database the smallest question there is."""
    session.connection().exec_driver_sql("SELECT 1")
