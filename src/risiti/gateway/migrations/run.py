"""Upgrades a database to the present tables, in one transaction; safe to repeat and to run from several processes."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from risiti.gateway.db.database import Database, DatabaseUnavailable
from risiti.gateway.migrations import guards
from risiti.gateway.migrations.refusal import UpgradeRefused

FOLDER: Final = Path(__file__).parent
VERSIONS: Final = "alembic_version"
"""The table that an upgrade makes first of all."""

_LOCK: Final = 0x7269_7369_7469  # "risiti": the number of PostgreSQL's advisory lock for migrations
_WAIT_FOR_OTHERS: Final = "60s"
_WAIT_FOR_TABLES: Final = "2s"
_TRIES: Final = 5


class NewerDatabaseError(UpgradeRefused):
    """The database was upgraded by a newer release than this one. The message says what to do."""


async def upgrade(database: Database) -> None:
    """Bring the tables up to date; does nothing if they are.

    A lock that is not to be had within 2 s is given up, so that nobody queues behind us, and tried for again.

    Raises:
        NewerDatabaseError: this release is older than the database.
        UpgradeRefused: the database's user may not make what row security needs.
        DatabaseUnavailable: it is away, or somebody holds a table for long.
    """
    for last in (False,) * (_TRIES - 1) + (True,):
        try:
            await database.administer(_upgrade)
        except DatabaseUnavailable:
            if last:
                raise
        else:
            return


async def pending(database: Database) -> list[str]:
    """Return the names of the versions that `upgrade` would apply, in order.

    Raises:
        NewerDatabaseError: this release is older than the database.
    """
    return await database.administer(pending_on)


def configuration(connection: Connection) -> Config:
    """Return Alembic's configuration for a connection that is in a transaction."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s")  # the name is in the revision's number already
    config.attributes["connection"] = connection
    return config


def _upgrade(connection: Connection) -> None:
    _wait_for_others(connection)
    if pending_on(connection):
        command.upgrade(configuration(connection), "head")
    if inspect(connection).has_table(VERSIONS) and guards.missing(connection):
        guards.apply(connection)


def _wait_for_others(connection: Connection) -> None:
    """Let one process migrate at a time. SQLite has only one writer anyway."""
    if connection.dialect.name != "postgresql":
        return
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text(f"SET LOCAL lock_timeout = '{_WAIT_FOR_OTHERS}'"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    connection.execute(text(f"SET LOCAL lock_timeout = '{_WAIT_FOR_TABLES}'"))


def pending_on(connection: Connection) -> list[str]:
    """Return what `pending` does, over a connection that is in a transaction."""
    script = ScriptDirectory(str(FOLDER))
    present = MigrationContext.configure(connection).get_current_revision()
    known = [revision.revision for revision in script.walk_revisions()]
    if present is not None and present not in known:
        raise NewerDatabaseError(
            f"the database is at version {present}, which this release of Risiti does not know; install the newer one"
        )
    return list(reversed(known[: known.index(present)] if present else known))
