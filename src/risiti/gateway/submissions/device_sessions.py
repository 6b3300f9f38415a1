"""The session key of a device, fetched once for all processes and kept sealed in the database.

Who finds it worn takes the right to fetch a new one, for a while; the others wait for that. No transaction is open
while the authority is asked.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from risiti.efris import NotReady, SessionKey
from risiti.gateway.db.database import Database
from risiti.gateway.kernel.clock import Clock
from risiti.gateway.kernel.secrets import CannotUnseal, Place, Vault
from risiti.gateway.submissions.standings import insert_or_skip
from risiti.gateway.submissions.upstream_tables import DeviceSession
from risiti.gateway.tenancy import custody
from risiti.gateway.tenancy.tables import Device

LIFETIME = timedelta(hours=23)
"""A key is renewed before the authority's day is over."""
SPACING = timedelta(seconds=60)
"""Between two keys of a device that were fetched because the one before was refused."""
MOST_IN_AN_HOUR = 5
PREVIOUS_KEPT = timedelta(minutes=15)
"""Answers sealed with the key before may come that much later."""
FETCH_SECONDS = 60.0
"""Who does not come back with a key within this time has lost the right to fetch it."""
LOOK_EVERY = 0.25
_PURPOSE = "device-session-key"


@dataclass(frozen=True, slots=True)
class _Fetch:
    """This process is to fetch a new key."""


@dataclass(frozen=True, slots=True)
class _Wait:
    """Another process does."""


@dataclass(frozen=True, slots=True)
class _Denied:
    """Nobody may, for now."""

    why: str
    pauses: bool


Pause = Callable[[str, str], Awaitable[None]]
"""Pauses a device's lane: its id, and why."""


class DeviceSessions:
    """The session keys of one device; see `risiti.efris.SessionKeys`."""

    def __init__(
        self, database: Database, vault: Vault, clock: Clock, *, process: str, device_id: str, pause: Pause
    ) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._process = process
        self._device_id = device_id
        self._pause = pause

    async def obtain(self, worn: SessionKey | None, fetch: Callable[[], Awaitable[bytes]]) -> SessionKey:
        """Return a key that can be used: the one there is, or a new one that is fetched once for everybody.

        Raises:
            NotReady: too many were fetched lately.
            EfrisError: what `fetch` raised.
        """
        while True:
            found = await self._database.write(partial(self._look, worn=worn, now=self._clock.now()))
            if isinstance(found, SessionKey):
                return found
            if isinstance(found, _Denied):
                if found.pauses:
                    await self._pause(self._device_id, found.why)
                raise NotReady(found.why)
            if isinstance(found, _Wait):
                await self._clock.sleep(LOOK_EVERY)
                continue
            try:
                secret = await fetch()
            except BaseException:
                await self._database.write(self._give_up)
                raise
            kept = await self._database.write(partial(self._keep, secret=secret, now=self._clock.now()))
            if kept is not None:
                return kept

    def _look(self, session: Session, worn: SessionKey | None, now: datetime) -> SessionKey | _Fetch | _Wait | _Denied:
        row, device = self._row(session)
        is_ours = row.key_fingerprint == device.key_fingerprint
        if is_ours and (key := self._usable(session, row, worn, now)) is not None:
            return key
        if row.refresher not in {None, self._process} and row.refresh_until is not None and row.refresh_until > now:
            return _Wait()
        if is_ours and row.key_sealed is not None and (denied := _denied(row, now)) is not None:
            return denied
        row.refresher, row.refresh_until = self._process, now + timedelta(seconds=FETCH_SECONDS)
        return _Fetch()

    def _usable(
        self, session: Session, row: DeviceSession, worn: SessionKey | None, now: datetime
    ) -> SessionKey | None:
        if row.key_sealed is None or row.obtained_at is None or now - row.obtained_at >= LIFETIME:
            return None
        try:
            secret = custody.unseal(session, self._vault, self._place(row), row.key_sealed)
            previous = None
            if row.previous_sealed is not None and row.previous_until is not None and row.previous_until > now:
                previous = custody.unseal(session, self._vault, self._place(row), row.previous_sealed)
        except CannotUnseal:
            return None
        if worn is not None and worn.secret == secret:
            return None
        age = max(0.0, (now - row.obtained_at).total_seconds())
        return SessionKey(secret, self._clock.monotonic() - age, previous)

    def _keep(self, session: Session, secret: bytes, now: datetime) -> SessionKey | None:
        row, device = self._row(session)
        if row.refresher != self._process:
            return None  # we took too long, and another process has taken over: what it fetched counts
        is_ours = row.key_fingerprint == device.key_fingerprint
        if is_ours and row.obtained_at is not None and now - row.obtained_at < LIFETIME:
            row.replaced_at = now
            row.replaced_in_hour += 1
        row.previous_sealed = row.key_sealed if is_ours else None
        row.previous_until = now + PREVIOUS_KEPT
        row.key_sealed = custody.seal(session, self._vault, self._place(row), secret)
        row.key_fingerprint = device.key_fingerprint
        row.obtained_at = now
        row.version += 1
        row.refresher = row.refresh_until = None
        return self._usable(session, row, None, now)

    def _give_up(self, session: Session) -> None:
        row, _ = self._row(session)
        if row.refresher == self._process:
            row.refresher = row.refresh_until = None

    def _row(self, session: Session) -> tuple[DeviceSession, Device]:
        device = session.get_one(Device, self._device_id)
        row = session.get(DeviceSession, self._device_id, with_for_update=True)
        if row is None:
            insert_or_skip(
                session,
                DeviceSession,
                device_id=device.id,
                company_id=device.company_id,
                version=0,
                key_fingerprint=device.key_fingerprint,
                replaced_in_hour=0,
            )
            row = session.get_one(DeviceSession, self._device_id, with_for_update=True)
        return row, device

    def _place(self, row: DeviceSession) -> Place:
        return Place(row.company_id, _PURPOSE, row.device_id)


def _denied(row: DeviceSession, now: datetime) -> _Denied | None:
    """Tell why no key may be fetched in place of a refused one; None if one may."""
    if row.hour_began_at is None or now - row.hour_began_at >= timedelta(hours=1):
        row.hour_began_at, row.replaced_in_hour = now, 0
    if row.replaced_in_hour >= MOST_IN_AN_HOUR:
        return _Denied(f"{MOST_IN_AN_HOUR} session keys were refused within an hour", pauses=True)
    if row.replaced_at is not None and now - row.replaced_at < SPACING:
        return _Denied(
            f"the last session key was refused soon after it was fetched; the next is fetched "
            f"{SPACING.total_seconds():g} s after it",
            pauses=False,
        )
    return None
