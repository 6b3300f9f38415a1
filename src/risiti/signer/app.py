"""The signer's HTTP operations: health, a key's public half, sign a digest, unwrap a session key (docs/custody.md)."""

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
import sys
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from risiti.efris import crypto
from risiti.gateway.tenancy.key_reader import KeyMaterial
from risiti.signer.folder import CannotUseKey, KeyFolder

MAX_REQUEST_BYTES: Final = 4_096
REQUEST_SECONDS: Final = 5.0
"""Longest time for one request, its body's arrival included."""
DIGEST_BYTES: Final = 20
"""Bytes of a SHA-1 digest."""


def create_signer(folder: KeyFolder, token: str) -> web.Application:
    """Make the app that signs with the keys of a folder for whoever presents the token."""
    operations = _Operations(folder)
    app = web.Application(middlewares=[_guard(token)], client_max_size=MAX_REQUEST_BYTES)
    app.router.add_get("/v1/health", _health)
    app.router.add_get("/v1/keys/{name}", operations.show)
    app.router.add_post("/v1/keys/{name}/sign", operations.sign)
    app.router.add_post("/v1/keys/{name}/unwrap", operations.unwrap)
    return app


def fits(given: str, token: str) -> bool:
    """Tell whether the header `Authorization` carries the token; it takes as long however much of it is right."""
    presented = hashlib.sha256(given.encode("utf-8", "surrogateescape")).digest()
    return hmac.compare_digest(presented, hashlib.sha256(f"Bearer {token}".encode()).digest())


class _Refusal(Exception):
    """What the caller did wrong."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class _Operations:
    """What may be asked of one key."""

    def __init__(self, folder: KeyFolder) -> None:
        self._folder = folder

    async def show(self, request: web.Request) -> web.Response:
        """Return the public half of a key, and when its certificate expires."""
        material = await self._key(request)
        public = material.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        until = None if material.until is None else material.until.isoformat()
        return web.json_response({"public_key": _text(public), "until": until})

    async def sign(self, request: web.Request) -> web.Response:
        """Sign a SHA-1 digest: RSA PKCS#1 v1.5, the scheme that the authority verifies."""
        digest = await _field(request, "digest")
        if len(digest) != DIGEST_BYTES:
            raise _Refusal(422, "bad_digest", f"A SHA-1 digest has {DIGEST_BYTES} bytes.")
        material = await self._key(request)
        scheme = Prehashed(SHA1())  # noqa: S303 - the wire protocol's hash, not our choice
        return web.json_response({"signature": _text(material.key.sign(digest, PKCS1v15(), scheme))})

    async def unwrap(self, request: web.Request) -> web.Response:
        """Decrypt a session key that was wrapped for the key."""
        wrapped = await _field(request, "wrapped")
        material = await self._key(request)
        try:
            secret = crypto.unwrap(material.key, wrapped)
        except crypto.DecryptionFailed as error:
            raise _Refusal(422, "not_wrapped_for_this_key", f"{error}.") from None
        return web.json_response({"secret": _text(secret)})

    async def _key(self, request: web.Request) -> KeyMaterial:
        try:
            material = await self._folder.find(request.match_info["name"])
        except CannotUseKey as error:
            sys.stderr.write(f"risiti: {error}.\n")
            raise _Refusal(500, "key_unusable", f"{error}.") from None
        if material is None:
            raise _Refusal(404, "no_such_key", "There is no key of this name.")
        return material


async def _health(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ready"})


def _guard(token: str) -> Middleware:
    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path != "/v1/health" and not fits(request.headers.get("Authorization", ""), token):
            return _problem(401, "wrong_token", "Present the signer's token: Authorization: Bearer ...")
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                return await handler(request)
        except _Refusal as refusal:
            return _problem(refusal.status, refusal.code, str(refusal))
        except web.HTTPException as error:
            return _problem(error.status, error.reason.lower().replace(" ", "_"), f"{error.reason}.")
        except TimeoutError:
            return _problem(408, "too_slow", f"A request takes at most {REQUEST_SECONDS:g} s.")

    return guard


async def _field(request: web.Request, name: str) -> bytes:
    """Return the bytes of the one field of a request's body."""
    try:
        body = json.loads(await request.read())
        if isinstance(body, dict) and set(body) == {name}:
            return base64.b64decode(body[name], validate=True)
    except (ValueError, TypeError, RecursionError, binascii.Error):
        pass
    raise _Refusal(422, "malformed", f'Send a JSON object with the one field "{name}", in base64.')


def _problem(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"code": code, "message": message}, status=status)


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
