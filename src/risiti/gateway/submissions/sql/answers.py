"""Writing down good answers, many at a time: state, number, closed attempt and event, each under its own fence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from risiti.gateway.db.raw import Statements, columns, instant, is_postgresql, run, run_many
from risiti.gateway.submissions.kind import Original


@dataclass(frozen=True, slots=True)
class Good:
    """One document that the authority has given its number."""

    document_id: str
    company_id: str
    fence: int
    attempt_id: str
    original: Original
    event_id: str
    event: str
    """Its data, JSON."""


def fiscalise_all(session: Statements, answers: Sequence[Good], *, name: str, now: datetime) -> dict[str, bool]:
    """Write down what is still ours to write; return for each of these documents whether its device is paused.

    One whose fence has moved on is left out. A number that stands on another document already breaks the whole unit of
    work (`uq_documents_fdn`); it is then settled one by one.
    """
    if is_postgresql(session):
        rows = run(session, _FISCALISE, (*columns([_values(one) for one in answers], 10), name, now))
        return {row[0]: row[1] for row in rows}
    at = instant(session, now)
    ours: dict[str, bool] = {}
    written = []
    for one in answers:
        whose = (one.document_id, one.company_id, one.fence)
        found = run(session, _UPDATE, (*_numbers(one), at, *whose))
        if found:
            written.append(one)
            ours[one.document_id] = bool(run(session, _IS_PAUSED, (found[0][0], one.company_id)))
    run_many(session, _CLOSE, ((at, one.attempt_id, one.company_id, one.document_id) for one in written))
    run_many(session, _TELL, ((one.event_id, one.company_id, one.document_id, name, at, one.event) for one in written))
    return ours


@dataclass(frozen=True, slots=True)
class Resumed:
    """A paused device through which the authority has let a document."""

    device_id: str
    company_id: str
    event_id: str
    event: str
    """Its data, JSON."""


def resume(session: Statements, device: Resumed, *, name: str, now: datetime) -> None:
    """Open a paused lane again, and record it; nothing happens if somebody has done so already."""
    is_ours = run(session, _RESUME[is_postgresql(session)], (device.device_id, device.company_id))
    if is_ours:
        event = (device.event_id, device.company_id, name, instant(session, now), device.event)
        run(session, _TELL_OF_DEVICE[is_postgresql(session)], event)


def _numbers(one: Good) -> tuple[str, str, str, str]:
    original = one.original
    return original.fdn, original.verification_code, original.qr, original.authority_document_id


def _values(one: Good) -> tuple[object, ...]:
    return (
        one.document_id,
        one.company_id,
        one.fence,
        one.attempt_id,
        *_numbers(one),
        one.event_id,
        one.event,
    )


_FISCALISE = """
WITH given AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
        $9::text[], $10::text[]) AS g(document_id, company_id, fence, attempt_id, fdn, code, qr, authority_id, event_id,
        event)
), done AS (
    UPDATE documents d
    SET state = 'fiscalised', due_at = NULL, lease_until = NULL, fdn = g.fdn, verification_code = g.code, qr = g.qr,
        authority_document_id = g.authority_id, fiscalised_at = $12, refusal_code = NULL, refusal_field = NULL,
        refusal_message = NULL, refusal_path = NULL, refusal_fix = NULL, refusal_said = NULL,
        refusal_is_suspicious = false
    FROM given g
    WHERE d.id = g.document_id AND d.company_id = g.company_id AND d.fence = g.fence AND d.state = 'sending'
    RETURNING d.id, d.company_id, d.device_id, g.attempt_id, g.event_id, g.event
), closed AS (
    UPDATE attempts a SET outcome = 'fiscalised', return_code = '00', ended_at = $12
    FROM done
    WHERE a.id = done.attempt_id AND a.company_id = done.company_id AND a.document_id = done.id
), told AS (
    INSERT INTO events (id, company_id, document_id, name, at, data)
    SELECT event_id, company_id, id, $11::text, $12, event FROM done
)
SELECT done.id, v.state = 'paused' FROM done
JOIN devices v ON v.id = done.device_id AND v.company_id = done.company_id
"""
_UPDATE = """
UPDATE documents
SET state = 'fiscalised', due_at = NULL, lease_until = NULL, fdn = ?, verification_code = ?, qr = ?,
    authority_document_id = ?, fiscalised_at = ?, refusal_code = NULL, refusal_field = NULL,
    refusal_message = NULL, refusal_path = NULL, refusal_fix = NULL, refusal_said = NULL,
    refusal_is_suspicious = 0
WHERE id = ? AND company_id = ? AND fence = ? AND state = 'sending'
RETURNING device_id
"""
_IS_PAUSED = "SELECT 1 FROM devices WHERE id = ? AND company_id = ? AND state = 'paused'"
_CLOSE = """
UPDATE attempts SET outcome = 'fiscalised', return_code = '00', ended_at = ?
WHERE id = ? AND company_id = ? AND document_id = ?
"""
_TELL = "INSERT INTO events (id, company_id, document_id, name, at, data) VALUES (?, ?, ?, ?, ?, ?)"
_RESUME = {
    True: "UPDATE devices SET state = 'active', paused_reason = NULL, paused_at = NULL "
    "WHERE id = $1 AND company_id = $2 AND state = 'paused' RETURNING id",
    False: "UPDATE devices SET state = 'active', paused_reason = NULL, paused_at = NULL "
    "WHERE id = ? AND company_id = ? AND state = 'paused' RETURNING id",
}
"""For PostgreSQL (True) and SQLite (False)."""
_TELL_OF_DEVICE = {
    True: "INSERT INTO events (id, company_id, name, at, data) VALUES ($1, $2, $3, $4, $5)",
    False: "INSERT INTO events (id, company_id, name, at, data) VALUES (?, ?, ?, ?, ?)",
}
