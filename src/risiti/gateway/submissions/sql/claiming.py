"""Claiming: out of the line, under a lease and a fence, with the attempt written ahead; one statement on PostgreSQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from risiti.gateway.db.raw import Statements, columns, instant, is_postgresql, run, run_many
from risiti.gateway.submissions.lanes import Turn
from risiti.gateway.submissions.sql.look import DueDevice


@dataclass(frozen=True, slots=True)
class Mark:
    """What makes one attempt recognisable: its row and its call on the wire."""

    attempt_id: str
    exchange_id: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a worker wants to claim."""

    turns: Sequence[Turn]
    devices: Mapping[str, DueDevice]
    caps: Mapping[str, int]
    """For each device the most documents that may be on the wire at once, over all processes."""
    request_times: Mapping[str, datetime]
    """For each device the time by the authority's clock, for requests that are sent now."""
    marks: Sequence[Mark]
    """As many as places were handed out, or more."""
    now: datetime
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class Taken:
    """A document that is now being sent by this worker."""

    document_id: str
    company_id: str
    device_id: str
    kind: str
    fence: int
    wire_reference: str
    priority: str
    payload: bytes
    content: str
    attempt_id: str
    exchange_id: str
    request_time: datetime


@dataclass(frozen=True, slots=True)
class TakenAtOnce:
    """What one statement could take."""

    taken: list[Taken]
    left: Sequence[Turn]
    """Turns that need `take`, in a transaction: others claim of these companies, or have since they were looked at."""


def fits_one_statement(turns: Sequence[Turn], devices: Mapping[str, DueDevice]) -> bool:
    """Tell whether `take_at_once` can take these turns: every lane is there, and all keep their order, or none does."""
    served = [devices[device_id] for turn in turns for device_id in turn.devices]
    return len({one.in_order for one in served}) == 1 and all(one.has_lane for one in served)


def take_at_once(session: Statements, asked: Asked) -> TakenAtOnce:
    """Do what `take` does in one statement, which needs no transaction around it; for what `fits_one_statement`.

    What such a statement counts is as old as its beginning, not as the lock. So it takes of a company only if nobody
    has claimed of it since it was looked at: every claim makes the lane's count of turns larger.
    """
    if not is_postgresql(session):  # there a transaction has the file for itself from its beginning
        return TakenAtOnce(take(session, asked), ())
    wanted = _wanted(asked, asked.turns)
    devices = [asked.devices[one.device_id] for one in wanted]
    seen = {one.company_id: one.served for one in devices}
    statement = _TAKE_IN_ORDER_AT_ONCE if devices[0].in_order else _TAKE_AT_ONCE
    given = (*_given(asked, asked.turns, wanted, asked.marks), [seen[turn.company_id] for turn in asked.turns])
    rows = run(session, statement, given)
    ours = {row[0] for row in rows}
    return TakenAtOnce(
        [Taken(*row[1:]) for row in rows if row[1] is not None],
        [turn for turn in asked.turns if turn.company_id not in ours],
    )


def take(session: Statements, asked: Asked) -> list[Taken]:
    """Move documents from WAITING to SENDING, each with its attempt; nobody else can have them.

    A company's lane is locked first, so that what its cap and its order allow is counted while nobody changes it. On
    PostgreSQL lanes and documents that somebody else is working on are passed over, not waited for.
    """
    _make_lanes(session, asked)
    turns = _lock_lanes(session, asked.turns)
    take_some = _take_in_transaction if is_postgresql(session) else _take_one_by_one
    taken: list[Taken] = []
    for in_order in (False, True):
        wanted = [one for one in _wanted(asked, turns) if asked.devices[one.device_id].in_order is in_order]
        if wanted:
            taken += take_some(session, asked, turns, wanted, asked.marks[len(taken) :], in_order=in_order)
    return taken


@dataclass(frozen=True, slots=True)
class _Wanted:
    device_id: str
    company_id: str
    most: int
    cap: int
    request_time: datetime


def _wanted(asked: Asked, turns: Sequence[Turn]) -> list[_Wanted]:
    return [
        _Wanted(device_id, turn.company_id, most, asked.caps[device_id], asked.request_times[device_id])
        for turn in turns
        for device_id, most in turn.devices.items()
    ]


def _make_lanes(session: Statements, asked: Asked) -> None:
    new = sorted({one.company_id for one in asked.devices.values() if not one.has_lane})
    if new and is_postgresql(session):
        run(session, _MAKE_LANES, (new,))
    elif new:
        run_many(
            session, "INSERT INTO lanes (company_id, weight, served) VALUES (?, 1, 0) ON CONFLICT DO NOTHING", zip(new)
        )


_MAKE_LANES = """
INSERT INTO lanes (company_id, weight, served)
SELECT n.company_id, 1, 0 FROM unnest($1::text[]) AS n(company_id) ON CONFLICT DO NOTHING
"""


def _lock_lanes(session: Statements, turns: Sequence[Turn]) -> list[Turn]:
    if not is_postgresql(session):  # there the one writer is the lock
        return list(turns)
    ours = {row[0] for row in run(session, _LOCK_LANES, ([turn.company_id for turn in turns],))}
    return [turn for turn in turns if turn.company_id in ours]


_LOCK_LANES = """
SELECT company_id FROM lanes WHERE company_id = ANY($1::text[]) ORDER BY company_id FOR NO KEY UPDATE SKIP LOCKED
"""


# ---------------------------------------------------------------- PostgreSQL


def _take_in_transaction(
    session: Statements,
    asked: Asked,
    turns: Sequence[Turn],
    wanted: Sequence[_Wanted],
    marks: Sequence[Mark],
    *,
    in_order: bool,
) -> list[Taken]:
    statement = _TAKE_IN_ORDER if in_order else _TAKE
    return [Taken(*row) for row in run(session, statement, _given(asked, turns, wanted, marks))]


def _given(asked: Asked, turns: Sequence[Turn], wanted: Sequence[_Wanted], marks: Sequence[Mark]) -> tuple[object, ...]:
    devices = columns([(one.device_id, one.company_id, one.most, one.cap, one.request_time) for one in wanted], 5)
    companies = columns([(turn.company_id, turn.most, turn.weight, turn.served) for turn in turns], 4)
    ids = columns([(mark.attempt_id, mark.exchange_id) for mark in marks], 2)
    return (*devices, *companies, asked.now, asked.lease_until, *ids)


_FREE = """
    SELECT w.company_id, w.request_time, d.id, d.turn_at
    FROM wanted w CROSS JOIN LATERAL (
        SELECT d.id, d.turn_at FROM documents d
        WHERE d.state = 'waiting' AND d.device_id = w.device_id AND d.company_id = w.company_id AND d.due_at <= $10
        ORDER BY d.turn_at, d.id
        LIMIT greatest(0, least(w.most, w.cap - (
            SELECT count(*) FROM documents s
            WHERE s.state = 'sending' AND s.company_id = w.company_id AND s.device_id = w.device_id
        ))) FOR UPDATE SKIP LOCKED
    ) d
"""
# The head of the line or nothing: not the second one while the first waits for another try, is being sent, is in doubt,
# or is just being withdrawn by somebody else.
_HEADS = """
    SELECT w.company_id, w.request_time, d.id, d.turn_at
    FROM wanted w CROSS JOIN LATERAL (
        SELECT d.id, d.turn_at FROM documents d
        WHERE d.state = 'waiting' AND d.company_id = w.company_id AND d.due_at <= $10 AND d.id = (
            SELECT h.id FROM documents h
            WHERE h.state = 'waiting' AND h.device_id = w.device_id ORDER BY h.turn_at, h.id LIMIT 1
        )
        FOR UPDATE SKIP LOCKED
    ) d
    WHERE NOT EXISTS (
        SELECT 1 FROM documents s
        WHERE s.state = 'sending' AND s.company_id = w.company_id AND s.device_id = w.device_id
    ) AND NOT EXISTS (SELECT 1 FROM documents s WHERE s.state = 'in_doubt' AND s.device_id = w.device_id)
"""
_LANES = """
lane AS (
    SELECT c.company_id, c.weight, c.served,
        c.most - (SELECT count(*) FROM documents s WHERE s.state = 'sending' AND s.company_id = c.company_id) AS room
    FROM unnest($6::text[], $7::int[], $8::int[], $9::float8[]) AS c(company_id, most, weight, served)
), wanted AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::timestamptz[])
        AS w(device_id, company_id, most, cap, request_time)
)"""
# A lane that somebody has changed since this statement began is looked at again, as it is now, before it is locked. So
# where its count is the one that was seen, all claims before this one were committed when the statement began.
_LANES_AS_SEEN = """
held AS (
    SELECT c.company_id, c.most, c.weight, c.served
    FROM unnest($6::text[], $7::int[], $8::int[], $9::float8[], $14::float8[])
        AS c(company_id, most, weight, served, seen)
    JOIN lanes l ON l.company_id = c.company_id AND l.served = c.seen
    ORDER BY l.company_id FOR NO KEY UPDATE OF l SKIP LOCKED
), lane AS (
    SELECT h.company_id, h.weight, h.served,
        h.most - (SELECT count(*) FROM documents s WHERE s.state = 'sending' AND s.company_id = h.company_id) AS room
    FROM held h
), wanted AS (
    SELECT w.* FROM unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::timestamptz[])
        AS w(device_id, company_id, most, cap, request_time)
    JOIN held ON held.company_id = w.company_id
)"""
_TAKE_FROM = """
WITH {lanes}, candidate AS ({candidates}
), chosen AS (
    SELECT c.id, c.company_id, c.request_time, row_number() OVER (ORDER BY c.place, c.id) AS number
    FROM (SELECT *, row_number() OVER (PARTITION BY company_id ORDER BY turn_at, id) AS place FROM candidate) c
    JOIN lane ON lane.company_id = c.company_id
    WHERE c.place <= lane.room
), mark AS (
    SELECT * FROM unnest($12::text[], $13::text[]) WITH ORDINALITY AS m(attempt_id, exchange_id, number)
), taken AS (
    UPDATE documents d
    SET state = 'sending', due_at = NULL, fence = d.fence + 1, lease_until = $11
    FROM chosen JOIN mark ON mark.number = chosen.number
    WHERE d.id = chosen.id AND d.company_id = chosen.company_id AND d.state = 'waiting'
    RETURNING d.id, d.company_id, d.device_id, d.kind, d.fence, d.wire_reference, d.priority, d.revision,
        mark.attempt_id, mark.exchange_id, chosen.request_time
), content AS (
    SELECT t.*, r.payload, r.content, r.payload_digest FROM taken t
    JOIN revisions r ON r.document_id = t.id AND r.number = t.revision AND r.company_id = t.company_id
), opened AS (
    INSERT INTO attempts (id, company_id, document_id, revision, fence, exchange_id, request_time, payload_digest,
        outcome, started_at)
    SELECT attempt_id, company_id, id, revision, fence, exchange_id, request_time, payload_digest, 'open', $10
    FROM content
), counted AS (
    UPDATE lanes l SET served = lane.served + t.number::float8 / lane.weight
    FROM lane JOIN (SELECT company_id, count(*) AS number FROM taken GROUP BY company_id) t
        ON t.company_id = lane.company_id
    WHERE l.company_id = lane.company_id
)
SELECT {ours}id, company_id, device_id, kind, fence, wire_reference, priority, payload, content, attempt_id,
    exchange_id, request_time
FROM {source}
"""
_TAKE = _TAKE_FROM.format(lanes=_LANES, candidates=_FREE, ours="", source="content")
_TAKE_IN_ORDER = _TAKE_FROM.format(lanes=_LANES, candidates=_HEADS, ours="", source="content")
_HELD = "(SELECT company_id AS ours FROM held) h LEFT JOIN content ON content.company_id = h.ours"
_TAKE_AT_ONCE = _TAKE_FROM.format(lanes=_LANES_AS_SEEN, candidates=_FREE, ours="ours, ", source=_HELD)
_TAKE_IN_ORDER_AT_ONCE = _TAKE_FROM.format(lanes=_LANES_AS_SEEN, candidates=_HEADS, ours="ours, ", source=_HELD)


# ---------------------------------------------------------------- SQLite


def _take_one_by_one(
    session: Statements,
    asked: Asked,
    turns: Sequence[Turn],
    wanted: Sequence[_Wanted],
    marks: Sequence[Mark],
    *,
    in_order: bool,
) -> list[Taken]:
    now, lease = instant(session, asked.now), instant(session, asked.lease_until)
    rooms = {turn.company_id: turn.most - _sending(session, turn.company_id) for turn in turns}
    taken: list[Taken] = []
    revisions: list[tuple[int, str]] = []
    for one in wanted:
        if in_order and _is_busy(session, one):
            continue
        most = min(one.most, one.cap - _sending(session, one.company_id, one.device_id), rooms[one.company_id])
        given = (one.device_id, one.company_id, max(0, min(most, 1) if in_order else most), now)
        for row in run(session, _HEAD_OF_LINE if in_order else _IN_LINE, given):
            document_id, kind, fence, reference, priority, payload, content, revision, digest = row
            mark = marks[len(taken)]
            taken.append(
                Taken(
                    document_id,
                    one.company_id,
                    one.device_id,
                    kind,
                    fence + 1,
                    reference,
                    priority,
                    payload,
                    content,
                    mark.attempt_id,
                    mark.exchange_id,
                    one.request_time,
                )
            )
            revisions.append((revision, digest))
            rooms[one.company_id] -= 1
    run_many(session, _SEND, ((one.fence, lease, one.document_id, one.company_id) for one in taken))
    run_many(
        session,
        _OPEN_ATTEMPT,
        (
            (
                one.attempt_id,
                one.company_id,
                one.document_id,
                revision,
                one.fence,
                one.exchange_id,
                instant(session, one.request_time),
                digest,
                now,
            )
            for one, (revision, digest) in zip(taken, revisions, strict=True)
        ),
    )
    run_many(session, _COUNT, _counted(turns, taken))
    return taken


def _sending(session: Statements, company_id: str, device_id: str | None = None) -> int:
    ((number,),) = run(session, _SENDING, (company_id, device_id))
    return int(number)


def _is_busy(session: Statements, one: _Wanted) -> bool:
    return bool(run(session, _BUSY, (one.company_id, one.device_id, one.company_id, one.device_id)))


def _counted(turns: Sequence[Turn], taken: Sequence[Taken]) -> list[tuple[float, str]]:
    had = {turn.company_id: sum(one.company_id == turn.company_id for one in taken) for turn in turns}
    return [
        (turn.served + had[turn.company_id] / turn.weight, turn.company_id) for turn in turns if had[turn.company_id]
    ]


_READ = """
SELECT d.id, d.kind, d.fence, d.wire_reference, d.priority, r.payload, r.content, d.revision, r.payload_digest
FROM documents d
JOIN revisions r ON r.document_id = d.id AND r.number = d.revision AND r.company_id = d.company_id
WHERE d.state = 'waiting' AND d.company_id = ?2 AND d.due_at <= ?4 AND {condition}
ORDER BY d.turn_at, d.id LIMIT ?3
"""
_IN_LINE = _READ.format(condition="d.device_id = ?1")
_HEAD_OF_LINE = _READ.format(
    condition="d.id = (SELECT h.id FROM documents h WHERE h.state = 'waiting' AND h.device_id = ?1 "
    "ORDER BY h.turn_at, h.id LIMIT 1)"
)
_SENDING = """
SELECT count(*) FROM documents WHERE state = 'sending' AND company_id = ?1 AND (?2 IS NULL OR device_id = ?2)
"""
_BUSY = """
SELECT 1 FROM documents WHERE state = 'sending' AND company_id = ? AND device_id = ?
UNION ALL SELECT 1 FROM documents WHERE state = 'in_doubt' AND company_id = ? AND device_id = ?
LIMIT 1
"""
_SEND = """
UPDATE documents SET state = 'sending', due_at = NULL, fence = ?1, lease_until = ?2
WHERE id = ?3 AND company_id = ?4 AND state = 'waiting'
"""
_OPEN_ATTEMPT = """
INSERT INTO attempts (id, company_id, document_id, revision, fence, exchange_id, request_time, payload_digest, outcome,
    started_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'open', ?)
"""
_COUNT = "UPDATE lanes SET served = ? WHERE company_id = ?"
