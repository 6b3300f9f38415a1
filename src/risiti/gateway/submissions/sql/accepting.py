"""Taking documents on, many at a time: each with its content, its event and its key, or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Table

from risiti.gateway.db.insert import Rows, Values
from risiti.gateway.db.raw import Statements, is_postgresql, run, run_each, run_many
from risiti.gateway.events import Event
from risiti.gateway.idempotency import IdempotencyKey
from risiti.gateway.submissions.tables import Document, Revision


@dataclass(frozen=True, slots=True)
class Fresh:
    """One document to take on, as rows; each of them names its company."""

    document: Values
    revision: Values
    event: Values
    key: Values | None


def take_on(session: Statements, fresh: Sequence[Fresh]) -> set[str]:
    """Insert those whose reference and key nobody has used; return their ids.

    What is left out belongs to a document that there is already, and is looked at for itself. Two with the same key
    must not come together.
    """
    documents = _rows(session, Document, [one.document for one in fresh])
    revisions = _rows(session, Revision, [one.revision for one in fresh])
    events = _rows(session, Event, [one.event for one in fresh])
    keys = _rows(session, IdempotencyKey, [one.key for one in fresh if one.key is not None])
    if is_postgresql(session):
        return _at_once(session, documents, revisions, events, keys)
    return _one_by_one(session, fresh, documents, revisions, events, keys)


def _rows(
    session: Statements, owner: type[Document | Revision | Event | IdempotencyKey], rows: Sequence[Values]
) -> Rows:
    table = owner.__table__
    if not isinstance(table, Table):  # for the type checker: each of them is one
        raise TypeError
    return Rows(session, table, rows)


def _at_once(session: Statements, documents: Rows, revisions: Rows, events: Rows, keys: Rows) -> set[str]:
    parameters: list[object] = []

    def given(rows: Rows) -> str:
        expression = f"{rows.unnest(len(parameters) + 1)} AS g({rows.names})"
        parameters.extend(rows.columns)
        return expression

    known = ""
    if keys.count:
        known = f"""
        WHERE NOT EXISTS (
            SELECT 1 FROM {given(keys)} JOIN idempotency_keys k ON k.company_id = g.company_id AND k.key = g.key
            WHERE g.document_id = d.id
        )"""
    source = given(documents).replace(" AS g(", " AS d(")
    statement = f"""
WITH fresh AS (
    INSERT INTO documents ({documents.names}) SELECT {documents.names_of("d")} FROM {source} {known}
    ON CONFLICT DO NOTHING RETURNING id, company_id
), content AS (
    INSERT INTO revisions ({revisions.names}) SELECT {revisions.names_of("g")} FROM {given(revisions)}
    JOIN fresh ON fresh.id = g.document_id AND fresh.company_id = g.company_id
), told AS (
    INSERT INTO events ({events.names}) SELECT {events.names_of("g")} FROM {given(events)}
    JOIN fresh ON fresh.id = g.document_id AND fresh.company_id = g.company_id
)"""
    if keys.count:
        statement += f""", kept AS (
    INSERT INTO idempotency_keys ({keys.names}) SELECT {keys.names_of("g")} FROM {given(keys)}
    JOIN fresh ON fresh.id = g.document_id AND fresh.company_id = g.company_id
)"""
    return {row[0] for row in run(session, f"{statement} SELECT id FROM fresh", parameters)}


def _one_by_one(  # noqa: PLR0917
    session: Statements, fresh: Sequence[Fresh], documents: Rows, revisions: Rows, events: Rows, keys: Rows
) -> set[str]:
    unknown = [one.key is None or not run(session, _KNOWN, (one.key["company_id"], one.key["key"])) for one in fresh]
    insert = f"INSERT INTO documents ({documents.names}) VALUES ({documents.places}) ON CONFLICT DO NOTHING"
    wanted = [row for row, is_new in zip(documents.rows, unknown, strict=True) if is_new]
    changed = iter(run_each(session, insert, wanted))
    taken = [is_new and next(changed) == 1 for is_new in unknown]
    with_key = [is_taken for is_taken, one in zip(taken, fresh, strict=True) if one.key is not None]
    for name, rows, is_taken in (
        ("revisions", revisions, taken),
        ("events", events, taken),
        ("idempotency_keys", keys, with_key),
    ):
        kept = [row for row, keep in zip(rows.rows, is_taken, strict=True) if keep]
        run_many(session, f"INSERT INTO {name} ({rows.names}) VALUES ({rows.places})", kept)
    return {str(one.document["id"]) for one, is_taken in zip(fresh, taken, strict=True) if is_taken}


_KNOWN = "SELECT 1 FROM idempotency_keys WHERE company_id = ? AND key = ?"
