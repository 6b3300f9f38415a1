"""Which devices have something due: hops from device to device along the queue's indexes, never over documents."""

from dataclasses import dataclass, fields
from datetime import datetime

from risiti.gateway.db.raw import Statements, instant, is_postgresql, run

DEVICES_AT_ONCE = 2_000
"""Most devices of one look; who does not fit has been served more than those who do."""


@dataclass(frozen=True, slots=True)
class DueDevice:
    """A device with documents to send or to ask about now; a paused one is only probed."""

    id: str
    company_id: str
    is_paused: bool
    key_fingerprint: str
    """Changes when the device's key is replaced; a connection that was opened with another key is not used."""
    in_order: bool
    weight: int
    most_at_once: int | None
    served: float
    has_lane: bool
    """The company has a row among the lanes already."""
    on_the_wire: int
    """How many messages with documents of the company are on their way, by whichever process."""
    device_on_the_wire: int
    """How many of these through this device."""
    to_send: bool
    to_ask: bool


_QUEUES = """
WITH RECURSIVE
waiting(device_id) AS (
    SELECT min(device_id) FROM documents WHERE state = 'waiting'
    UNION ALL
    SELECT (SELECT min(d.device_id) FROM documents d WHERE d.state = 'waiting' AND d.device_id > waiting.device_id)
    FROM waiting WHERE waiting.device_id IS NOT NULL
),
in_doubt(device_id) AS (
    SELECT min(device_id) FROM documents WHERE state = 'in_doubt'
    UNION ALL
    SELECT (SELECT min(d.device_id) FROM documents d WHERE d.state = 'in_doubt' AND d.device_id > in_doubt.device_id)
    FROM in_doubt WHERE in_doubt.device_id IS NOT NULL
),
busy(device_id) AS (SELECT device_id FROM waiting UNION SELECT device_id FROM in_doubt),
of_device(company_id, device_id, number) AS (
    SELECT company_id, device_id, count(*) FROM documents WHERE state = 'sending' AND NOT rides_along
    GROUP BY company_id, device_id
),
of_company(company_id, number) AS (SELECT company_id, CAST(sum(number) AS integer) FROM of_device GROUP BY company_id),
found AS (
    SELECT v.id, v.company_id, v.state = 'paused' AS is_paused, v.key_fingerprint, v.keep_order,
        coalesce(l.weight, 1) AS weight, l.most_at_once, coalesce(l.served, 0.0) AS served,
        l.company_id IS NOT NULL AS has_lane, coalesce(c.number, 0) AS on_the_wire,
        coalesce(o.number, 0) AS device_on_the_wire,
        EXISTS (SELECT 1 FROM documents d WHERE d.state = 'waiting' AND d.device_id = v.id AND d.due_at <= :now)
            AS to_send,
        EXISTS (
            SELECT 1 FROM documents d WHERE d.state = 'in_doubt' AND d.device_id = v.id AND d.due_at <= :now
            AND (d.lease_until IS NULL OR d.lease_until <= :now)
        ) AS to_ask,
        (SELECT min(d.turn_at) FROM documents d WHERE d.state = 'waiting' AND d.device_id = v.id) AS first_turn
    FROM busy
    JOIN devices v ON v.id = busy.device_id
    LEFT JOIN lanes l ON l.company_id = v.company_id
    LEFT JOIN of_company c ON c.company_id = v.company_id
    LEFT JOIN of_device o ON o.device_id = v.id
    WHERE v.state = 'active' OR v.paused_at <= :rested
)
SELECT orphans.there, id, company_id, is_paused, key_fingerprint, keep_order, weight, most_at_once, served, has_lane,
    on_the_wire, device_on_the_wire, to_send, to_ask
FROM (SELECT EXISTS (SELECT 1 FROM documents WHERE state = 'sending' AND lease_until <= :now) AS there) orphans
LEFT JOIN (
    SELECT * FROM found WHERE to_send OR to_ask ORDER BY served, first_turn LIMIT :most
) ready ON true
ORDER BY served, first_turn
"""
_LOOK = {
    True: _QUEUES.replace(":now", "$1").replace(":rested", "$2").replace(":most", "$3"),
    False: _QUEUES.replace(":now", "?1").replace(":rested", "?2").replace(":most", "?3"),
}
"""For PostgreSQL (True) and SQLite (False)."""
_TRUTHS = frozenset(place for place, one in enumerate(fields(DueDevice)) if one.type is bool)


def look(session: Statements, *, now: datetime, rested: datetime) -> tuple[list[DueDevice], bool]:
    """Return the devices with work that is due, least served company first, then the head of line first.

    Args:
        session: Sees all companies.
        now: By the engine's clock.
        rested: Devices that were paused before this are probed.

    Returns:
        The devices, and whether the lease of a sending worker has run out.
    """
    given = (instant(session, now), instant(session, rested), DEVICES_AT_ONCE)
    found = run(session, _LOOK[is_postgresql(session)], given)
    has_orphans = bool(found[0][0])
    rows = [row[1:] for row in found if row[1] is not None]
    if not is_postgresql(session):  # which gives truths as 0 and 1
        rows = [[bool(value) if place in _TRUTHS else value for place, value in enumerate(row)] for row in rows]
    return [DueDevice(*row) for row in rows], has_orphans
