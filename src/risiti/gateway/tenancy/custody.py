"""Keeps the secrets of companies and people sealed: their data keys, and the vault of a process at its start.

Where the key-encryption keys come from is in `key_sources.py`, how they are exchanged in `rotation.py`.
"""

import asyncio
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from risiti.gateway.db.database import Database
from risiti.gateway.kernel.secrets import KeyRing, Place, RandomBytes, Secret, Vault
from risiti.gateway.tenancy.key_sources import (
    CommandKeyService,
    FileKeys,
    GivenKeys,
    KeyEncryptionKeyError,
    KeySource,
    ServedKeys,
)
from risiti.gateway.tenancy.tables import DataKey
from risiti.gateway.tenancy.user_tables import SecondFactor

__all__ = ["Given", "KeyEncryptionKeyError", "OpenedVault", "create_data_key", "open_vault", "seal", "unseal"]


@dataclass(frozen=True, slots=True)
class Given:
    """What the settings say about the key-encryption keys."""

    text: Secret | None = None
    """The keys themselves, or what the key service opens."""
    file: Path | None = None
    """Where the text came from, if from a file; it is read again while the process runs."""
    default_file: Path | None = None
    """Where to keep a key of our own when none is given (the embedded database only)."""
    command: str | None = None
    """The key service's command."""


@dataclass(frozen=True, slots=True)
class OpenedVault:
    """A vault, and the file that was made for its key if this is the first start."""

    vault: Vault
    made: Path | None


async def open_vault(database: Database, given: Given, random_bytes: RandomBytes = secrets.token_bytes) -> OpenedVault:
    """Open the vault of a gateway at its start.

    Args:
        database: Where the data keys are; its tables exist.
        given: Where the key-encryption keys are.
        random_bytes: The source of new keys and of nonces.

    Raises:
        KeyEncryptionKeyError: none given, not readable, open to others, or not those that wrapped what is stored.
            A new key is never made while anything is stored under another.
    """
    used = await database.read(kek_ids)
    source = source_of(given)
    made = None
    if isinstance(source, FileKeys) and source.path == given.default_file and not source.path.exists():
        if used:
            raise KeyEncryptionKeyError(
                f"{source.path} is missing, but private keys are stored under it; put the file back."
            )
        made = await asyncio.to_thread(source.make, random_bytes)
    keys = await asyncio.to_thread(source.read)
    if unknown := sorted(used - {key.id for key in keys}):
        raise KeyEncryptionKeyError(
            f"{source.origin} holds the key {', '.join(key.id for key in keys)}, but the database was written with "
            f"{', '.join(unknown)}; give the key that belongs to this database."
        )
    ring = KeyRing(keys, source.read if isinstance(source, FileKeys) else None)
    return OpenedVault(Vault(ring, random_bytes), made)


def source_of(given: Given) -> KeySource:
    """Return where the key-encryption keys come from.

    Raises:
        KeyEncryptionKeyError: they are not given, and there is no place for one of our own.
    """
    if given.command is not None:
        if given.text is None:
            raise KeyEncryptionKeyError("RISITI_KEK_COMMAND needs RISITI_KEK: what the command is to open.")
        return ServedKeys(given.text, CommandKeyService(given.command))
    if given.file is not None:
        return FileKeys(given.file)
    if given.text is not None:
        return GivenKeys(given.text)
    if given.default_file is None:
        raise KeyEncryptionKeyError(
            "RISITI_KEK_FILE is not set: with PostgreSQL the key-encryption key must be given; make one with: "
            "openssl rand -base64 32 > kek && chmod 400 kek"
        )
    return FileKeys(given.default_file)


def create_data_key(session: Session, vault: Vault, company_id: str, now: datetime) -> None:
    """Give a new company its data key."""
    vault.renew_keys()
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


def kek_ids(session: Session) -> set[str]:
    """Return the ids of all key-encryption keys under which something is stored."""
    of_companies = session.scalars(select(DataKey.kek_id).distinct())
    of_people = session.scalars(select(SecondFactor.kek_id).distinct())
    return {*of_companies, *of_people}
