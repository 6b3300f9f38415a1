"""Finding an API key by its public part: every request of a program pays for this."""

from dataclasses import dataclass
from datetime import datetime

from risiti.gateway.db.raw import Statements, is_postgresql, moment, run


@dataclass(frozen=True, slots=True)
class FoundKey:
    """A key as it is kept, with its company's environment."""

    id: str
    company_id: str
    environment: str
    secret_hash: bytes
    scopes: str
    device_id: str | None
    addresses: str
    per_minute: int | None
    companys_environment: str
    revoked_at: datetime | None
    expires_at: datetime | None
    last_used_at: datetime | None


def find(session: Statements, public_id: str) -> FoundKey | None:
    """Return the key with this public part, whosever it is; None if there is none."""
    rows = run(session, _FIND[is_postgresql(session)], (public_id,))
    if not rows:
        return None
    return FoundKey(*rows[0][:-3], *map(moment, rows[0][-3:]))


_BY_PUBLIC_PART = """
SELECT k.id, k.company_id, k.environment, k.secret_hash, k.scopes, k.device_id, k.addresses, k.per_minute,
    c.environment, k.revoked_at, k.expires_at, k.last_used_at
FROM api_keys k JOIN companies c ON c.id = k.company_id
WHERE k.public_id = {asked}
"""
_FIND = {True: _BY_PUBLIC_PART.format(asked="$1"), False: _BY_PUBLIC_PART.format(asked="?1")}
"""For PostgreSQL (True) and SQLite (False)."""
