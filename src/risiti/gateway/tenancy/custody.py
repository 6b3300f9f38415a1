"""Keeps companies' secrets sealed: their data keys, and the key-encryption key at the start of a process."""

import asyncio
import os
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from risiti.gateway.db.database import Database
from risiti.gateway.kernel.secrets import BadKey, KeyEncryptionKey, Place, RandomBytes, Secret, Vault
from risiti.gateway.tenancy.tables import DataKey
from risiti.gateway.tenancy.user_tables import SecondFactor

_OTHERS_MAY = 0o077
_MAX_FILE_BYTES = 1_024


class KeyEncryptionKeyError(Exception):
    """The key-encryption key is missing or wrong. The message is one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class OpenedVault:
    """A vault, and the file that was made for its key if this is the first start."""

    vault: Vault
    made: Path | None


async def open_vault(
    database: Database, kek: Secret | None, default_file: Path | None, random_bytes: RandomBytes = secrets.token_bytes
) -> OpenedVault:
    """Open the vault of a gateway at its start.

    Args:
        database: Where the data keys are; its tables exist.
        kek: The key-encryption key as given in the settings.
        default_file: Where to keep it when none is given (the embedded database only).
        random_bytes: The source of new keys and of nonces.

    Raises:
        KeyEncryptionKeyError: none given, not readable, open to others, or not the one that wrapped what is stored.
            A new key is never made while anything is stored under another.
    """
    used = await database.read(_kek_ids)
    given = await asyncio.to_thread(_given_or_kept, kek, default_file, random_bytes, is_first_start=not used)
    if used - {given.key.id}:
        raise KeyEncryptionKeyError(
            f"{given.origin} holds the key {given.key.id}, but the database was written with "
            f"{', '.join(sorted(used - {given.key.id}))}; give the key that belongs to this database."
        )
    return OpenedVault(Vault(given.key, random_bytes), given.made)


def create_data_key(session: Session, vault: Vault, company_id: str, now: datetime) -> None:
    """Give a new company its data key."""
    session.add(
        DataKey(company_id=company_id, wrapped=vault.new_data_key(company_id), kek_id=vault.kek_id, created_at=now)
    )


def seal(session: Session, vault: Vault, place: Place, plaintext: bytes) -> bytes:
    """Encrypt a company's secret under its data key."""
    return vault.seal(session.get_one(DataKey, place.company_id).wrapped, place, plaintext)


def unseal(session: Session, vault: Vault, place: Place, sealed: bytes) -> bytes:
    """Decrypt a company's secret.

    Raises:
        CannotUnseal: damaged, moved, or sealed under another key.
    """
    return vault.unseal(session.get_one(DataKey, place.company_id).wrapped, place, sealed)


def _kek_ids(session: Session) -> set[str]:
    of_companies = session.scalars(select(DataKey.kek_id).distinct())
    of_people = session.scalars(select(SecondFactor.kek_id).distinct())
    return {*of_companies, *of_people}


@dataclass(frozen=True, slots=True)
class _Given:
    key: KeyEncryptionKey
    origin: str
    made: Path | None = None


def _given_or_kept(
    kek: Secret | None, default_file: Path | None, random_bytes: RandomBytes, *, is_first_start: bool
) -> _Given:
    if kek is not None:
        return _Given(_parse(kek.reveal(), "RISITI_KEK"), "RISITI_KEK")
    if default_file is None:
        raise KeyEncryptionKeyError(
            "RISITI_KEK_FILE is not set: with PostgreSQL the key-encryption key must be given; make one with: "
            "openssl rand -base64 32 > kek && chmod 400 kek"
        )
    made = None
    if not default_file.exists():
        if not is_first_start:
            raise KeyEncryptionKeyError(
                f"{default_file} is missing, but private keys are stored under it; put the file back."
            )
        made = _make(default_file, random_bytes)
    return _Given(_parse(_read(default_file), str(default_file)), str(default_file), made)


def _parse(text: str, origin: str) -> KeyEncryptionKey:
    try:
        return KeyEncryptionKey.from_text(text)
    except BadKey as error:
        raise KeyEncryptionKeyError(f"{origin}: {error}.") from None


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & _OTHERS_MAY:
                raise KeyEncryptionKeyError(f"{path} can be read by other users; run: chmod 600 {path}")
            return file.read(_MAX_FILE_BYTES).decode("ascii", "replace")
    except OSError as error:
        raise KeyEncryptionKeyError(f"{path} cannot be read ({error.strerror}).") from None


def _make(path: Path, random_bytes: RandomBytes) -> Path | None:
    """Write a new key; None if another process was faster."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{random_bytes(8).hex()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(KeyEncryptionKey.generate(random_bytes).to_text() + "\n")
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(draft)
    except FileExistsError:
        return None
    finally:
        draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return path
