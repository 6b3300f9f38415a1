"""What no unit of work can do: rows that are kept for ever are lost or changed, as by a restore, or by an intruder."""

from collections.abc import Callable

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from risiti.gateway.db.database import Database
from risiti.gateway.migrations import guards


async def strike(database: Database, work: Callable[[Session], None]) -> None:
    """Do it with all guards of the database lifted, and put them back."""

    def run(connection: Connection) -> None:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        else:
            guards.lift(connection)
        with Session(bind=connection, join_transaction_mode="create_savepoint") as session, session.begin():
            work(session)
        if connection.dialect.name != "postgresql":
            guards.apply(connection)

    await database.administer(run)
