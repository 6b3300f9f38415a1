"""`risiti db check`: is a database fit to be worked on? Each finding says what is so, and what to do if it is wrong."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, inspect, text

from risiti.gateway.migrations import guards, marks
from risiti.gateway.migrations.run import pending_on
from risiti.gateway.tables import Base

OLDEST_POSTGRES: Final = 13
CLOCKS_APART: Final = timedelta(seconds=30)
"""Leases are read by one clock and written by another: beyond this, somebody's clock is wrong."""
SHARE_OF_CONNECTIONS: Final = 0.8
TIME_OUTS: Final = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
"""What PostgreSQL ships switched off; without it one stuck transaction can hold up everybody for ever."""


class Grade(StrEnum):
    """How good or bad a finding is."""

    OK = "ok"
    WARN = "warn"
    """Works, with less safety or speed than there could be."""
    FAIL = "fail"
    """The service will not run, or not safely."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    grade: Grade
    what: str
    fix: str = ""


def examine(connection: Connection, now: datetime, connections: int) -> list[Finding]:
    """Look at a database through a connection in a transaction.

    Args:
        connection: To it.
        now: This process's time.
        connections: The most that one process of the gateway opens.
    """
    found = [_versions(connection)]
    if found[0].grade is Grade.OK:
        found += [_constraints(connection), _guards(connection), _copy(connection)]
    parts = (
        _postgresql(connection, now, connections) if connection.dialect.name == "postgresql" else _sqlite(connection)
    )
    return [*found, *parts]


def without_time_outs(connection: Connection) -> str | None:
    """Say, in a sentence, that time-outs which every connection asks for are not in force; None: they are."""
    if connection.dialect.name != "postgresql":
        return None  # SQLite waits for a lock as long as its own setting says, and has one writer
    off = [name for name in TIME_OUTS if connection.execute(text(f"SHOW {name}")).scalar_one() == "0"]
    if not off:
        return None
    return (
        f"PostgreSQL has {', '.join(off)} switched off although each connection sets it: something in between drops "
        "our settings (PgBouncer: ignore_startup_parameters). Let them through, or ALTER ROLE ... SET them."
    )


def _versions(connection: Connection) -> Finding:
    waiting = pending_on(connection)
    if waiting:
        return Finding("tables", Grade.FAIL, f"not up to date ({', '.join(waiting)})", "run `risiti db upgrade`")
    return Finding("tables", Grade.OK, "up to date")


def _constraints(connection: Connection) -> Finding:
    """Every table, key, check and index of the code is in the database."""
    look = inspect(connection)
    missing: list[str] = []
    for table in Base.metadata.sorted_tables:
        there = {str(one["name"]) for one in look.get_indexes(table.name)}
        there |= {str(one["name"]) for one in look.get_check_constraints(table.name)}
        there |= {str(one["name"]) for one in look.get_unique_constraints(table.name)}
        there |= {str(one["name"]) for one in look.get_foreign_keys(table.name)}
        expected = {str(one.name) for one in table.indexes}
        expected |= {str(one.name) for one in table.constraints if not str(one.name).startswith("pk_")}
        missing += sorted(expected - there)
    if connection.dialect.name == "postgresql":
        missing += _strings(connection, "SELECT conname FROM pg_constraint WHERE NOT convalidated")
        missing += _strings(
            connection,
            "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid",
        )
    if missing:
        fix = "they keep bad states out: restore the database, or add them as the migrations have them"
        return Finding("constraints", Grade.FAIL, f"missing or not valid: {', '.join(missing)}", fix)
    return Finding("constraints", Grade.OK, "all there and valid")


def _guards(connection: Connection) -> Finding:
    """Row security and append-only tables are effective, also when our own code is wrong."""
    if missing := guards.missing(connection):
        return Finding("guards", Grade.FAIL, f"not effective: {', '.join(missing)}", "run `risiti db upgrade`")
    return Finding("guards", Grade.OK, "row security and append-only tables are effective")


def _copy(connection: Connection) -> Finding:
    obstacle = marks.obstacle(connection)
    return Finding("copy", Grade.OK, "none under way") if obstacle is None else Finding("copy", Grade.FAIL, obstacle)


def _postgresql(connection: Connection, now: datetime, connections: int) -> Iterator[Finding]:
    setting = _settings(connection)
    version = int(setting("server_version_num")) // 10_000
    yield _grade(
        "version", version >= OLDEST_POSTGRES, f"PostgreSQL {version}", f"use PostgreSQL {OLDEST_POSTGRES} or newer"
    )
    yield _grade(
        "encoding", setting("server_encoding") == "UTF8", setting("server_encoding"), "make the database with UTF8"
    )
    for name in ("fsync", "full_page_writes"):
        yield _grade(name, setting(name) == "on", setting(name), f"set {name} = on: without it a power cut loses data")
    commit = setting("synchronous_commit")
    yield _grade("synchronous_commit", commit not in ("off", "local"), commit, "set synchronous_commit = on")
    for name in TIME_OUTS:
        fix = f"something between us and PostgreSQL drops our settings: ALTER ROLE ... SET {name}"
        yield _grade(name, setting(name) != "0", setting(name), fix)
    theirs: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    apart = abs(theirs - now)
    what = f"{apart.total_seconds():.1f} s apart"
    yield _grade("clock", apart <= CLOCKS_APART, what, "have both machines keep time (chrony or systemd-timesyncd)")
    most = int(setting("max_connections"))
    processes = int(most * SHARE_OF_CONNECTIONS) // connections
    yield _grade(
        "connections",
        processes > 1,
        f"room for {processes} processes of {connections} connections (max_connections {most})",
        "raise max_connections, or lower DATABASE_CONNECTIONS",
        Grade.WARN,
    )
    yield _login(connection)
    yield _grade(
        "connect",
        not _strings(
            connection, "SELECT 1::text WHERE has_database_privilege('public', current_database(), 'CONNECT')"
        ),
        "any role of this server may connect",
        "matters only if other installations share the server: REVOKE CONNECT ON DATABASE ... FROM PUBLIC",
        Grade.WARN,
    )
    if _strings(connection, "SELECT 1::text WHERE pg_is_in_recovery()"):
        yield Finding("role", Grade.FAIL, "this server is a standby", "give the address of the primary")
    standbys = setting("synchronous_standby_names")
    fix = "an asynchronous failover loses accepted documents; see docs/operations.md"
    yield _grade("standby", bool(standbys), standbys or "no synchronous standby", fix, Grade.WARN)


def _login(connection: Connection) -> Finding:
    """Units of work take roles that row security holds; what else connects with our password is not held by it."""
    passes = _strings(
        connection, "SELECT rolname FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolbypassrls)"
    )
    fix = "connect as a role of its own without SUPERUSER and BYPASSRLS"
    return _grade("role", not passes, "may pass row security by" if passes else "an ordinary one", fix, Grade.WARN)


def _sqlite(connection: Connection) -> Iterator[Finding]:
    for name, wanted, fix in (
        ("journal_mode", "wal", "open it once with this release"),
        ("synchronous", "2", "nothing but this release may set it"),
        ("quick_check", "ok", "the file is damaged: restore it from a backup"),
    ):
        value = ", ".join(_strings(connection, f"PRAGMA {name}"))
        yield _grade(name, value == wanted, value, fix)
    broken = _strings(connection, "PRAGMA foreign_key_check")
    yield _grade("foreign_keys", not broken, f"{len(broken)} broken", "restore the file from a backup")


def _settings(connection: Connection) -> Callable[[str], str]:
    return lambda name: str(connection.execute(text("SELECT current_setting(:name)"), {"name": name}).scalar_one())


def _strings(connection: Connection, query: str) -> list[str]:
    return [str(row[0]) for row in connection.execute(text(query))]


def _grade(name: str, good: bool, what: str, fix: str, otherwise: Grade = Grade.FAIL) -> Finding:  # noqa: FBT001 - read by position at every call
    return Finding(name, Grade.OK, what) if good else Finding(name, otherwise, what, fix)
