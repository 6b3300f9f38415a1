"""Second factors: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for when the phone is lost.

The secret that app and server share is sealed under a data key of the person's own. A code is good for one use: the
step of the last one that was taken is kept, and neither it nor an earlier one is taken again. Who guesses knows the
password already, so the pauses after wrong codes cannot be used to lock a stranger out.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import pyotp
import structlog
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from risiti.gateway.kernel.errors import Conflict, FieldError, Invalid, NotFound, TooMany
from risiti.gateway.kernel.secrets import Place, RandomBytes, Secret, Vault
from risiti.gateway.tenancy.user_tables import RecoveryCode, SecondFactor, User

ISSUER: Final = "Risiti"
SECRET_BYTES: Final = 20
STEP_SECONDS: Final = 30
STEPS_AROUND: Final = 1
"""A phone's clock may be so many steps fast or slow."""
DIGITS: Final = 6
RECOVERY_CODES: Final = 10
RECOVERY_BYTES: Final = 10
"""80 bits: too many to guess, so a plain hash is enough to keep."""
FREE_TRIES: Final = 5
"""Wrong codes in a row before each further try has to wait."""
FIRST_PAUSE: Final = timedelta(minutes=1)
"""It doubles with each further wrong code."""
LONGEST_PAUSE: Final = timedelta(minutes=15)
"""So at most about 100 guesses a day, of which each hits one of three in a million."""
MAX_CODE: Final = 40
_PURPOSE: Final = "totp-secret"

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a person puts into the authenticator app, shown this once."""

    secret: Secret
    uri: Secret
    """`otpauth://...`, for a QR code."""


def enrol(
    session: Session, vault: Vault, user: User, now: datetime, random_bytes: RandomBytes = secrets.token_bytes
) -> Enrolment:
    """Make a new secret for a person; it counts only when a code made from it was shown (`confirm`).

    Raises:
        Conflict: there is a confirmed one, which has to be removed first.
    """
    present = session.get(SecondFactor, user.id, with_for_update=True)
    if present is not None and present.confirmed_at is not None:
        raise Conflict("There is a second factor already; remove it first.", code="second_factor_exists")
    if present is not None:
        session.delete(present)
        session.flush()
    text = base64.b32encode(random_bytes(SECRET_BYTES)).decode("ascii")
    vault.renew_keys()
    data_key = vault.new_data_key(user.id)
    row = SecondFactor(
        user_id=user.id,
        data_key=data_key,
        kek_id=vault.kek_id,
        secret_sealed=vault.seal(data_key, _place(user.id), text.encode()),
        failures=0,
        created_at=now,
    )
    session.add(row)
    session.flush()
    uri = pyotp.TOTP(text).provisioning_uri(name=user.email, issuer_name=ISSUER)
    return Enrolment(Secret(text), Secret(uri))


def confirm(
    session: Session,
    vault: Vault,
    user_id: str,
    code: str,
    *,
    now: datetime,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> tuple[Secret, ...] | None:
    """Begin to ask for the second factor, and return the recovery codes; None if the code was wrong.

    The caller commits in both cases, so that wrong codes are counted.

    Raises:
        NotFound: nothing was begun.
        Conflict: it was confirmed before.
        TooMany: too many wrong codes lately.
    """
    row = session.get(SecondFactor, user_id, with_for_update=True)
    if row is None:
        raise NotFound("No second factor was begun; ask for a secret first.", code="no_second_factor")
    if row.confirmed_at is not None:
        raise Conflict("The second factor was confirmed already.", code="second_factor_exists")
    if not _is_code(vault, row, code, now):
        return None
    row.confirmed_at = now
    return new_recovery_codes(session, user_id, random_bytes)


def is_on(session: Session, user_id: str) -> bool:
    """Tell whether a person is asked for a second factor."""
    row = session.get(SecondFactor, user_id)
    return row is not None and row.confirmed_at is not None


def check(session: Session, vault: Vault, user_id: str, code: str, now: datetime) -> bool:
    """Tell whether a code of the app, or a recovery code, is right; it is used up by that.

    The caller commits in both cases, so that wrong codes are counted.

    Raises:
        NotFound: the person has no second factor.
        TooMany: too many wrong codes lately.
    """
    row = session.get(SecondFactor, user_id, with_for_update=True)
    if row is None or row.confirmed_at is None:
        raise NotFound("There is no second factor.", code="no_second_factor")
    if len(_plain(code)) == DIGITS:
        return _is_code(vault, row, code, now)
    _let_try(row, now)
    found = session.get(RecoveryCode, _digest(user_id, code), with_for_update=True)
    if found is None or found.used_at is not None:
        return _count_failure(row, now)
    found.used_at = now
    row.failures = 0
    _log.warning("second_factor.recovery_code_used", user=user_id)
    return True


def new_recovery_codes(
    session: Session, user_id: str, random_bytes: RandomBytes = secrets.token_bytes
) -> tuple[Secret, ...]:
    """Return new recovery codes, shown this once; earlier ones no longer hold."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = tuple(_grouped(random_bytes(RECOVERY_BYTES)) for _ in range(RECOVERY_CODES))
    session.add_all(RecoveryCode(code_hash=_digest(user_id, code), user_id=user_id) for code in codes)
    session.flush()
    return tuple(Secret(code) for code in codes)


def codes_left(session: Session, user_id: str) -> int:
    """Return how many recovery codes are unused."""
    unused = select(RecoveryCode.code_hash).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return len(session.scalars(unused.limit(RECOVERY_CODES)).all())


def remove(session: Session, user_id: str) -> bool:
    """Ask no more for a second factor; False if there was none."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    row = session.get(SecondFactor, user_id, with_for_update=True)
    if row is None:
        return False
    session.delete(row)
    session.flush()
    return True


def wrong_code(path: str = "/code") -> Invalid:
    """Return the answer to every code that is not right: wrong, used before, or too old."""
    message = "This code is not right: mistyped, used before, or too old."
    return Invalid(
        "The code is not right.",
        code="wrong_code",
        errors=[FieldError(path, "wrong_code", message, "Wait for the next code of the app, or use a recovery code.")],
    )


def _is_code(vault: Vault, row: SecondFactor, code: str, now: datetime) -> bool:
    _let_try(row, now)
    totp = pyotp.TOTP(vault.unseal(row.data_key, _place(row.user_id), row.secret_sealed).decode())
    given, present = _plain(code), int(now.timestamp()) // STEP_SECONDS
    hit = None
    for step in range(present - STEPS_AROUND, present + STEPS_AROUND + 1):  # all of them, whatever is found
        if hmac.compare_digest(totp.at(step * STEP_SECONDS).encode(), given.encode("utf-8", "surrogatepass")):
            hit = step
    if hit is None or (row.last_step is not None and hit <= row.last_step):
        return _count_failure(row, now)
    row.last_step = hit
    row.failures = 0
    return True


def _let_try(row: SecondFactor, now: datetime) -> None:
    if row.failures < FREE_TRIES or row.failed_at is None:
        return
    pause = min(FIRST_PAUSE * 2 ** min(row.failures - FREE_TRIES, 10), LONGEST_PAUSE)
    left = (row.failed_at + pause - now).total_seconds()
    if left > 0:
        seconds = int(left) + 1
        message = f"Too many wrong codes; the next try is possible in {seconds} s."
        raise TooMany(message, code="too_many_wrong_codes", retry_after=seconds)


def _count_failure(row: SecondFactor, now: datetime) -> bool:
    row.failures += 1
    row.failed_at = now
    _log.info("second_factor.wrong_code", user=row.user_id, failures=row.failures)
    return False


def _place(user_id: str) -> Place:
    return Place(user_id, _PURPOSE, user_id)


def _plain(code: str) -> str:
    return "".join(code.replace("-", "").split()).lower()


def _grouped(random: bytes) -> str:
    text = base64.b32encode(random).decode("ascii").lower()
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def _digest(user_id: str, code: str) -> bytes:
    return hashlib.sha256(f"{user_id}|{_plain(code)}".encode("utf-8", "surrogatepass")).digest()
