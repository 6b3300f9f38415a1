"""What the database holds against our own mistakes: row security, rights, and rows that nothing changes or deletes.

None of it is a table, so it stands in no version: it follows from the tables of the code, and every upgrade brings it
up to date.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Table, inspect, text
from sqlalchemy.exc import DBAPIError

from risiti.gateway.db.base import APPEND_ONLY, Base, CompanyOwned
from risiti.gateway.db.row_security import COMPANY_ROLE, SETTING, SYSTEM_ROLE
from risiti.gateway.migrations.refusal import UpgradeRefused

UNCHANGING: Final = frozenset({"events", "evidence", "firm_events", "journal_entries", "revisions"})
"""Tables whose rows are written once: nothing changes or deletes one."""
UNDELETED: Final = frozenset({"attempts", "decisions", "documents"})
"""Tables whose rows change, but are never deleted: what was sent to the authority, and what became of it."""
READ_BY_COMPANIES: Final = frozenset({"catalogue_copies", "catalogue_entries", "users"})
"""Tables that belong to no company and that a company's unit of work may read all the same; it writes none of them."""

_FUNCTION: Final = "risiti_refuse"
_ALL: Final = "SELECT, INSERT, UPDATE, DELETE"


def apply(connection: Connection) -> None:
    """Bring them up to date, for those tables that are there.

    Raises:
        UpgradeRefused: the roles are not there, and this one may not make them.
    """
    if connection.dialect.name == "sqlite":
        for guard in _refusals(connection):
            connection.execute(text(guard.on_sqlite))
        return
    _make_roles(connection)
    for statement in _statements(connection):
        connection.execute(text(statement))


def lift(connection: Connection) -> None:
    """Let rows that are kept for ever be changed, while a copy makes them equal to its source's."""
    on_postgresql = connection.dialect.name == "postgresql"
    for guard in _refusals(connection):
        on_table = f" ON {guard.table}" if on_postgresql else ""
        connection.execute(text(f"DROP TRIGGER IF EXISTS {guard.name}{on_table}"))


def missing(connection: Connection) -> list[str]:
    """Name what is not there, or not effective, in a database whose tables are up to date."""
    if connection.dialect.name == "sqlite":
        there = _strings(connection, "SELECT name FROM sqlite_master WHERE type = 'trigger'")
        return sorted(guard.name for guard in _refusals(connection) if guard.name not in there)
    return [*_missing_roles(connection), *_missing_policies(connection), *_missing_refusals(connection)]


def owned() -> dict[str, str]:
    """Return the tables whose rows belong to a company, each with the column that names it."""
    found = {}
    for mapper in Base.registry.mappers:
        if issubclass(mapper.class_, CompanyOwned) and isinstance(mapper.local_table, Table):
            table = mapper.local_table
            found[table.name] = "company_id" if "company_id" in table.columns else "id"
    return dict(sorted(found.items()))


@dataclass(frozen=True, slots=True)
class _Refusal:
    """A trigger that refuses one kind of statement on one table."""

    table: str
    act: str

    @property
    def name(self) -> str:
        return f"risiti_no_{self.act.lower()}_{self.table}"

    @property
    def on_sqlite(self) -> str:
        return (
            f"CREATE TRIGGER IF NOT EXISTS {self.name} BEFORE {self.act} ON {self.table} "
            f"BEGIN SELECT RAISE(ABORT, '{APPEND_ONLY}: no {self.act} of {self.table}'); END"
        )

    @property
    def on_postgresql(self) -> Iterator[str]:
        each = "STATEMENT" if self.act == "TRUNCATE" else "ROW"
        yield f"DROP TRIGGER IF EXISTS {self.name} ON {self.table}"
        yield (
            f"CREATE TRIGGER {self.name} BEFORE {self.act} ON {self.table} FOR EACH {each} "
            f"EXECUTE FUNCTION {_FUNCTION}()"
        )


def _refusals(connection: Connection) -> Iterator[_Refusal]:
    truncate = ("TRUNCATE",) if connection.dialect.name == "postgresql" else ()
    for table in sorted((UNCHANGING | UNDELETED) & _present(connection)):
        for act in ("DELETE", *truncate, *(("UPDATE",) if table in UNCHANGING else ())):
            yield _Refusal(table, act)


def _present(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names()) & set(Base.metadata.tables)


def _make_roles(connection: Connection) -> None:
    for role in (COMPANY_ROLE, SYSTEM_ROLE):
        try:
            with connection.begin_nested():
                if not _strings(connection, "SELECT 1 FROM pg_roles WHERE rolname = :role", role=role):
                    connection.execute(text(f"CREATE ROLE {role} NOLOGIN NOSUPERUSER NOBYPASSRLS"))
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in _MADE_BY_ANOTHER:
                raise _refused(error) from error
        if not _can_take(connection, role):
            try:
                with connection.begin_nested():
                    connection.execute(text(f"GRANT {role} TO CURRENT_USER"))
            except DBAPIError as error:
                raise _refused(error) from error


_MADE_BY_ANOTHER: Final = frozenset({"23505", "42710"})
"""Roles belong to the whole server: an upgrade of another database was quicker."""


def _can_take(connection: Connection, role: str) -> bool:
    try:
        with connection.begin_nested():
            connection.execute(text(f"SET LOCAL ROLE {role}"))
            connection.execute(text("RESET ROLE"))
    except DBAPIError:
        return False
    return True


def _refused(error: DBAPIError) -> UpgradeRefused:
    return UpgradeRefused(
        f"row security needs two roles that this user may not make or take ({error.orig}). As an administrator: "
        f"CREATE ROLE {COMPANY_ROLE}; CREATE ROLE {SYSTEM_ROLE}; GRANT {COMPANY_ROLE}, {SYSTEM_ROLE} TO the user of "
        "DATABASE_URL; then run `risiti db upgrade` again"
    )


def _statements(connection: Connection) -> Iterator[str]:
    present = _present(connection)
    companies = {table: column for table, column in owned().items() if table in present}
    for table, column in companies.items():
        yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
        yield f"DROP POLICY IF EXISTS one_company ON {table}"
        yield (
            f"CREATE POLICY one_company ON {table} TO {COMPANY_ROLE} "
            f"USING ({column} = current_setting('{SETTING}', true))"
        )
        yield f"DROP POLICY IF EXISTS every_company ON {table}"
        yield f"CREATE POLICY every_company ON {table} TO {SYSTEM_ROLE} USING (true)"
    for table in sorted(present):
        yield f"REVOKE ALL ON {table} FROM {COMPANY_ROLE}, {SYSTEM_ROLE}"
        yield f"GRANT {_rights(table)} ON {table} TO {SYSTEM_ROLE}"
        if table in companies:
            yield f"GRANT {_rights(table)} ON {table} TO {COMPANY_ROLE}"
        elif table in READ_BY_COMPANIES:
            yield f"GRANT SELECT ON {table} TO {COMPANY_ROLE}"
    yield f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {COMPANY_ROLE}, {SYSTEM_ROLE}"
    yield (
        f"CREATE OR REPLACE FUNCTION {_FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION "
        f"'{APPEND_ONLY}: no % of %', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$"
    )
    for guard in _refusals(connection):
        yield from guard.on_postgresql


def _rights(table: str) -> str:
    if table in UNCHANGING:
        return "SELECT, INSERT"
    return _ALL.removesuffix(", DELETE") if table in UNDELETED else _ALL


def _missing_roles(connection: Connection) -> Iterator[str]:
    good = _strings(
        connection,
        "SELECT rolname FROM pg_roles WHERE NOT rolsuper AND NOT rolbypassrls AND NOT EXISTS "
        "(SELECT FROM pg_class c WHERE c.relowner = pg_roles.oid)",
    )
    for role in (COMPANY_ROLE, SYSTEM_ROLE):
        if role not in good or not _can_take(connection, role):
            yield f"role {role}"


def _missing_policies(connection: Connection) -> Iterator[str]:
    secured = _strings(
        connection,
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relrowsecurity",
    )
    policies = _strings(
        connection,
        "SELECT tablename || ' ' || policyname || ' ' || array_to_string(roles, ',') FROM pg_policies "
        "WHERE schemaname = 'public' AND permissive = 'PERMISSIVE' AND cmd = 'ALL'",
    )
    of_companies = _strings(
        connection,
        "SELECT tablename || ' ' || policyname FROM pg_policies "
        "WHERE schemaname = 'public' AND roles && CAST(ARRAY[:role, 'public'] AS name[])",
        role=COMPANY_ROLE,
    )
    present = _present(connection)
    companies = {table: column for table, column in owned().items() if table in present}
    for table in companies:
        wanted = {f"{table} one_company {COMPANY_ROLE}", f"{table} every_company {SYSTEM_ROLE}"}
        if table not in secured or not wanted <= policies:
            yield f"row security of {table}"
    expected = {f"{table} one_company" for table in companies}
    yield from (f"policy {name} is not ours" for name in sorted(of_companies - expected))
    for table in sorted(present):
        for role in (SYSTEM_ROLE, *((COMPANY_ROLE,) if table in companies else ())):
            if not _strings(connection, _GRANTED, role=role, name=table):
                yield f"rights of {role} to {table}"
    for table in sorted(UNCHANGING & present):
        for role in (COMPANY_ROLE, SYSTEM_ROLE):
            if _strings(connection, _MAY_CHANGE, role=role, name=table):
                yield f"{role} may change {table}"


_GRANTED: Final = "SELECT 1 FROM pg_roles WHERE rolname = :role AND has_table_privilege(oid, :name, 'INSERT')"
_MAY_CHANGE: Final = "SELECT 1 FROM pg_roles WHERE rolname = :role AND has_table_privilege(oid, :name, 'UPDATE,DELETE')"


def _missing_refusals(connection: Connection) -> Iterator[str]:
    there = _strings(connection, "SELECT tgname FROM pg_trigger WHERE tgenabled IN ('O', 'A') AND NOT tgisinternal")
    yield from sorted(guard.name for guard in _refusals(connection) if guard.name not in there)


def _strings(connection: Connection, query: str, **parameters: str) -> set[str]:
    return {str(row[0]) for row in connection.execute(text(query), parameters)}
