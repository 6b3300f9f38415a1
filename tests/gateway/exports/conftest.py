"""Both databases, each with two companies."""

from tests.gateway.db.conftest import database, postgres_database, sqlite_database

__all__ = ["database", "postgres_database", "sqlite_database"]
