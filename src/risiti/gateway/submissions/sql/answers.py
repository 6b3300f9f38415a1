"""Writing down good answers, many at a time: state, number, closed attempt and event, each under its own fence."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from risiti.gateway.db.raw import Statements, columns, instant, is_postgresql, run, run_many
from risiti.gateway.db.signals import Channel
from risiti.gateway.submissions.kind import Original


@dataclass(frozen=True, slots=True)
class Good:
    """One document that the authority has given its number."""

    document_id: str
    company_id: str
    device_id: str
    fence: int
    attempt_id: str
    original: Original
    event_id: str
    event: str
    """Its data, JSON."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the events are called, and what those of a device that is let in again are made of."""

    fiscalised: str
    resumed: str
    new_id: Callable[[], str]
    """Of an event."""
    about_device: Callable[[str], str]
    """The data, JSON, of an event of the device with this id."""


def fiscalise_all(
    session: Statements, answers: Sequence[Good], told: Told, *, now: datetime, aloud: bool = False
) -> set[str]:
    """Write down what is still ours to write; return the ids of these documents. On PostgreSQL it is one statement.

    A paused device through which the authority has let a document is open again. What lost its fence is left out.
    A number that stands on another document already breaks the whole unit of work (`uq_documents_fdn`); it is then
    settled one by one. `aloud`: the statement also tells who waits for them.
    """
    if is_postgresql(session):
        return _at_once(session, answers, told, now, aloud=aloud)
    at = instant(session, now)
    written, paused = [], []
    for one in answers:
        if device := run(session, _UPDATE, (*_numbers(one), at, *_whose(one))):
            written.append(one)
            if device[0][0] == one.device_id and run(session, _IS_PAUSED, (one.device_id, one.company_id)):
                paused.append(one)
    run_many(session, _CLOSE, ((at, one.attempt_id, one.company_id, one.document_id) for one in written))
    events = [(one.event_id, one.company_id, one.document_id, told.fiscalised, at, one.event) for one in written]
    run_many(session, _TELL, events)
    for one in paused:
        event = (told.new_id(), one.company_id, None, told.resumed, at, told.about_device(one.device_id))
        if run(session, _RESUME, (one.device_id, one.company_id)):  # not if a document before it has done so
            run_many(session, _TELL, [event])
    return {one.document_id for one in written}


def _at_once(session: Statements, answers: Sequence[Good], told: Told, now: datetime, *, aloud: bool) -> set[str]:
    devices = {one.device_id: one.company_id for one in answers}
    ofs = [(device, company, told.new_id(), told.about_device(device)) for device, company in devices.items()]
    given = (*columns([_values(one) for one in answers], 10), *columns(ofs, 4), told.fiscalised, told.resumed, now)
    return {row[0] for row in run(session, _FISCALISE_ALOUD if aloud else _FISCALISE, given)}


def _whose(one: Good) -> tuple[str, str, int]:
    return one.document_id, one.company_id, one.fence


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


_FISCALISING = """
WITH given AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
        $9::text[], $10::text[]) AS g(document_id, company_id, fence, attempt_id, fdn, code, qr, authority_id, event_id,
        event)
), done AS (
    UPDATE documents d
    SET state = 'fiscalised', due_at = NULL, lease_until = NULL, fdn = g.fdn, verification_code = g.code, qr = g.qr,
        authority_document_id = g.authority_id, fiscalised_at = $17, refusal_code = NULL, refusal_field = NULL,
        refusal_message = NULL, refusal_path = NULL, refusal_fix = NULL, refusal_said = NULL,
        refusal_is_suspicious = false
    FROM given g
    WHERE d.id = g.document_id AND d.company_id = g.company_id AND d.fence = g.fence AND d.state = 'sending'
    RETURNING d.id, d.company_id, d.device_id, g.attempt_id, g.event_id, g.event
), closed AS (
    UPDATE attempts a SET outcome = 'fiscalised', return_code = '00', ended_at = $17
    FROM done
    WHERE a.id = done.attempt_id AND a.company_id = done.company_id AND a.document_id = done.id
), resumed AS (
    UPDATE devices v SET state = 'active', paused_reason = NULL, paused_at = NULL
    FROM unnest($11::text[], $12::text[], $13::text[], $14::text[]) AS r(device_id, company_id, event_id, event)
    WHERE v.id = r.device_id AND v.company_id = r.company_id AND v.state = 'paused'
        AND EXISTS (SELECT 1 FROM done WHERE done.device_id = v.id AND done.company_id = v.company_id)
    RETURNING v.company_id, r.event_id, r.event
), told AS (
    INSERT INTO events (id, company_id, document_id, name, at, data)
    SELECT event_id, company_id, id, $15::text, $17, event FROM done
    UNION ALL
    SELECT event_id, company_id, NULL, $16::text, $17, event FROM resumed
)
SELECT id{said} FROM done
"""
_FISCALISE_ALOUD = _FISCALISING.format(said=f", pg_notify('{Channel.MOVED}', id)::text")
_FISCALISE = _FISCALISING.format(said="")
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
_RESUME = """
UPDATE devices SET state = 'active', paused_reason = NULL, paused_at = NULL
WHERE id = ? AND company_id = ? AND state = 'paused' RETURNING id
"""
