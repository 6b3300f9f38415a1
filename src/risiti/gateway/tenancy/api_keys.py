"""Issue, authenticate and revoke API keys.

A key reads `rst_test_AAAAAAAA_` (or `rst_live_`), 30 random characters and a check of 6. The eight characters after the
environment are public: the key is found and named by them. The random part carries 178 bits, so a plain SHA-256 of the
whole key is enough to keep; there is nothing to guess that a slow hash or a pepper would protect.
"""

import hashlib
import hmac
import re
import secrets
import string
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from risiti.gateway import events
from risiti.gateway.db.database import Database
from risiti.gateway.db.raw import Statements
from risiti.gateway.events import Happening
from risiti.gateway.kernel.clock import Clock
from risiti.gateway.kernel.errors import Conflict, FieldError, Invalid, NotFound, Unauthenticated
from risiti.gateway.kernel.ids import ApiKeyId, CompanyId, Ids
from risiti.gateway.kernel.secrets import RandomBytes, Secret
from risiti.gateway.tenancy.access import Caller, Scope
from risiti.gateway.tenancy.environment import Environment
from risiti.gateway.tenancy.sql.api_keys import FoundKey, find
from risiti.gateway.tenancy.tables import ApiKey, Company, Device

PUBLIC_CHARACTERS: Final = 8
SECRET_CHARACTERS: Final = 30
CHECK_CHARACTERS: Final = 6
MAX_LABEL: Final = 100
"""Characters of a key's label."""
LAST_USE_EXACT_TO: Final = timedelta(minutes=1)
ROTATION_OVERLAP: Final = timedelta(hours=24)
LONGEST_OVERLAP: Final = timedelta(days=30)
"""Old and new key hold side by side for at most so long."""
MAX_ADDRESSES: Final = 50
"""Networks of one key."""
MAX_PER_MINUTE: Final = 100_000

_ALPHABET: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_FORM: Final = re.compile(
    rf"rst_(?:test|live)_(?P<public>[0-9A-Za-z]{{{PUBLIC_CHARACTERS}}})"
    rf"_[0-9A-Za-z]{{{SECRET_CHARACTERS}}}(?P<check>[0-9A-Za-z]{{{CHECK_CHARACTERS}}})",
    re.ASCII,
)
_NO_HASH: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class ApiKeyView:
    """An API key as its owner may see it: everything but the key."""

    id: ApiKeyId
    prefix: str
    """How the key begins, e.g. `rst_test_3fK9aB2c`."""
    environment: Environment
    scopes: tuple[Scope, ...]
    label: str
    created_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None
    expires_at: datetime | None
    device_id: str | None
    addresses: tuple[str, ...]
    per_minute: int | None


@dataclass(frozen=True, slots=True)
class Terms:
    """How far a key reaches besides its scopes."""

    expires_at: datetime | None = None
    device_id: str | None = None
    """The one device through which it may send."""
    addresses: tuple[str, ...] = ()
    """Addresses or networks from which alone it may be used: `192.0.2.7`, `192.0.2.0/24`, `2001:db8::/48`."""
    per_minute: int | None = None
    """Its own limit of requests a minute."""


NO_TERMS: Final = Terms()


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key: the only time that it can be read."""

    key: Secret
    view: ApiKeyView

    @property
    def id(self) -> ApiKeyId:
        """The key's id, which is no secret."""
        return self.view.id


def issue(
    session: Session,
    ids: Ids,
    clock: Clock,
    company_id: str,
    *,
    scopes: Iterable[Scope],
    label: str,
    terms: Terms = NO_TERMS,
    by: str | None = None,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> IssuedKey:
    """Make a key for a company, for the company's environment. The caller shows it once and forgets it.

    Raises:
        NotFound: no such company.
        Invalid: no scope, a label that is empty or too long, or terms that cannot be; every fault is listed.
    """
    wanted = tuple(sorted(set(scopes)))
    now = clock.now()
    addresses = _check(session, company_id, wanted, label, terms, now)
    company = session.get(Company, company_id)
    if company is None:
        raise NotFound("There is no such company.", code="company_not_found")
    public_id = _random_text(PUBLIC_CHARACTERS, random_bytes)
    unchecked = f"rst_{company.environment}_{public_id}_{_random_text(SECRET_CHARACTERS, random_bytes)}"
    key = Secret(unchecked + _check_of(unchecked))
    row = ApiKey(
        id=ids.api_key(),
        company_id=company.id,
        public_id=public_id,
        secret_hash=_hash(key.reveal()),
        environment=company.environment,
        scopes=" ".join(wanted),
        label=label.strip(),
        created_at=now,
        expires_at=terms.expires_at,
        device_id=terms.device_id,
        addresses=" ".join(addresses),
        per_minute=terms.per_minute,
    )
    session.add(row)
    session.flush()
    data = {"key": row.id, "scopes": wanted, "label": row.label}
    events.record(session, ids, company.id, None, Happening("api_key.issued", now, data, by=by))
    return IssuedKey(key, _view(row))


def rotate(
    session: Session,
    ids: Ids,
    clock: Clock,
    company_id: str,
    api_key_id: str,
    *,
    overlap: timedelta = ROTATION_OVERLAP,
    by: str | None = None,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> IssuedKey:
    """Make a key that may do what another may, which ends when the overlap is over.

    Raises:
        NotFound: the company has no such key.
        Conflict: it does not hold any more (`key_ended`).
        Invalid: an overlap below nothing, or above LONGEST_OVERLAP.
    """
    if not timedelta() <= overlap <= LONGEST_OVERLAP:
        message = f"Two keys may hold side by side for 0 to {LONGEST_OVERLAP.days * 24} hours."
        fault = FieldError("/overlap_hours", "bad_overlap", message, "Leave it out for 24.")
        raise Invalid("The API key cannot be rotated.", errors=[fault])
    row, now = _find(session, company_id, api_key_id), clock.now()
    if _has_ended(row, now):
        raise Conflict("This key does not hold any more; issue a new one.", code="key_ended")
    terms = Terms(None, row.device_id, tuple(row.addresses.split()), row.per_minute)
    issued = issue(
        session,
        ids,
        clock,
        company_id,
        scopes=_scopes(row),
        label=row.label,
        terms=terms,
        by=by,
        random_bytes=random_bytes,
    )
    row.expires_at = min(now + overlap, row.expires_at or now + overlap)
    data = {"key": row.id, "by_key": issued.id, "until": row.expires_at}
    events.record(session, ids, company_id, None, Happening("api_key.rotated", now, data, by=by))
    return issued


def well_formed(presented: str) -> bool:
    """Tell whether a text can be a key at all: form and check are right. Garbage is refused without the database."""
    match = _FORM.fullmatch(presented)
    return match is not None and hmac.compare_digest(match["check"], _check_of(presented[:-CHECK_CHARACTERS]))


def authenticate(session: Statements, presented: str, now: datetime) -> Caller:
    """Return who presents a key. Only reads; `sign_in` also notes the use.

    Raises:
        Unauthenticated: malformed, unknown, wrong, revoked or expired: the answer is the same for all of them; or of
            another environment than its company (`wrong_environment`).
    """
    match = _FORM.fullmatch(presented)
    if match is None or not well_formed(presented):
        raise unauthenticated()
    found = find(session, match["public"])
    holds = hmac.compare_digest(_hash(presented), found.secret_hash if found else _NO_HASH)
    if found is None or not holds or _has_ended(found, now):
        raise unauthenticated()
    if found.environment != found.companys_environment:
        raise wrong_environment()
    return Caller(
        CompanyId(found.company_id),
        Environment(found.environment),
        frozenset(_scopes(found)),
        api_key_id=ApiKeyId(found.id),
        last_used_at=found.last_used_at,
        device_id=found.device_id,
        addresses=tuple(found.addresses.split()),
        per_minute=found.per_minute,
    )


def is_of_the_other_environment(session: Session, company_id: str, caller: Caller) -> bool:
    """Tell whether a caller asks for its own taxpayer's company in the other environment: a test key before live books.

    Of companies of other taxpayers nothing is told.
    """
    own = select(Company.tin).where(Company.id == caller.company_id).scalar_subquery()
    wanted = select(Company.id).where(
        Company.id == company_id, Company.tin == own, Company.environment != caller.environment
    )
    return session.scalar(wanted) is not None


async def sign_in(database: Database, presented: str, now: datetime) -> Caller:
    """Return who presents a key, and note the use of it at most once a minute.

    Raises:
        Unauthenticated: malformed, unknown, wrong or revoked: the answer is the same for all of them.
    """
    if not well_formed(presented):
        raise unauthenticated()
    caller = await database.read_plain(lambda session: authenticate(session, presented, now))
    if caller.last_used_at is None or now - caller.last_used_at >= LAST_USE_EXACT_TO:
        await database.write_as(caller.company_id, lambda session: note_use(session, caller.api_key_id or "", now))
    return caller


def note_use(session: Session, api_key_id: str, now: datetime) -> None:
    """Write down when a key was last used."""
    row = session.get(ApiKey, api_key_id)
    if row is not None and (row.last_used_at is None or row.last_used_at < now):
        row.last_used_at = now


def revoke(
    session: Session, ids: Ids, clock: Clock, company_id: str, api_key_id: str, *, by: str | None = None
) -> ApiKeyView:
    """End a key at once. Revoking it again changes nothing.

    Raises:
        NotFound: the company has no such key.
    """
    row = _find(session, company_id, api_key_id)
    if row.revoked_at is None:
        row.revoked_at = clock.now()
        what = Happening("api_key.revoked", row.revoked_at, {"key": row.id, "label": row.label}, by=by)
        events.record(session, ids, company_id, None, what)
    return _view(row)


def page(session: Session, company_id: str, *, limit: int, after: str | None = None) -> list[ApiKeyView]:
    """List a company's keys, revoked ones too, oldest first; `after` is the id of the last one seen."""
    query = select(ApiKey).where(ApiKey.company_id == company_id).order_by(ApiKey.id).limit(limit)
    if after is not None:
        query = query.where(ApiKey.id > after)
    return [_view(row) for row in session.scalars(query)]


def _find(session: Session, company_id: str, api_key_id: str) -> ApiKey:
    row = session.scalar(select(ApiKey).where(ApiKey.company_id == company_id, ApiKey.id == api_key_id))
    if row is None:
        raise NotFound("There is no such API key.", code="api_key_not_found")
    return row


def _has_ended(row: ApiKey | FoundKey, now: datetime) -> bool:
    return row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now)


def _check(  # noqa: PLR0917 - what a key is made of
    session: Session, company_id: str, scopes: tuple[Scope, ...], label: str, terms: Terms, now: datetime
) -> list[str]:
    """Say everything that is wrong with a new key; return its networks as they are kept."""
    faults = []
    if not scopes:
        known = ", ".join(Scope)
        faults.append(FieldError("/scopes", "required", "A key needs at least one scope.", f"Choose of: {known}."))
    if not label.strip() or len(label) > MAX_LABEL or not label.isprintable():
        message = f"A label has 1 to {MAX_LABEL} printable characters."
        faults.append(FieldError("/label", "bad_label", message, "Name the program that will use the key."))
    if terms.expires_at is not None and terms.expires_at <= now:
        faults.append(FieldError("/expires_at", "in_the_past", "A key ends in the future.", "Leave it out: never."))
    if terms.per_minute is not None and not 1 <= terms.per_minute <= MAX_PER_MINUTE:
        message = f"A key's own limit is 1 to {MAX_PER_MINUTE} requests a minute."
        faults.append(FieldError("/per_minute", "bad_limit", message, "Leave it out for the usual one."))
    if terms.device_id is not None and not _has_device(session, company_id, terms.device_id):
        faults.append(FieldError("/device_id", "device_unknown", "The company has no such device.", "List devices."))
    networks = []
    if len(terms.addresses) > MAX_ADDRESSES:
        message = f"A key has at most {MAX_ADDRESSES} networks."
        faults.append(FieldError("/addresses", "too_many_addresses", message, "Name whole networks."))
    for index, text in enumerate(terms.addresses[:MAX_ADDRESSES]):
        try:
            networks.append(str(ip_network(text.strip())))
        except ValueError:
            message = "This is no address and no network."
            fix = "Write 192.0.2.7, 192.0.2.0/24 or 2001:db8::/48, with nothing set behind the prefix."
            faults.append(FieldError(f"/addresses/{index}", "bad_address", message, fix))
    if faults:
        raise Invalid("The API key cannot be issued.", errors=faults)
    return networks


def _has_device(session: Session, company_id: str, device_id: str) -> bool:
    return session.scalar(select(Device.id).where(Device.company_id == company_id, Device.id == device_id)) is not None


def wrong_environment() -> Unauthenticated:
    """Return the answer to a key of one environment before a company of the other."""
    return Unauthenticated(
        "This key is for the other environment: test keys reach only the authority's test service, live keys only live "
        "companies.",
        code="wrong_environment",
    )


def unauthenticated() -> Unauthenticated:
    """Return the one answer to every caller whose key does not hold, whatever is wrong with it."""
    return Unauthenticated("A valid API key is needed: Authorization: Bearer rst_...")


def _scopes(row: ApiKey | FoundKey) -> list[Scope]:
    return [Scope(word) for word in row.scopes.split()]


def _view(row: ApiKey) -> ApiKeyView:
    return ApiKeyView(
        id=ApiKeyId(row.id),
        prefix=f"rst_{row.environment}_{row.public_id}",
        environment=row.environment,
        scopes=tuple(_scopes(row)),
        label=row.label,
        created_at=row.created_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
        expires_at=row.expires_at,
        device_id=row.device_id,
        addresses=tuple(row.addresses.split()),
        per_minute=row.per_minute,
    )


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode("ascii")).digest()


def _check_of(text: str) -> str:
    number = zlib.crc32(text.encode("ascii"))
    digits = []
    for _ in range(CHECK_CHARACTERS):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))


def _random_text(length: int, random_bytes: RandomBytes) -> str:
    """Draw characters evenly: bytes beyond the last whole multiple of the alphabet are thrown away."""
    even = 256 - 256 % len(_ALPHABET)
    text = ""
    while len(text) < length:
        text += "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in random_bytes(length) if byte < even)
    return text[:length]
