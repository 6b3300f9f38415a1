"""The four helpers that every unit of work goes through."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from risiti.gateway.db.database import Database, DatabaseUnavailable
from risiti.gateway.db.failures import (
    ensure_db_rollback,
    safe_commit,
    with_db_error_handling,
    with_db_error_handling_sync,
)
from risiti.gateway.db.postgresql import PostgresDatabase
from risiti.gateway.kernel.errors import NotFound
from tests.gateway.db.rows import MANGO, a_company
from tests.gateway.observability.lines import logged

pytestmark = pytest.mark.anyio

TOLD = "database.unit_rolled_back"


class _BrokenError(Exception):
    pass


def broken(session: Session) -> None:
    session.add(a_company(MANGO, "1000000000"))
    session.flush()
    raise _BrokenError


async def test_a_failed_unit_is_told_once_with_its_name_and_without_its_rows(database: Database) -> None:
    with logged() as lines:
        for run in (database.read, database.write):
            with pytest.raises(Exception, match=r"^$|readonly|read-only"):
                await run(broken)
    told = [line for line in lines() if line["event"] == TOLD]
    assert [line["unit"] for line in told] == [f"{__name__}.broken"] * 2
    assert MANGO not in str(told)


async def test_a_refusal_to_a_caller_is_no_failure(database: Database) -> None:
    def refuse(_: Session) -> None:
        raise NotFound("There is no such document.")

    with logged() as lines:
        with pytest.raises(NotFound):
            await database.write(refuse)
        with pytest.raises(NotFound):
            await database.read(refuse)
    assert lines() == []


async def test_the_helpers_tell_what_they_run_and_hand_the_failure_on() -> None:
    async def run(_work: object) -> None:
        raise _BrokenError

    def run_now(_work: object) -> None:
        raise _BrokenError

    with logged() as lines:
        with pytest.raises(_BrokenError):
            await with_db_error_handling(run)(broken)
        with pytest.raises(_BrokenError):
            with_db_error_handling_sync(run_now)(broken)
    assert [(line["event"], line["unit"]) for line in lines()] == [(TOLD, f"{__name__}.broken")] * 2


class _Torn(Session):
    """A session whose connection is gone: neither commit nor rollback gets through."""

    def __init__(self) -> None:
        super().__init__()
        self.thrown_away = self.closed = False

    def commit(self) -> None:
        raise _BrokenError("commit")

    def rollback(self) -> None:
        raise ConnectionResetError

    def invalidate(self) -> None:
        self.thrown_away = True

    def close(self) -> None:
        self.closed = True


def test_a_rollback_that_fails_hides_nothing_and_its_connection_is_thrown_away() -> None:
    session = _Torn()
    with pytest.raises(_BrokenError, match="commit"), ensure_db_rollback(session):
        safe_commit(session)
    assert session.thrown_away
    assert session.closed


async def test_a_connection_that_is_cut_in_a_unit_does_not_stay_checked_out(
    postgres_database: PostgresDatabase,
) -> None:
    def cut(session: Session) -> None:
        session.execute(text("RESET ROLE"))  # the one that row security holds may not
        session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    for _ in range(20):  # four times as many as the pool has
        with pytest.raises(DatabaseUnavailable):
            await postgres_database.write(cut)
    assert postgres_database.pool().in_use == 0
