"""Taking documents on, many at a time: each with its content, its event and its key, or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from sqlalchemy import Table

from risiti.gateway.db.insert import Plan, Rows, Values
from risiti.gateway.db.raw import Statements, is_postgresql, run, run_each, run_many
from risiti.gateway.db.signals import Channel
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


@dataclass(frozen=True, slots=True)
class Able:
    """Devices through which documents may go, as a query that runs within the statement that inserts these."""

    query: str
    """Returns `id` and `company_id` of devices; its parameters are numbered from 1."""
    parameters: Sequence[object]


@dataclass(frozen=True, slots=True)
class TakenOn:
    """What one statement has found and made."""

    documents: frozenset[str]
    devices: frozenset[str]
    """Those that were able to."""


def take_on(session: Statements, fresh: Sequence[Fresh]) -> set[str]:
    """Insert those whose reference and key nobody has used; return their ids.

    What is left out belongs to a document that there is already, and is looked at for itself. Two with the same key
    must not come together.
    """
    rows = _all_rows(session, fresh)
    if not is_postgresql(session):
        return _one_by_one(session, fresh, *rows)
    found = run(session, _insertion(tuple(one.plan for one in rows), "", 1), _parameters(rows))
    return {row[0] for row in found}


def take_on_at_once(session: Statements, fresh: Sequence[Fresh], able: Able, *, aloud: bool = False) -> TakenOn:
    """Do the same on PostgreSQL, in one statement, for those whose device is among the `able` ones.

    `aloud`: workers are told of the devices by the same statement.
    """
    rows = _all_rows(session, fresh)
    plans = tuple(one.plan for one in rows)
    statement = _insertion(plans, able.query, len(able.parameters) + 1, aloud=aloud)
    found = run(session, statement, [*able.parameters, *_parameters(rows)])
    return TakenOn(frozenset(row[1] for row in found if row[1] is not None), frozenset(row[0] for row in found))


_Rows: TypeAlias = tuple[Rows, Rows, Rows, Rows]
"""Of documents, revisions, events and keys."""


def _all_rows(session: Statements, fresh: Sequence[Fresh]) -> _Rows:
    return (
        _rows(session, Document, [one.document for one in fresh]),
        _rows(session, Revision, [one.revision for one in fresh]),
        _rows(session, Event, [one.event for one in fresh]),
        _rows(session, IdempotencyKey, [one.key for one in fresh if one.key is not None]),
    )


def _rows(
    session: Statements, owner: type[Document | Revision | Event | IdempotencyKey], rows: Sequence[Values]
) -> Rows:
    table = owner.__table__
    if not isinstance(table, Table):  # for the type checker: each of them is one
        raise TypeError
    return Rows(session, table, rows)


def _parameters(rows: _Rows) -> list[object]:
    documents, revisions, events, keys = rows
    return [column for one in (documents, keys, revisions, events) if one.count for column in one.columns]


@cache
def _insertion(plans: tuple[Plan, ...], able: str, first: int, *, aloud: bool = False) -> str:
    """Return the statement for rows with these columns; their parameters are numbered from `first`."""
    documents, revisions, events, keys = plans
    of_keys = first + len(documents.names)
    of_revisions = of_keys + len(keys.names)
    of_events = of_revisions + len(revisions.names)

    def given(plan: Plan, number: int) -> str:
        return f"{plan.unnest(number)} AS g({', '.join(plan.names)})"

    def insert(table: str, plan: Plan, number: int) -> str:
        return f"""
    INSERT INTO {table} ({", ".join(plan.names)}) SELECT {plan.names_of("g")} FROM {given(plan, number)}
    JOIN fresh ON fresh.id = g.document_id AND fresh.company_id = g.company_id
"""

    conditions = []
    if able:
        conditions.append("EXISTS (SELECT 1 FROM able WHERE able.id = d.device_id AND able.company_id = d.company_id)")
    if keys.names:
        conditions.append(f"""NOT EXISTS (
            SELECT 1 FROM {given(keys, of_keys)}
            JOIN idempotency_keys k ON k.company_id = g.company_id AND k.key = g.key
            WHERE g.document_id = d.id
        )""")
    names = ", ".join(documents.names)
    source = f"{documents.unnest(first)} AS d({names})"
    parts = {
        **({"able": able} if able else {}),
        "fresh": f"""
    INSERT INTO documents ({names}) SELECT {documents.names_of("d")} FROM {source}
    {"WHERE" if conditions else ""} {" AND ".join(conditions)}
    ON CONFLICT DO NOTHING RETURNING id, company_id, device_id
""",
        "content": insert("revisions", revisions, of_revisions),
        "told": insert("events", events, of_events),
        **({"kept": insert("idempotency_keys", keys, of_keys)} if keys.names else {}),
    }
    found = "id FROM fresh"
    if able:
        say = f", CASE WHEN fresh.id IS NOT NULL THEN pg_notify('{Channel.WORK}', fresh.device_id)::text END"
        found = f"able.id, fresh.id{say if aloud else ''} FROM able LEFT JOIN fresh ON fresh.device_id = able.id"
    return f"WITH {', '.join(f'{name} AS ({text})' for name, text in parts.items())} SELECT {found}"


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
