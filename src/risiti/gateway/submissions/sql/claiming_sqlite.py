"""Claiming on SQLite: the one writer is the lock."""

from collections.abc import Sequence

from risiti.gateway.db.raw import Row, Statements, instant, run, run_many
from risiti.gateway.submissions.batches import MOST_BYTES, InLine, messages
from risiti.gateway.submissions.lanes import Turn
from risiti.gateway.submissions.sql.claims import Asked, Taken, Wanted, wanted_of


def take(session: Statements, asked: Asked) -> list[Taken]:
    """Take in a transaction; see `claiming.take`."""
    turns = asked.plan.turns
    new = sorted({one.company_id for one in asked.plan.devices.values() if not one.has_lane})
    run_many(session, _MAKE_LANE, zip(new))
    now, lease = instant(session, asked.now), instant(session, asked.lease_until)
    rooms = {turn.company_id: turn.most - _sending(session, turn.company_id) for turn in turns}
    taken: list[Taken] = []
    send, opened = [], []
    for one in sorted(wanted_of(asked, turns), key=lambda one: one.in_order):
        if one.in_order and _is_busy(session, one):
            continue
        places = min(one.most, one.cap - _sending(session, one.company_id, one.device_id), rooms[one.company_id])
        if one.in_order:
            places = min(places, 1)
        for message in messages(_line(session, asked, one, max(0, places)), places, one.batch):
            rooms[one.company_id] -= 1
            call = asked.marks[len(taken)].exchange_id
            for place, (document_id, kind, fence, reference, priority, revision, digest) in enumerate(message):
                attempt_id = asked.marks[len(taken)].attempt_id
                ((payload, content),) = run(session, _CONTENT, (document_id, revision, one.company_id))
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


def _line(session: Statements, asked: Asked, one: Wanted, places: int) -> list[InLine[Row]]:
    """Read the head of a device's line, as far as the documents can fit into so many messages; not their content."""
    given = (one.device_id, one.company_id, places * one.batch, instant(session, asked.now), MOST_BYTES)
    rows = run(session, _HEAD_OF_LINE if one.in_order else _IN_LINE, given)
    kinds = frozenset(asked.plan.batched_kinds)
    return [InLine(row[:-1], row[1], bool(row[-1]) and row[1] in kinds) for row in rows]


def _sending(session: Statements, company_id: str, device_id: str | None = None) -> int:
    ((number,),) = run(session, _SENDING, (company_id, device_id))
    return int(number)


def _is_busy(session: Statements, one: Wanted) -> bool:
    return bool(run(session, _BUSY, (one.company_id, one.device_id, one.company_id, one.device_id)))


def _counted(turns: Sequence[Turn], taken: Sequence[Taken]) -> list[tuple[float, float, str]]:
    had = {turn.company_id: sum(one.company_id == turn.company_id for one in taken) for turn in turns}
    return [
        (turn.served, had[turn.company_id] / turn.weight, turn.company_id) for turn in turns if had[turn.company_id]
    ]


_MAKE_LANE = "INSERT INTO lanes (company_id, weight, served) VALUES (?, 1, 0) ON CONFLICT DO NOTHING"
_READ = """
SELECT d.id, d.kind, d.fence, d.wire_reference, d.priority, d.revision, r.payload_digest,
    d.priority = 'bulk' AND d.fence = 0 AND length(r.payload) <= ?5
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
_CONTENT = "SELECT payload, content FROM revisions WHERE document_id = ? AND number = ? AND company_id = ?"
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
_COUNT = "UPDATE lanes SET served = max(served, ?) + ? WHERE company_id = ?"
