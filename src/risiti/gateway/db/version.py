"""Which version of the tables a database has."""

from sqlalchemy import Connection, inspect

_TABLE = "alembic_version"


def schema_version(connection: Connection) -> str | None:
    """Return the version that was applied last; None if none ever was. For `Database.administer`."""
    if not inspect(connection).has_table(_TABLE):
        return None
    return connection.exec_driver_sql(f"SELECT version_num FROM {_TABLE}").scalar()  # noqa: S608 - our own constant
