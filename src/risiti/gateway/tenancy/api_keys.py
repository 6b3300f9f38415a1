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
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from risiti.gateway.db.database import Database
from risiti.gateway.kernel.clock import Clock
from risiti.gateway.kernel.errors import FieldError, Invalid, NotFound, Unauthenticated
from risiti.gateway.kernel.ids import ApiKeyId, CompanyId, Ids
from risiti.gateway.kernel.secrets import RandomBytes, Secret
from risiti.gateway.tenancy.access import Caller, Scope
from risiti.gateway.tenancy.environment import Environment
from risiti.gateway.tenancy.tables import ApiKey, Company

PUBLIC_CHARACTERS: Final = 8
SECRET_CHARACTERS: Final = 30
CHECK_CHARACTERS: Final = 6
MAX_LABEL: Final = 100
"""Characters of a key's label."""
LAST_USE_EXACT_TO: Final = timedelta(minutes=1)

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
    random_bytes: RandomBytes = secrets.token_bytes,
) -> IssuedKey:
    """Make a key for a company, for the company's environment. The caller shows it once and forgets it.

    Raises:
        NotFound: no such company.
        Invalid: no scope, or a label that is empty or too long.
    """
    wanted = tuple(sorted(set(scopes)))
    _check(wanted, label)
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
        created_at=clock.now(),
    )
    session.add(row)
    session.flush()
    return IssuedKey(key, _view(row))


def well_formed(presented: str) -> bool:
    """Tell whether a text can be a key at all: form and check are right. Garbage is refused without the database."""
    match = _FORM.fullmatch(presented)
    return match is not None and hmac.compare_digest(match["check"], _check_of(presented[:-CHECK_CHARACTERS]))


def authenticate(session: Session, presented: str, now: datetime) -> Caller:  # noqa: ARG001 - keys will end by time
    """Return who presents a key. Only reads; `sign_in` also notes the use.

    Raises:
        Unauthenticated: malformed, unknown, wrong or revoked: the answer is the same for all of them.
    """
    match = _FORM.fullmatch(presented)
    if match is None or not well_formed(presented):
        raise unauthenticated()
    row = session.scalar(select(ApiKey).where(ApiKey.public_id == match["public"]))
    holds = hmac.compare_digest(_hash(presented), row.secret_hash if row else _NO_HASH)
    if row is None or not holds or row.revoked_at is not None:
        raise unauthenticated()
    return Caller(
        CompanyId(row.company_id),
        row.environment,
        frozenset(_scopes(row)),
        api_key_id=ApiKeyId(row.id),
        last_used_at=row.last_used_at,
    )


async def sign_in(database: Database, presented: str, now: datetime) -> Caller:
    """Return who presents a key, and note the use of it at most once a minute.

    Raises:
        Unauthenticated: malformed, unknown, wrong or revoked: the answer is the same for all of them.
    """
    if not well_formed(presented):
        raise unauthenticated()
    caller = await database.read(lambda session: authenticate(session, presented, now))
    if caller.last_used_at is None or now - caller.last_used_at >= LAST_USE_EXACT_TO:
        await database.write_as(caller.company_id, lambda session: note_use(session, caller.api_key_id or "", now))
    return caller


def note_use(session: Session, api_key_id: str, now: datetime) -> None:
    """Write down when a key was last used."""
    row = session.get(ApiKey, api_key_id)
    if row is not None and (row.last_used_at is None or row.last_used_at < now):
        row.last_used_at = now


def revoke(session: Session, clock: Clock, company_id: str, api_key_id: str) -> ApiKeyView:
    """End a key at once. Revoking it again changes nothing.

    Raises:
        NotFound: the company has no such key.
    """
    row = session.scalar(select(ApiKey).where(ApiKey.company_id == company_id, ApiKey.id == api_key_id))
    if row is None:
        raise NotFound("There is no such API key.", code="api_key_not_found")
    if row.revoked_at is None:
        row.revoked_at = clock.now()
    return _view(row)


def page(session: Session, company_id: str, *, limit: int, after: str | None = None) -> list[ApiKeyView]:
    """List a company's keys, revoked ones too, oldest first; `after` is the id of the last one seen."""
    query = select(ApiKey).where(ApiKey.company_id == company_id).order_by(ApiKey.id).limit(limit)
    if after is not None:
        query = query.where(ApiKey.id > after)
    return [_view(row) for row in session.scalars(query)]


def _check(scopes: tuple[Scope, ...], label: str) -> None:
    faults = []
    if not scopes:
        known = ", ".join(Scope)
        faults.append(FieldError("/scopes", "required", "A key needs at least one scope.", f"Choose of: {known}."))
    if not label.strip() or len(label) > MAX_LABEL or not label.isprintable():
        message = f"A label has 1 to {MAX_LABEL} printable characters."
        faults.append(FieldError("/label", "bad_label", message, "Name the program that will use the key."))
    if faults:
        raise Invalid("The API key cannot be issued.", errors=faults)


def unauthenticated() -> Unauthenticated:
    """Return the one answer to every caller whose key does not hold, whatever is wrong with it."""
    return Unauthenticated("A valid API key is needed: Authorization: Bearer rst_...")


def _scopes(row: ApiKey) -> list[Scope]:
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
