"""Claiming: out of the line, under a lease and a fence, with the attempt written ahead; one statement on PostgreSQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from risiti.gateway.db.raw import Row, Statements, columns, instant, is_postgresql, run, run_many
from risiti.gateway.submissions.batches import MOST_BYTES, InLine, messages
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
    """For each device the most messages that may be on the wire at once, over all processes."""
    batches: Mapping[str, int]
    """For each device the most documents in one message."""
    batched_kinds: Sequence[str]
    """Of which kinds several may share a message."""
    request_times: Mapping[str, datetime]
    """For each device the time by the authority's clock, for requests that are sent now."""
    marks: Sequence[Mark]
    """As many as documents can be claimed, or more. The documents of a message share the first one's call."""
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


def take(session: Statements, asked: Asked) -> list[Taken]:
    """Move documents from WAITING to SENDING, each with its attempt; nobody else can have them.

    A company's lane is locked first, so that what its cap and its order allow is counted while nobody changes it. On
    PostgreSQL lanes and documents that somebody else is working on are passed over, not waited for.
    """
    _make_lanes(session, asked)
    turns = _lock_lanes(session, asked.turns)
    all_wanted = [
        _Wanted(
            device_id,
            turn.company_id,
            most,
            asked.caps[device_id],
            asked.request_times[device_id],
            batch=asked.batches[device_id],
            in_order=asked.devices[device_id].in_order,
        )
        for turn in turns
        for device_id, most in turn.devices.items()
    ]
    if not is_postgresql(session):
        return _take_one_by_one(session, asked, turns, all_wanted)
    taken: list[Taken] = []
    for take_some, in_order, batched in (
        (partial(_take_at_once, statement=_TAKE), False, False),
        (partial(_take_at_once, statement=_TAKE_IN_ORDER), True, False),
        (_take_in_batches, False, True),
    ):
        wanted = [one for one in all_wanted if one.in_order is in_order and (one.batch > 1) is batched]
        if wanted:
            taken += take_some(session, asked, turns, wanted, asked.marks[len(taken) :])
    return taken


@dataclass(frozen=True, slots=True)
class _Wanted:
    device_id: str
    company_id: str
    most: int
    cap: int
    request_time: datetime
    batch: int
    in_order: bool


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


def _take_at_once(  # noqa: PLR0917 - as many arrays as there are things to say
    session: Statements,
    asked: Asked,
    turns: Sequence[Turn],
    wanted: Sequence[_Wanted],
    marks: Sequence[Mark],
    statement: str,
) -> list[Taken]:
    devices = columns([(one.device_id, one.company_id, one.most, one.cap, one.request_time) for one in wanted], 5)
    companies = columns([(turn.company_id, turn.most, turn.weight, turn.served) for turn in turns], 4)
    ids = columns([(mark.attempt_id, mark.exchange_id) for mark in marks], 2)
    rows = run(session, statement, (*devices, *companies, asked.now, asked.lease_until, *ids))
    return [Taken(*row) for row in rows]


def _take_in_batches(
    session: Statements, asked: Asked, turns: Sequence[Turn], wanted: Sequence[_Wanted], marks: Sequence[Mark]
) -> list[Taken]:
    """Take several documents for each place: those that may share a message."""
    devices = columns([(one.device_id, one.company_id, one.most, one.cap, one.batch) for one in wanted], 5)
    lines: dict[str, list[InLine[str]]] = {one.device_id: [] for one in wanted}
    places: dict[str, int] = {}
    rooms = {turn.company_id: turn.most for turn in turns}
    busy: dict[str, int] = {}
    for device_id, company_id, room, on_the_wire, document_id, kind, may_share in run(
        session, _LINES, (*devices, asked.now, list(asked.batched_kinds), MOST_BYTES)
    ):
        places[device_id], busy[company_id] = room, on_the_wire
        lines[device_id].append(InLine(document_id, kind, may_share))
    chosen: list[tuple[object, ...]] = []
    for one in wanted:
        room = min(places.get(one.device_id, 0), rooms[one.company_id] - busy.get(one.company_id, 0))
        for message in messages(lines[one.device_id], room, one.batch):
            rooms[one.company_id] -= 1
            call = marks[len(chosen)].exchange_id
            chosen += [
                (document_id, one.company_id, one.request_time, mark.attempt_id, call, document_id != message[0])
                for document_id, mark in zip(message, marks[len(chosen) :], strict=False)
            ]
    if not chosen:
        return []
    companies = columns([(turn.company_id, turn.weight, turn.served) for turn in turns], 3)
    rows = run(session, _TAKE_CHOSEN, (*columns(chosen, 6), *companies, asked.now, asked.lease_until))
    return [Taken(*row) for row in rows]


_FREE = """
    SELECT w.company_id, w.request_time, d.id, d.turn_at
    FROM wanted w CROSS JOIN LATERAL (
        SELECT d.id, d.turn_at FROM documents d
        WHERE d.state = 'waiting' AND d.device_id = w.device_id AND d.company_id = w.company_id AND d.due_at <= $10
        ORDER BY d.turn_at, d.id
        LIMIT greatest(0, least(w.most, w.cap - (
            SELECT count(*) FROM documents s
            WHERE s.state = 'sending' AND NOT s.rides_along AND s.company_id = w.company_id
                AND s.device_id = w.device_id
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
_TAKE_FROM = """
WITH wanted AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::timestamptz[])
        AS w(device_id, company_id, most, cap, request_time)
), lane AS (
    SELECT c.company_id, c.weight, c.served, c.most - (
        SELECT count(*) FROM documents s
        WHERE s.state = 'sending' AND NOT s.rides_along AND s.company_id = c.company_id
    ) AS room
    FROM unnest($6::text[], $7::int[], $8::int[], $9::float8[]) AS c(company_id, most, weight, served)
), candidate AS ({candidates}
), mark AS (
    SELECT * FROM unnest($12::text[], $13::text[]) WITH ORDINALITY AS m(attempt_id, exchange_id, number)
), chosen AS (
    SELECT c.id, c.company_id, c.request_time, m.attempt_id, m.exchange_id, false AS rides_along
    FROM (
        SELECT p.*, row_number() OVER (ORDER BY p.place, p.id) AS number
        FROM (SELECT *, row_number() OVER (PARTITION BY company_id ORDER BY turn_at, id) AS place FROM candidate) p
        JOIN lane ON lane.company_id = p.company_id
        WHERE p.place <= lane.room
    ) c JOIN mark m ON m.number = c.number
), {taken}
"""
_TAKEN = """taken AS (
    UPDATE documents d
    SET state = 'sending', due_at = NULL, fence = d.fence + 1, lease_until = $11, rides_along = chosen.rides_along
    FROM chosen
    WHERE d.id = chosen.id AND d.company_id = chosen.company_id AND d.state = 'waiting'
    RETURNING d.id, d.company_id, d.device_id, d.kind, d.fence, d.wire_reference, d.priority, d.revision,
        chosen.attempt_id, chosen.exchange_id, chosen.request_time
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
SELECT id, company_id, device_id, kind, fence, wire_reference, priority, payload, content, attempt_id, exchange_id,
    request_time
FROM content"""
_TAKE = _TAKE_FROM.format(candidates=_FREE, taken=_TAKEN)
_TAKE_IN_ORDER = _TAKE_FROM.format(candidates=_HEADS, taken=_TAKEN)

_LINES = """
SELECT w.device_id, w.company_id, p.room, p.busy, d.id, d.kind, d.may_share
FROM unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::int[]) AS w(device_id, company_id, most, cap, batch)
CROSS JOIN LATERAL (
    SELECT greatest(0, least(w.most, w.cap - count(*) FILTER (WHERE s.device_id = w.device_id)))::int AS room,
        count(*)::int AS busy
    FROM documents s
    WHERE s.state = 'sending' AND NOT s.rides_along AND s.company_id = w.company_id
) p
CROSS JOIN LATERAL (
    SELECT d.id, d.kind, d.turn_at, d.priority = 'bulk' AND d.fence = 0 AND d.kind = ANY($7::text[]) AND (
            SELECT octet_length(r.payload) FROM revisions r
            WHERE r.document_id = d.id AND r.number = d.revision AND r.company_id = d.company_id
        ) <= $8 AS may_share
    FROM documents d
    WHERE d.state = 'waiting' AND d.device_id = w.device_id AND d.company_id = w.company_id AND d.due_at <= $6
    ORDER BY d.turn_at, d.id
    LIMIT p.room * w.batch FOR UPDATE SKIP LOCKED
) d
ORDER BY w.device_id, d.turn_at, d.id
"""
_TAKE_CHOSEN = f"""
WITH chosen AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::bool[])
        AS c(id, company_id, request_time, attempt_id, exchange_id, rides_along)
), lane AS (
    SELECT * FROM unnest($7::text[], $8::int[], $9::float8[]) AS c(company_id, weight, served)
), {_TAKEN}
"""


# ---------------------------------------------------------------- SQLite


def _take_one_by_one(
    session: Statements, asked: Asked, turns: Sequence[Turn], wanted: Sequence[_Wanted]
) -> list[Taken]:
    now, lease = instant(session, asked.now), instant(session, asked.lease_until)
    rooms = {turn.company_id: turn.most - _sending(session, turn.company_id) for turn in turns}
    taken: list[Taken] = []
    send, opened = [], []
    for one in sorted(wanted, key=lambda one: one.in_order):
        if one.in_order and _is_busy(session, one):
            continue
        places = min(one.most, one.cap - _sending(session, one.company_id, one.device_id), rooms[one.company_id])
        if one.in_order:
            places = min(places, 1)
        for message in messages(_line(session, asked, one, max(0, places)), places, one.batch):
            rooms[one.company_id] -= 1
            call = asked.marks[len(taken)].exchange_id
            for place, (document_id, kind, fence, reference, priority, payload, content, revision, digest) in enumerate(
                message
            ):
                attempt_id = asked.marks[len(taken)].attempt_id
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
                        attempt_id,
                        call,
                        one.request_time,
                    )
                )
                whose = (document_id, one.company_id)
                send.append((fence + 1, lease, place > 0, *whose))
                requested = instant(session, one.request_time)
                opened.append((attempt_id, *reversed(whose), revision, fence + 1, call, requested, digest, now))
    run_many(session, _SEND, send)
    run_many(session, _OPEN_ATTEMPT, opened)
    run_many(session, _COUNT, _counted(turns, taken))
    return taken


def _line(session: Statements, asked: Asked, one: _Wanted, places: int) -> list[InLine[Row]]:
    """Read the head of a device's line, as far as the documents can fit into so many messages."""
    given = (one.device_id, one.company_id, places * one.batch, instant(session, asked.now))
    rows = run(session, _HEAD_OF_LINE if one.in_order else _IN_LINE, given)
    kinds = frozenset(asked.batched_kinds)
    return [InLine(row[:-1], row[1], bool(row[-1]) and row[1] in kinds and len(row[5]) <= MOST_BYTES) for row in rows]


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
SELECT d.id, d.kind, d.fence, d.wire_reference, d.priority, r.payload, r.content, d.revision, r.payload_digest,
    d.priority = 'bulk' AND d.fence = 0
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
SELECT count(*) FROM documents
WHERE state = 'sending' AND NOT rides_along AND company_id = ?1 AND (?2 IS NULL OR device_id = ?2)
"""
_BUSY = """
SELECT 1 FROM documents WHERE state = 'sending' AND company_id = ? AND device_id = ?
UNION ALL SELECT 1 FROM documents WHERE state = 'in_doubt' AND company_id = ? AND device_id = ?
LIMIT 1
"""
_SEND = """
UPDATE documents SET state = 'sending', due_at = NULL, fence = ?1, lease_until = ?2, rides_along = ?3
WHERE id = ?4 AND company_id = ?5 AND state = 'waiting'
"""
_OPEN_ATTEMPT = """
INSERT INTO attempts (id, company_id, document_id, revision, fence, exchange_id, request_time, payload_digest, outcome,
    started_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'open', ?)
"""
_COUNT = "UPDATE lanes SET served = ? WHERE company_id = ?"
