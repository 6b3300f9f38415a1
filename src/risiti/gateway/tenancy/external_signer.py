"""Asks the operator's external signer, which keeps private keys elsewhere; docs/custody.md has its protocol.

Its address comes from the settings, never from a company. Nothing has been sent while it works, so each of its failures
is a `NotReady`: the document stays where it is.
"""

import asyncio
import base64
import hashlib
import json
import re
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import aiohttp
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from risiti.efris import crypto
from risiti.efris.crypto import DecryptionFailed, KeyFileError, PublicKey
from risiti.efris.errors import NotReady
from risiti.gateway.kernel.secrets import Secret

MAX_ANSWER_BYTES: Final = 8_192
MAX_CONNECTIONS: Final = 16
"""Requests to the signer at the same time; the others wait within their time."""
KEY_NAME: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}", re.ASCII)
_GRACE_SECONDS: Final = 1.0
_CODE: Final = re.compile(r"[a-z_]{1,40}", re.ASCII)
_NOT_WRAPPED: Final = "not_wrapped_for_this_key"

T = TypeVar("T")


class SignerHasNoKey(NotReady):
    """The signer works and has no key of this name."""


@dataclass(frozen=True, slots=True)
class HeldElsewhere:
    """A key that the signer keeps: its name there, and what everybody may know of it."""

    name: str
    public_key: PublicKey
    until: datetime | None
    """When its certificate expires, if the signer knows."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the public half, hexadecimal."""
        return fingerprint(self.public_key)


def fingerprint(public_key: PublicKey) -> str:
    """Return the SHA-256 of a public key (SubjectPublicKeyInfo DER), hexadecimal."""
    return hashlib.sha256(public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


class ExternalSigner:
    """The way to the signer: one for each process, made inside its event loop."""

    def __init__(self, address: str, token: Secret, seconds: float) -> None:
        """`address` is `https://...`, `http://127.0.0.1:...` or `unix:///...`; `seconds` bounds one question in all."""
        parts = urlsplit(address)
        is_file = parts.scheme == "unix"
        self._base = "http://signer" if is_file else address.rstrip("/")
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        connector: aiohttp.BaseConnector = (
            aiohttp.UnixConnector(parts.path, limit=MAX_CONNECTIONS)
            if is_file
            else aiohttp.TCPConnector(limit=MAX_CONNECTIONS)
        )
        self._http = aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=seconds),
            headers={"Authorization": f"Bearer {token.reveal()}", "Accept-Encoding": "identity"},
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    async def find(self, name: str) -> HeldElsewhere:
        """Ask for the public half of a key.

        Raises:
            SignerHasNoKey: there is none of this name.
            NotReady: it does not answer, or not as it should.
        """
        answer = await self.ask("GET", name)
        public, until = _bytes(answer, "public_key"), answer.get("until")
        try:
            when = None if until is None else datetime.fromisoformat(str(until))
            if when is not None and when.tzinfo is None:
                raise NotReady("the external signer's answer cannot be read: until has no offset")
            return HeldElsewhere(name, crypto.load_public_key(public), when)
        except (KeyFileError, ValueError):
            raise NotReady("the external signer's answer cannot be read: public_key or until") from None

    def holding(self, name: str, expected: str) -> "HeldKey":
        """Return the key of this name as a Signer; `expected` is the fingerprint it was registered with."""
        return HeldKey(self, name, expected)

    def wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        """Do work of the event loop for a thread that waits for it, within the time for two questions."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(2 * self._seconds + _GRACE_SECONDS)
        except TimeoutError:
            future.cancel()
            raise NotReady(f"the external signer gave no answer within {self._seconds:g} s") from None

    async def ask(
        self, method: str, name: str, operation: str = "", content: Mapping[str, str] | None = None
    ) -> Mapping[str, object]:
        """Ask one question about a key, again if the connection had been closed meanwhile: no question has an effect.

        Raises:
            DecryptionFailed: what was to be unwrapped was wrapped for another key.
            SignerHasNoKey: there is no key of this name.
            NotReady: no answer within the time, or none that can be used; the text quotes nothing of it.
        """
        if KEY_NAME.fullmatch(name) is None:
            raise SignerHasNoKey("no key of the external signer can have this name")
        url = f"{self._base}/v1/keys/{name}{operation}"
        try:
            async with asyncio.timeout(self._seconds):
                try:
                    status, body = await self._exchange(method, url, content)
                except aiohttp.ServerDisconnectedError:
                    status, body = await self._exchange(method, url, content)
        except TimeoutError:
            raise NotReady(f"the external signer gave no answer within {self._seconds:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            raise NotReady(f"the external signer cannot be reached: {type(error).__name__}") from None
        return _read(name, status, body)

    async def _exchange(self, method: str, url: str, content: Mapping[str, str] | None) -> tuple[int, bytes]:
        async with self._http.request(method, url, json=content, allow_redirects=False) as answer:
            body = bytearray()
            async for part in answer.content.iter_chunked(MAX_ANSWER_BYTES):
                body += part
                if len(body) > MAX_ANSWER_BYTES:
                    answer.close()
                    raise NotReady(f"the external signer's answer has more than {MAX_ANSWER_BYTES} bytes")
            return answer.status, bytes(body)


class HeldKey:
    """A Signer (efris/credentials.py) whose key is at the external signer. Its methods block: call them on a thread."""

    def __init__(self, signer: ExternalSigner, name: str, expected: str) -> None:
        self._signer = signer
        self._name = name
        self._expected = expected
        self._public: PublicKey | None = None

    def sign(self, text: bytes) -> bytes:
        """Have the digest of a text signed; the signature is checked before anything is sent with it."""
        return self._signer.wait_for(self._sign(text))

    def unwrap(self, wrapped: bytes) -> bytes:
        """Have a session key decrypted."""
        return self._signer.wait_for(self._unwrap(wrapped))

    async def _sign(self, text: bytes) -> bytes:
        public = await self._registered()
        digest = hashlib.sha1(text).digest()  # noqa: S324 - the wire protocol's hash, not our choice
        signature = _bytes(await self._signer.ask("POST", self._name, "/sign", {"digest": _text(digest)}), "signature")
        if not crypto.verifies(public, signature, text):
            self._public = None
            raise NotReady(f"the external signer's signature does not fit the key {self._name} that was registered")
        return signature

    async def _unwrap(self, wrapped: bytes) -> bytes:
        await self._registered()
        return _bytes(await self._signer.ask("POST", self._name, "/unwrap", {"wrapped": _text(wrapped)}), "secret")

    async def _registered(self) -> PublicKey:
        """Return the public half, asked for once, if it is that of the key that was registered."""
        if self._public is None:
            found = await self._signer.find(self._name)
            if found.fingerprint != self._expected:
                raise NotReady(
                    f"the external signer has another key {self._name} than the device was registered with; run: "
                    f"risiti device change-key COMPANY DEVICE --signer {self._name}"
                )
            self._public = found.public_key
        return self._public


def _read(name: str, status: int, body: bytes) -> Mapping[str, object]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    said = answer.get("code") if isinstance(answer, dict) else None
    code = said if isinstance(said, str) and _CODE.fullmatch(said) else "no code"
    match status:
        case 200 if isinstance(answer, dict):
            return answer
        case 401:
            raise NotReady("the external signer refuses our token; compare EXTERNAL_SIGNER_TOKEN here and there")
        case 404 if code == "no_such_key":
            raise SignerHasNoKey(f"the external signer has no key {name}")
        case 422 if code == _NOT_WRAPPED:
            raise DecryptionFailed
    raise NotReady(f"the external signer answered {status} ({code}) about the key {name}")


def _bytes(answer: Mapping[str, object], field: str) -> bytes:
    try:
        return base64.b64decode(str(answer.get(field, "")), validate=True)
    except ValueError:
        raise NotReady(f"the external signer's answer cannot be read: {field}") from None


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
