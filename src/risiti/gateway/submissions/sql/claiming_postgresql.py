"""Claiming on PostgreSQL: lanes are locked, and what others hold is passed over."""

from collections.abc import Sequence
from functools import partial

from risiti.gateway.db.raw import Statements, columns, run
from risiti.gateway.submissions.batches import MOST_BYTES, InLine, messages
from risiti.gateway.submissions.lanes import Turn
from risiti.gateway.submissions.sql.claims import Asked, Mark, Taken, TakenAtOnce, Wanted, wanted_of


def take_at_once(session: Statements, asked: Asked) -> TakenAtOnce:
    """Take in one statement; see `claiming.take_at_once`."""
    wanted = wanted_of(asked, asked.plan.turns)
    statement = _TAKE_IN_ORDER_AT_ONCE if any(one.in_order for one in wanted) else _TAKE_AT_ONCE
    devices = [asked.plan.devices[one.device_id] for one in wanted]
    as_seen = columns([(one.key_fingerprint, one.in_order, one.is_paused) for one in devices], 3)
    most_at_once = {one.company_id: one.most_at_once for one in devices}
    of_companies = [most_at_once[turn.company_id] for turn in asked.plan.turns]
    rows = run(session, statement, (*_given(asked, asked.plan.turns, wanted, asked.marks), *as_seen, of_companies))
    ours = {row[0] for row in rows}
    return TakenAtOnce(
        [Taken(*row[1:]) for row in rows if row[1] is not None],
        [turn for turn in asked.plan.turns if turn.company_id not in ours],
    )


def take(session: Statements, asked: Asked) -> list[Taken]:
    """Take in a transaction; see `claiming.take`."""
    new = sorted({one.company_id for one in asked.plan.devices.values() if not one.has_lane})
    if new:
        run(session, _MAKE_LANES, (new,))
    ours = {row[0] for row in run(session, _LOCK_LANES, ([turn.company_id for turn in asked.plan.turns],))}
    turns = [turn for turn in asked.plan.turns if turn.company_id in ours]
    taken: list[Taken] = []
    for take_some, in_order, batched in (
        (partial(_take_alone, statement=_TAKE), False, False),
        (partial(_take_alone, statement=_TAKE_IN_ORDER), True, False),
        (_take_in_batches, False, True),
    ):
        wanted = [one for one in wanted_of(asked, turns) if one.in_order is in_order and (one.batch > 1) is batched]
        if wanted:
            taken += take_some(session, asked, turns, wanted, asked.marks[len(taken) :])
    return taken


_MAKE_LANES = """
INSERT INTO lanes (company_id, weight, served)
SELECT n.company_id, 1, 0 FROM unnest($1::text[]) AS n(company_id) ON CONFLICT DO NOTHING
"""
_LOCK_LANES = """
SELECT company_id FROM lanes WHERE company_id = ANY($1::text[]) ORDER BY company_id FOR NO KEY UPDATE SKIP LOCKED
"""


def _take_alone(  # noqa: PLR0917 - as many arrays as there are things to say
    session: Statements,
    asked: Asked,
    turns: Sequence[Turn],
    wanted: Sequence[Wanted],
    marks: Sequence[Mark],
    statement: str,
) -> list[Taken]:
    """Take one document for each place."""
    return [Taken(*row) for row in run(session, statement, _given(asked, turns, wanted, marks))]


def _given(asked: Asked, turns: Sequence[Turn], wanted: Sequence[Wanted], marks: Sequence[Mark]) -> tuple[object, ...]:
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
_LANES = """
lane AS (
    SELECT c.company_id, c.weight, c.served, c.most - (
        SELECT count(*) FROM documents s
        WHERE s.state = 'sending' AND NOT s.rides_along AND s.company_id = c.company_id
    ) AS room
    FROM unnest($6::text[], $7::int[], $8::int[], $9::float8[]) AS c(company_id, most, weight, served)
), wanted AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::timestamptz[])
        AS w(device_id, company_id, most, cap, request_time)
)"""
# A lane that somebody has changed since this statement began is looked at again, as it is now, before it is locked; the
# subquery shows it as it was. So where both show one count, all claims before this one were there from the beginning.
# Devices and lanes that are not as they were when they were looked at are left alone.
_LANES_AT_ONCE = """
held AS (
    SELECT c.company_id, c.most, c.weight, c.served
    FROM unnest($6::text[], $7::int[], $8::int[], $9::float8[], $17::int[])
        AS c(company_id, most, weight, served, most_at_once)
    JOIN lanes l ON l.company_id = c.company_id
        AND l.weight = c.weight AND l.most_at_once IS NOT DISTINCT FROM c.most_at_once
    WHERE l.served = (SELECT was.served FROM lanes was WHERE was.company_id = l.company_id)
    ORDER BY l.company_id FOR NO KEY UPDATE OF l SKIP LOCKED
), lane AS (
    SELECT h.company_id, h.weight, h.served, h.most - (
        SELECT count(*) FROM documents s
        WHERE s.state = 'sending' AND NOT s.rides_along AND s.company_id = h.company_id
    ) AS room
    FROM held h
), wanted AS (
    SELECT w.* FROM unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::timestamptz[], $14::text[], $15::bool[],
        $16::bool[]) AS w(device_id, company_id, most, cap, request_time, key_fingerprint, in_order, is_paused)
    JOIN held ON held.company_id = w.company_id
    JOIN devices v ON v.id = w.device_id AND v.company_id = w.company_id AND v.key_fingerprint = w.key_fingerprint
        AND v.keep_order = w.in_order AND (v.state = 'paused') = w.is_paused
)"""
_TAKE_FROM = """
WITH {lanes}, candidate AS ({candidates}
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
SELECT {ours}{columns}
FROM {source}
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
    UPDATE lanes l SET served = greatest(l.served, lane.served) + t.number::float8 / lane.weight
    FROM lane JOIN (SELECT company_id, count(*) AS number FROM taken GROUP BY company_id) t
        ON t.company_id = lane.company_id
    WHERE l.company_id = lane.company_id
)"""
_COLUMNS = """id, company_id, device_id, kind, fence, wire_reference, priority, payload, content, attempt_id,
    exchange_id, request_time"""
_HELD = "(SELECT company_id AS ours FROM held) h LEFT JOIN content ON content.company_id = h.ours"


def _written(lanes: str, candidates: str) -> str:
    ours, source = ("ours, ", _HELD) if lanes is _LANES_AT_ONCE else ("", "content")
    return _TAKE_FROM.format(
        lanes=lanes, candidates=candidates, taken=_TAKEN, ours=ours, columns=_COLUMNS, source=source
    )


_TAKE = _written(_LANES, _FREE)
_TAKE_IN_ORDER = _written(_LANES, _HEADS)
_TAKE_AT_ONCE = _written(_LANES_AT_ONCE, _FREE)
_TAKE_IN_ORDER_AT_ONCE = _written(_LANES_AT_ONCE, _HEADS)


def _take_in_batches(
    session: Statements, asked: Asked, turns: Sequence[Turn], wanted: Sequence[Wanted], marks: Sequence[Mark]
) -> list[Taken]:
    """Take several documents for each place: those that may share a message."""
    devices = columns([(one.device_id, one.company_id, one.most, one.cap, one.batch) for one in wanted], 5)
    lines: dict[str, list[InLine[str]]] = {one.device_id: [] for one in wanted}
    places: dict[str, int] = {}
    rooms = {turn.company_id: turn.most for turn in turns}
    busy: dict[str, int] = {}
    for device_id, company_id, room, on_the_wire, document_id, kind, may_share in run(
        session, _LINES, (*devices, asked.now, list(asked.plan.batched_kinds), MOST_BYTES)
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
SELECT {_COLUMNS} FROM content
"""
