"""Secrets in memory and at rest: text that never shows itself, and envelope encryption with a key per company.

    key-encryption keys (32 bytes each, outside the database)
      `- data key of a company or a person (AES-256-GCM, wrapped by one of them)
           `- its secrets (private keys of devices, secrets of authenticator apps)

What is stored: one byte of version, 8 bytes that name the key, a 12-byte random nonce, ciphertext and 16-byte tag.
The version, company, purpose and record are authenticated with it, so that nothing can be moved to another place.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence
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
    """The owner: a company, or a person."""
    purpose: str
    record_id: str

    def __post_init__(self) -> None:
        if any("|" in part or not part for part in (self.company_id, self.purpose, self.record_id)):
            raise ValueError("the parts of a place are not empty and have no | in them")

    def to_bytes(self) -> bytes:
        """Return what is authenticated with the ciphertext."""
        return f"v1|{self.company_id}|{self.purpose}|{self.record_id}".encode()


class KeyRing:
    """The key-encryption keys that a process knows: the first wraps, each unwraps what it has wrapped.

    `reread` gives them anew. It is asked when something was wrapped by a key that is not known, so that a key which was
    added while the process runs is found.
    """

    def __init__(
        self, keys: Sequence[KeyEncryptionKey], reread: Callable[[], Sequence[KeyEncryptionKey]] | None = None
    ) -> None:
        if not keys:
            raise BadKey("there is no key-encryption key; make one with: openssl rand -base64 32")
        self._keys = tuple(keys)
        self._reread = reread

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the keys, the one that wraps first."""
        return tuple(key.id for key in self._keys)

    @property
    def first(self) -> KeyEncryptionKey:
        """The key that wraps."""
        return self._keys[0]

    def renew(self) -> None:
        """Read the keys anew, where that is possible."""
        if self._reread is not None:
            self._keys = tuple(self._reread()) or self._keys

    def key_of(self, wrapped: bytes) -> KeyEncryptionKey:
        """Return the key that wrapped a data key.

        Raises:
            CannotUnseal: it is not known, also when the keys are read anew.
        """
        key_id = wrapped[len(_VERSION) : _HEAD].hex()
        for look_again in (False, True):
            if look_again:
                self.renew()
            for key in self._keys:
                if key.id == key_id:
                    return key
        raise CannotUnseal


class Vault:
    """Seals and opens the secrets of companies and people, each under the owner's own data key.

    The wrapped data key is passed in with each call; it is unwrapped for the length of the call only.
    """

    def __init__(self, keys: KeyEncryptionKey | KeyRing, random_bytes: RandomBytes = secrets.token_bytes) -> None:
        self._ring = keys if isinstance(keys, KeyRing) else KeyRing((keys,))
        self._random_bytes = random_bytes

    @property
    def kek_id(self) -> str:
        """The id of the key-encryption key that wraps."""
        return self._ring.first.id

    @property
    def known_kek_ids(self) -> tuple[str, ...]:
        """The ids of all key-encryption keys that this process knows, the one that wraps first."""
        return self._ring.ids

    def renew_keys(self) -> None:
        """Read the key-encryption keys anew, where that is possible; do so before wrapping something."""
        self._ring.renew()

    def new_data_key(self, owner_id: str) -> bytes:
        """Return a new data key for a company or a person, wrapped."""
        return self._ring.first.seal(_data_key_place(owner_id), self._random_bytes(KEY_BYTES), self._nonce())

    def rewrap(self, wrapped: bytes, owner_id: str) -> bytes:
        """Return a data key wrapped by the key that wraps now; what it has sealed stays as it is.

        Raises:
            CannotUnseal: it is not this owner's, or of a key that is not known.
        """
        place = _data_key_place(owner_id)
        return self._ring.first.seal(place, self._ring.key_of(wrapped).unseal(place, wrapped), self._nonce())

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
        return self._ring.key_of(wrapped).unseal(_data_key_place(place.company_id), wrapped)

    def _nonce(self) -> bytes:
        return self._random_bytes(_NONCE_BYTES)


def same(presented: str, expected: str) -> bool:
    """Compare two texts in a time that tells nothing about either, not even a length."""
    return hmac.compare_digest(hashlib.sha256(presented.encode()).digest(), hashlib.sha256(expected.encode()).digest())


def _data_key_place(owner_id: str) -> bytes:
    return Place(owner_id, "data-key", owner_id).to_bytes()


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
