"""A new version of the tables stops nobody: no lock that lasts, nothing that processes of the old release know not."""

from functools import partial

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event

from risiti.gateway.db.postgresql import PostgresDatabase
from risiti.gateway.migrations.online import CONTRACTS, faults
from risiti.gateway.migrations.run import FOLDER, configuration

ON_A_TABLE_IN_USE = [
    "CREATE INDEX ix_documents_tin ON documents (tin)",
    "CREATE UNIQUE INDEX uq_documents_qr ON documents (qr)",
    "ALTER TABLE documents ADD COLUMN till VARCHAR(10) NOT NULL",
    "ALTER TABLE documents ADD CONSTRAINT fk_x FOREIGN KEY(till) REFERENCES tills (id)",
    "ALTER TABLE documents ADD CONSTRAINT ck_x CHECK (gross >= 0)",
    "ALTER TABLE documents ADD CONSTRAINT uq_x UNIQUE (qr)",
    "ALTER TABLE documents ALTER COLUMN fence TYPE BIGINT",
    "ALTER TABLE documents ALTER COLUMN qr SET NOT NULL",
    "ALTER TABLE documents RENAME COLUMN qr TO qr_text",
    "ALTER TABLE documents RENAME TO papers",
    "UPDATE documents SET till = ''",
    "DELETE FROM events WHERE at < now()",
    "LOCK TABLE documents",
    "VACUUM FULL documents",
    "ALTER TABLE documents DROP COLUMN qr",
    "DROP TABLE evidence",
]
HARMLESS = [
    "CREATE TABLE tills (id VARCHAR(40) NOT NULL, PRIMARY KEY (id))",
    "CREATE INDEX ix_tills ON tills (id)",
    "ALTER TABLE tills ADD CONSTRAINT ck_y CHECK (id <> '')",
    "CREATE INDEX CONCURRENTLY ix_documents_tin ON documents (tin)",
    "ALTER TABLE documents ADD COLUMN till VARCHAR(10)",
    "ALTER TABLE documents ADD COLUMN copies INTEGER DEFAULT 0 NOT NULL",
    "ALTER TABLE documents ADD CONSTRAINT ck_x CHECK (gross >= 0) NOT VALID",
    "ALTER TABLE documents VALIDATE CONSTRAINT ck_x",
    "ALTER TABLE documents ADD CONSTRAINT uq_x UNIQUE USING INDEX ix_x",
    "UPDATE alembic_version SET version_num='0002_tills'",
]


@pytest.mark.parametrize("statement", ON_A_TABLE_IN_USE)
def test_what_would_stop_a_running_service_is_refused_with_what_to_do(statement: str) -> None:
    (fault,) = faults([statement])
    assert statement[:60] in fault


def test_what_stops_nobody_is_let_through() -> None:
    assert list(faults(HARMLESS)) == []


def test_what_is_old_may_go_in_a_version_that_says_so() -> None:
    assert list(faults(["ALTER TABLE documents DROP COLUMN qr"], contracts=True)) == []


def statements_of(connection: Connection, revision: str) -> list[str]:
    """Bring a database to one version and return what that took."""
    said: list[str] = []

    def note(*arguments: object) -> None:
        said.append(str(arguments[2]))

    event.listen(connection, "before_cursor_execute", note)
    command.upgrade(configuration(connection), revision)
    event.remove(connection, "before_cursor_execute", note)
    return said


@pytest.mark.anyio
async def test_no_version_after_the_first_would_stop_a_running_service(empty_postgres_url: str) -> None:
    database = PostgresDatabase(empty_postgres_url)
    wrong: list[str] = []
    versions = list(reversed(list(ScriptDirectory(str(FOLDER)).walk_revisions())))
    for place, version in enumerate(versions):
        said = await database.administer(partial(statements_of, revision=version.revision))
        assert said
        if place:
            wrong += faults(said, contracts=bool(getattr(version.module, CONTRACTS, False)))
    await database.close()
    assert wrong == []
