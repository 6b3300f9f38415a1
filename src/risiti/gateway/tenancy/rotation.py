"""Exchanges the key-encryption key while everything runs: a new one, all data keys wrapped by it, the old one out.

Only the small data keys are wrapped anew, a few in each transaction; what they have sealed stays as it is. Breaking off
is harmless: the id in each row says by which key it is wrapped, and the next run goes on with the rest.
"""

import secrets
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from risiti.gateway import events
from risiti.gateway.db.database import Database
from risiti.gateway.events import Happening
from risiti.gateway.kernel.clock import Clock
from risiti.gateway.kernel.ids import Ids
from risiti.gateway.kernel.secrets import KeyEncryptionKey, RandomBytes, Vault
from risiti.gateway.tenancy.key_sources import FileKeys, KeyEncryptionKeyError
from risiti.gateway.tenancy.tables import DataKey
from risiti.gateway.tenancy.user_tables import SecondFactor

AT_ONCE: Final = 100
"""Data keys wrapped anew in one transaction."""


@dataclass(frozen=True, slots=True)
class KekView:
    """A key-encryption key: what may be shown of it."""

    id: str
    wraps: bool
    """New data keys are wrapped by it."""
    known: bool
    """This process has it."""
    data_keys: int
    """How many it has wrapped."""


def overview(session: Session, vault: Vault) -> list[KekView]:
    """List the key-encryption keys that are known or used, the one that wraps first."""
    counts: dict[str, int] = {}
    for table in (DataKey, SecondFactor):
        for kek_id, count in session.execute(select(table.kek_id, func.count()).group_by(table.kek_id)):
            counts[kek_id] = counts.get(kek_id, 0) + count
    known = vault.known_kek_ids
    ids = [*known, *sorted(set(counts) - set(known))]
    return [KekView(one, one == vault.kek_id, one in known, counts.get(one, 0)) for one in ids]


def add_key(source: FileKeys, random_bytes: RandomBytes = secrets.token_bytes) -> str:
    """Put a new key before those in the file and return its id: from now on it wraps, and the others still unwrap.

    Raises:
        KeyEncryptionKeyError: the file cannot be read or written.
    """
    new = KeyEncryptionKey.generate(random_bytes)
    source.replace([new, *source.read()], random_bytes)
    return new.id


async def rotate(
    database: Database, vault: Vault, ids: Ids, clock: Clock, *, at_once: int = AT_ONCE, by: str | None = None
) -> int:
    """Wrap every data key by the key that wraps now; return how many were not yet.

    Each company's journal tells it of its own.

    Raises:
        CannotUnseal: one is wrapped by a key that is not known, or was damaged. Those before it are done.
    """
    vault.renew_keys()
    done = 0
    while count := await database.write(partial(_rewrap_some, vault=vault, ids=ids, clock=clock, most=at_once, by=by)):
        done += count
    return done


async def retire(
    database: Database, vault: Vault, source: FileKeys, random_bytes: RandomBytes = secrets.token_bytes
) -> list[str]:
    """Take out of the file the keys that have wrapped nothing which is still stored, but the first; return their ids.

    Raises:
        KeyEncryptionKeyError: the file cannot be read or written.
    """
    vault.renew_keys()
    used = {view.id for view in await database.read(partial(overview, vault=vault)) if view.data_keys}
    keys = source.read()
    kept = [key for place, key in enumerate(keys) if place == 0 or key.id in used]
    gone = [key.id for key in keys if key not in kept]
    if gone:
        source.replace(kept, random_bytes)
    return gone


def require_file(source: object) -> FileKeys:
    """Return the source of keys if it is a file, which we can write.

    Raises:
        KeyEncryptionKeyError: it is none; the text says how to do it by hand.
    """
    if isinstance(source, FileKeys):
        return source
    message = (
        "the key-encryption keys are not in a file of ours: put the new key before the old one in RISITI_KEK, restart "
        "all processes one after another, and run `risiti keys rotate`."
    )
    raise KeyEncryptionKeyError(message)


def _rewrap_some(session: Session, vault: Vault, ids: Ids, clock: Clock, *, most: int, by: str | None = None) -> int:
    kek_id, now = vault.kek_id, clock.now()
    of_companies = session.scalars(
        select(DataKey).where(DataKey.kek_id != kek_id).order_by(DataKey.company_id).limit(most).with_for_update()
    ).all()
    for data_key in of_companies:
        data_key.wrapped = vault.rewrap(data_key.wrapped, data_key.company_id)
        about = {"kek_id": kek_id, "kek_id_before": data_key.kek_id}
        data_key.kek_id = kek_id
        events.record(session, ids, data_key.company_id, None, Happening("data_key.rewrapped", now, about, by=by))
    of_people = session.scalars(
        select(SecondFactor)
        .where(SecondFactor.kek_id != kek_id)
        .order_by(SecondFactor.user_id)
        .limit(most - len(of_companies))
        .with_for_update()
    ).all()
    for factor in of_people:
        factor.data_key = vault.rewrap(factor.data_key, factor.user_id)
        factor.kek_id = kek_id
    return len(of_companies) + len(of_people)
