"""What `risiti doctor` looks at, part by part; nothing is changed, and no part waits longer than its bound."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Final

import aiohttp
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from risiti.gateway import expiry
from risiti.gateway.db.database import Database, DatabaseUnavailable
from risiti.gateway.from_settings import keys_given
from risiti.gateway.kernel.clock import SystemClock
from risiti.gateway.migrations import check
from risiti.gateway.migrations.check import Finding, Grade
from risiti.gateway.migrations.run import NewerDatabaseError
from risiti.gateway.runtime import open_database
from risiti.gateway.settings import Settings
from risiti.gateway.submissions.readiness import situation
from risiti.gateway.submissions.upstreams import ALIVE
from risiti.gateway.tenancy import custody
from risiti.gateway.tenancy.custody import KeyEncryptionKeyError
from risiti.gateway.tenancy.tables import ApiKey, Device, DeviceState

REACH_SECONDS: Final = 10.0
"""How long the authority or Redis may take to show that it is there."""
API_KEYS_SOON: Final = timedelta(days=14)
"""A program's key that ends so soon is worth a word."""
CLOCK_MOST: Final = timedelta(minutes=5)
"""The authority turns requests away whose time is 10 minutes off; half of that is alarming."""


@dataclass(frozen=True, slots=True)
class Part:
    """Findings about one thing."""

    name: str
    findings: tuple[Finding, ...]


def settings_are_wrong(message: str) -> Part:
    """Return what is said when the settings cannot even be read."""
    fix = "mend them (docs/settings.md), then run this again: the rest depends on them"
    return Part("settings", (Finding("settings", Grade.FAIL, message, fix),))


async def examine(settings: Settings) -> list[Part]:
    """Look at everything; what cannot be looked at is a finding itself."""
    parts = [Part("settings", tuple(_settings(settings)))]
    database = open_database(settings)
    try:
        parts.append(await _database(database, settings))
        if not any(one.grade is Grade.FAIL and one.name in {"database", "tables"} for one in parts[-1].findings):
            parts += [await _keys(database, settings), await _work(database, settings)]
    finally:
        await database.close()
    parts += [await _redis(settings), await _authority(settings)]
    return parts


def _settings(settings: Settings) -> Iterator[Finding]:
    yield Finding("settings", Grade.OK, "can be used")
    given = [name for name in ("efris_test_url", "efris_live_url") if getattr(settings, name) is not None]
    what = ", ".join(name.upper() for name in given) or "no address of the authority"
    fix = "set EFRIS_TEST_URL or EFRIS_LIVE_URL: until then documents are accepted and only wait"
    yield Finding("addresses", Grade.OK if given else Grade.WARN, what, "" if given else fix)
    if not settings.rate_limit_enabled:
        yield Finding(
            "rate_limits", Grade.WARN, "switched off", "leave RATE_LIMIT_ENABLED at true where others can call"
        )
    if settings.sqlite_file is None and settings.redis_url is None:
        fix = "set REDIS_URL if several processes run: without it each counts limits by itself"
        yield Finding("redis", Grade.WARN, "several processes can run and share no limits", fix)


async def _database(database: Database, settings: Settings) -> Part:
    look = partial(check.examine, now=SystemClock().now(), connections=settings.database_connections)
    try:
        return Part("database", tuple(await database.administer(look)))
    except (DatabaseUnavailable, NewerDatabaseError) as error:
        fix = "start it, or mend DATABASE_URL; an older release cannot use tables of a newer one"
        return Part("database", (Finding("database", Grade.FAIL, str(error) or "does not answer", fix),))


async def _keys(database: Database, settings: Settings) -> Part:
    given, used = keys_given(settings), await database.read(custody.kek_ids)
    own = given.default_file
    if given.text is None and given.file is None and own is not None and not own.exists() and not used:
        key = Finding("key_encryption_key", Grade.OK, f"will be made at the first start: {own}")
    else:
        try:
            await custody.open_vault(database, given)
            key = Finding("key_encryption_key", Grade.OK, "is the one of this database")
        except KeyEncryptionKeyError as error:
            key = Finding("key_encryption_key", Grade.FAIL, str(error), "put the right key back from its backup")
    now = SystemClock().now()
    found = [await database.read(partial(look, now=now)) for look in (_devices, _device_keys, _api_keys)]
    return Part("keys", (key, *found))


def _devices(session: Session, now: datetime) -> Finding:
    del now  # a paused device has no end
    paused = session.scalar(select(func.count()).select_from(Device).where(Device.paused_reason.is_not(None))) or 0
    total = session.scalar(select(func.count()).select_from(Device)) or 0
    fix = "`risiti device list` shows why: the authority refused key or device, and documents of these wait"
    what = f"{total}, of which {paused} paused"
    return Finding("devices", Grade.WARN if paused else Grade.OK, what, fix if paused else "")


def _device_keys(session: Session, now: datetime) -> Finding:
    """Say which devices' keys end soon: without a valid one the authority takes nothing from them."""
    last = now + timedelta(days=expiry.DAYS[0])
    ends = select(Device.device_no, Device.key_until).where(
        Device.state == DeviceState.ACTIVE, Device.key_until.is_not(None)
    )
    first = session.execute(ends.order_by(Device.key_until, Device.id).limit(1)).one_or_none()
    if first is None:
        return Finding("device_keys", Grade.OK, "of none it is known when it ends")
    what = f"the first one ends on {first.key_until:%Y-%m-%d} (device {first.device_no})"
    until = [row.key_until for row in session.execute(ends.where(Device.key_until <= last))]
    if not until:
        return Finding("device_keys", Grade.OK, what)
    ended = sum(one <= now for one in until)
    what = f"{ended} have ended, {len(until) - ended} end within {expiry.DAYS[0]} days; {what}"
    fix = "register a new key at the authority's portal, then `risiti device change-key`"
    return Finding("device_keys", Grade.FAIL if ended else Grade.WARN, what, fix)


def _api_keys(session: Session, now: datetime) -> Finding:
    """Say how many keys of programs there are, and how many end soon: their programs get 401 from then on."""
    in_use = (ApiKey.revoked_at.is_(None), or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now))
    alive = session.scalar(select(func.count()).select_from(ApiKey).where(*in_use)) or 0
    ending = select(func.count()).select_from(ApiKey).where(*in_use, ApiKey.expires_at <= now + API_KEYS_SOON)
    soon = session.scalar(ending) or 0
    if not soon:
        return Finding("api_keys", Grade.OK, f"{alive} in use")
    fix = "give their programs new ones before: `risiti key rotate`"
    return Finding("api_keys", Grade.WARN, f"{alive} in use, of which {soon} end within 14 days", fix)


async def _work(database: Database, settings: Settings) -> Part:
    urls = {
        name: url
        for name, url in (("test", settings.efris_test_url), ("live", settings.efris_live_url))
        if url is not None
    }
    now = SystemClock().now()
    found = await database.read(partial(situation, urls=urls, now=now))
    if found.worker_seen_at is None:
        worker = Finding("worker", Grade.WARN, "none has been seen within the hour", "start `risiti worker` or `serve`")
    else:
        ago = (now - found.worker_seen_at).total_seconds()
        silent = ago > ALIVE
        worker = Finding(
            "worker",
            Grade.WARN if silent else Grade.OK,
            f"{found.workers} now, last seen {ago:.0f} s ago",
            "see why it ended; documents wait meanwhile" if silent else "",
        )
    breakers = [
        Finding(
            f"breaker_{name.replace(':', '_')}",
            Grade.OK if phase == "closed" else Grade.WARN,
            str(phase),
            "" if phase == "closed" else "the authority was seen to fail; it is tried again by itself",
        )
        for name, phase in (found.authority | found.calls).items()
    ]
    limits = [
        Finding(
            f"limits_{name}",
            Grade.OK,
            f"{one.sending} of {one.concurrency} messages on the wire, {one.asking} documents asked about; "
            f"{one.rate:g} messages a second",
        )
        for name, one in found.limits.items()
    ]
    return Part("work", (worker, *breakers, *limits))


async def _redis(settings: Settings) -> Part:
    if settings.redis_url is None:
        return Part("redis", (Finding("redis", Grade.OK, "not used"),))
    from redis.asyncio import Redis  # noqa: PLC0415 - an extra

    redis = Redis.from_url(settings.redis_url.get_secret_value(), socket_connect_timeout=REACH_SECONDS)
    try:
        async with asyncio.timeout(REACH_SECONDS):
            await redis.ping()
        return Part("redis", (Finding("redis", Grade.OK, "answers"),))
    except Exception as error:  # noqa: BLE001 - whatever the client raises is the finding
        fix = "start it or mend REDIS_URL; until then each process counts limits by itself and nothing is lost"
        return Part("redis", (Finding("redis", Grade.WARN, f"does not answer ({type(error).__name__})", fix),))
    finally:
        await redis.aclose()


async def _authority(settings: Settings) -> Part:
    findings = []
    for name, url in (("test", settings.efris_test_url), ("live", settings.efris_live_url)):
        if url is not None:
            findings += await _reach(name, url)
    return Part("authority", tuple(findings) or (Finding("authority", Grade.WARN, "no address is set"),))


async def _reach(name: str, url: str) -> list[Finding]:
    """See whether somebody answers there, and compare clocks by the answer's own date; no message of EFRIS is sent."""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=REACH_SECONDS)) as session,
            session.get(url, allow_redirects=False) as answer,
        ):
            date = answer.headers.get("Date")
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        fix = "documents wait until it can be reached: look at name, firewall, proxy and certificate on this machine"
        return [Finding(f"reach_{name}", Grade.WARN, f"no answer ({type(error).__name__})", fix)]
    findings = [Finding(f"reach_{name}", Grade.OK, "answers")]
    if date is not None:
        apart = abs(parsedate_to_datetime(date) - SystemClock().now())
        fix = "have this machine keep time (chrony or systemd-timesyncd): it turns away requests 10 minutes off"
        good = apart <= CLOCK_MOST
        what = f"{apart.total_seconds():.0f} s apart"
        findings.append(Finding(f"clock_{name}", Grade.OK if good else Grade.FAIL, what, "" if good else fix))
    return findings
