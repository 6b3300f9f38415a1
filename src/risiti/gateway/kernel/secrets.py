"""Secrets in memory and at rest: text that never shows itself, and envelope encryption with a key per company.

    key-encryption key (32 bytes, outside the database)
      `- data key of a company (AES-256-GCM, wrapped)
           `- its secrets (private keys of devices)

What is stored: one byte of version, 8 bytes that name the key, a 12-byte random nonce, ciphertext and 16-byte tag.
The version, company, purpose and record are authenticated with it, so that nothing can be moved to another place.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Never

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

RandomBytes = Callable[[int], bytes]

KEY_BYTES = 32
_VERSION = b"\x01"
_KEY_ID_BYTES = 8
_NONCE_BYTES = 12
_HEAD = len(_VERSION) + _KEY_ID_BYTES
_TAG_BYTES = 16
_MASK = "***"


class Secret:
    """Text that shows itself only when asked by name: not in repr, str, format, pickles or tracebacks."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text; every use of this method is worth a look."""
        return self._text

    def __repr__(self) -> str:
        return f"Secret({_MASK})"

    def __str__(self) -> str:
        return _MASK

    def __format__(self, spec: str) -> str:
        return format(_MASK, spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> Never:
        raise TypeError("a secret cannot be pickled")


class CannotUnseal(Exception):
    """Sealed bytes are damaged, were moved from another place, or belong to another key."""

    def __init__(self) -> None:
        super().__init__("the sealed secret cannot be opened: damaged, moved, or sealed under another key")


class BadKey(ValueError):
    """A key-encryption key that cannot be one; the text says what to do."""


class KeyEncryptionKey:
    """The key under which all data keys are wrapped. It lives outside the database."""

    __slots__ = ("_key", "id")

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise BadKey(f"the key-encryption key has {len(key)} bytes, but must have {KEY_BYTES}")
        self._key = key
        self.id = _key_id(key).hex()
        """Names the key without revealing it (HMAC-SHA256 over a constant); a wrong key is found by it at start."""

    @classmethod
    def generate(cls, random_bytes: RandomBytes = secrets.token_bytes) -> "KeyEncryptionKey":
        """Return a new key."""
        return cls(random_bytes(KEY_BYTES))

    @classmethod
    def from_text(cls, text: str) -> "KeyEncryptionKey":
        """Read a key as `to_text` writes it.

        Raises:
            BadKey: not base64, or not 32 bytes.
        """
        try:
            key = base64.b64decode(text.strip(), validate=True)
        except (binascii.Error, ValueError):
            raise BadKey("the key-encryption key is not base64; make one with: openssl rand -base64 32") from None
        return cls(key)

    def to_text(self) -> str:
        """Return the key in base64, for the file that keeps it."""
        return base64.b64encode(self._key).decode("ascii")

    def seal(self, place: bytes, plaintext: bytes, nonce: bytes) -> bytes:
        """Encrypt a data key."""
        return _seal(self._key, place, plaintext, nonce)

    def unseal(self, place: bytes, sealed: bytes) -> bytes:
        """Decrypt a data key.

        Raises:
            CannotUnseal: damaged, moved, or wrapped by another key.
        """
        return _unseal(self._key, place, sealed)

    def __repr__(self) -> str:
        return f"KeyEncryptionKey(id={self.id})"

    def __reduce__(self) -> Never:
        raise TypeError("a key cannot be pickled")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a secret belongs: it cannot be opened anywhere else."""

    company_id: str
    purpose: str
    record_id: str

    def __post_init__(self) -> None:
        if any("|" in part or not part for part in (self.company_id, self.purpose, self.record_id)):
            raise ValueError("the parts of a place are not empty and have no | in them")

    def to_bytes(self) -> bytes:
        """Return what is authenticated with the ciphertext."""
        return f"v1|{self.company_id}|{self.purpose}|{self.record_id}".encode()


class Vault:
    """Seals and opens the secrets of companies, each under the company's own data key.

    The wrapped data key is passed in with each call; it is unwrapped for the length of the call only.
    """

    def __init__(self, kek: KeyEncryptionKey, random_bytes: RandomBytes = secrets.token_bytes) -> None:
        self._kek = kek
        self._random_bytes = random_bytes

    @property
    def kek_id(self) -> str:
        """The id of the key-encryption key."""
        return self._kek.id

    def new_data_key(self, company_id: str) -> bytes:
        """Return a new data key for a company, wrapped."""
        return self._kek.seal(_data_key_place(company_id), self._random_bytes(KEY_BYTES), self._nonce())

    def seal(self, wrapped: bytes, place: Place, plaintext: bytes) -> bytes:
        """Encrypt a secret for its place.

        Raises:
            CannotUnseal: the wrapped data key is not this company's, or not of this key-encryption key.
        """
        return _seal(self._data_key(wrapped, place), place.to_bytes(), plaintext, self._nonce())

    def unseal(self, wrapped: bytes, place: Place, sealed: bytes) -> bytes:
        """Decrypt a secret in its place.

        Raises:
            CannotUnseal: damaged, moved from another place, or sealed under another key.
        """
        return _unseal(self._data_key(wrapped, place), place.to_bytes(), sealed)

    def _data_key(self, wrapped: bytes, place: Place) -> bytes:
        return self._kek.unseal(_data_key_place(place.company_id), wrapped)

    def _nonce(self) -> bytes:
        return self._random_bytes(_NONCE_BYTES)


def same(presented: str, expected: str) -> bool:
    """Compare two texts in a time that tells nothing about either, not even a length."""
    return hmac.compare_digest(hashlib.sha256(presented.encode()).digest(), hashlib.sha256(expected.encode()).digest())


def _data_key_place(company_id: str) -> bytes:
    return Place(company_id, "data-key", company_id).to_bytes()


def _key_id(key: bytes) -> bytes:
    return hmac.digest(key, b"risiti key id v1", "sha256")[:_KEY_ID_BYTES]


def _seal(key: bytes, place: bytes, plaintext: bytes, nonce: bytes) -> bytes:
    head = _VERSION + _key_id(key)
    return head + nonce + AESGCM(key).encrypt(nonce, plaintext, place)


def _unseal(key: bytes, place: bytes, sealed: bytes) -> bytes:
    if len(sealed) < _HEAD + _NONCE_BYTES + _TAG_BYTES or sealed[:_HEAD] != _VERSION + _key_id(key):
        raise CannotUnseal
    nonce, ciphertext = sealed[_HEAD : _HEAD + _NONCE_BYTES], sealed[_HEAD + _NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, place)
    except InvalidTag:
        raise CannotUnseal from None
