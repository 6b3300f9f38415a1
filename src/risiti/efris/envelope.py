"""The outer message as bytes and values: globalInfo, data, returnStateInfo; Base64 and gzip; seal and open."""

import base64
import binascii
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Self

from risiti.efris import crypto
from risiti.efris.wirejson import JsonError, JsonValue, read_json, write_json

APP_SYSTEM_TO_SYSTEM = "AP04"
"""globalInfo.appId of a taxpayer's own system."""

PROTOCOL_VERSION = "1.1.20191201"
"""globalInfo.version that every public client sends."""

MAX_ENVELOPE_BYTES = 20 * 1024 * 1024
"""Default limit for one message on the wire."""

MAX_CONTENT_BYTES = 50 * 1024 * 1024
"""Default limit for one content after unpacking gzip."""

_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_NO_FIELDS: Mapping[str, str] = MappingProxyType({})


class EnvelopeError(ValueError):
    """A message that is not an EFRIS envelope.

    Attributes:
        part: Dotted path of the missing or wrong part (`data.dataDescription`), or "" for the whole message.
    """

    def __init__(self, message: str, part: str = "") -> None:
        super().__init__(message)
        self.part = part


@dataclass(frozen=True, slots=True)
class GlobalInfo:
    """Who asks what, and when (wire object `globalInfo`).

    Attributes:
        interface_code: `T101`, `T109`, ...
        data_exchange_id: 32 hexadecimal characters, new for each call.
        request_time: `yyyy-MM-dd HH:mm:ss`, East Africa Time, by the authority's clock; more than 10 minutes off is
            refused with code 28.
        tin: The taxpayer's own TIN.
        device_no: The device number URA gave out.
        app_id: `AP04` for system to system.
        version: The protocol's version text.
        taxpayer_id: URA's internal number of the taxpayer; "1" is accepted from everyone.
        user_name: `admin` is accepted from everyone.
        device_mac: Constant for software devices.
        brn: Business registration number, or "".
        longitude: Degrees, as text.
        latitude: Degrees, as text.
        agent_type: "0" none, "1" USSD agent, "2" agency invoicing.
        extend_field: Further fields of `extendField`; the two date formats of the answer are always sent.
    """

    interface_code: str
    data_exchange_id: str
    request_time: str
    tin: str
    device_no: str
    app_id: str = APP_SYSTEM_TO_SYSTEM
    version: str = PROTOCOL_VERSION
    taxpayer_id: str = "1"
    user_name: str = "admin"
    device_mac: str = "FFFFFFFFFFFF"
    brn: str = ""
    longitude: str = "32.5825"
    latitude: str = "0.3476"
    agent_type: str = "0"
    extend_field: Mapping[str, str] = field(default_factory=lambda: _NO_FIELDS)

    def to_wire(self) -> dict[str, object]:
        """Return the wire object, in the documented order of keys."""
        return {
            "appId": self.app_id,
            "version": self.version,
            "dataExchangeId": self.data_exchange_id,
            "interfaceCode": self.interface_code,
            "requestCode": "TP",
            "requestTime": self.request_time,
            "responseCode": "TA",
            "userName": self.user_name,
            "deviceMAC": self.device_mac,
            "deviceNo": self.device_no,
            "tin": self.tin,
            "brn": self.brn,
            "taxpayerID": self.taxpayer_id,
            "longitude": self.longitude,
            "latitude": self.latitude,
            "agentType": self.agent_type,
            "extendField": {
                "responseDateFormat": "dd/MM/yyyy",
                "responseTimeFormat": "dd/MM/yyyy HH:mm:ss",
                **self.extend_field,
            },
        }


@dataclass(frozen=True, slots=True)
class Envelope:
    """One outer message, request or answer, as the bytes say it; nothing is decrypted or believed yet.

    Attributes:
        content: Base64 text, or "".
        signature: Base64 text, or "".
        code_type: "0" plain, "1" cipher.
        encrypt_code: "1" RSA, "2" AES.
        zip_code: "0" as it is, "1" gzip.
        global_info: The object as read; keys trimmed, nothing checked.
        return_code: "" in requests, "00" for success, a code of the catalogue otherwise.
        return_message: Free text; never to be matched on.
    """

    content: str = ""
    signature: str = ""
    code_type: str = "0"
    encrypt_code: str = "1"
    zip_code: str = "0"
    global_info: Mapping[str, object] = field(default_factory=dict)
    return_code: str = ""
    return_message: str = ""

    def to_bytes(self) -> bytes:
        """Serialise to compact UTF-8 JSON; equal envelopes give equal bytes."""
        return write_json(
            {
                "data": {
                    "content": self.content,
                    "signature": self.signature,
                    "dataDescription": {
                        "codeType": self.code_type,
                        "encryptCode": self.encrypt_code,
                        "zipCode": self.zip_code,
                    },
                },
                "globalInfo": dict(self.global_info),
                "returnStateInfo": {"returnCode": self.return_code, "returnMessage": self.return_message},
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes, *, limit: int = MAX_ENVELOPE_BYTES) -> Self:
        """Read a message.

        Args:
            data: The body as received.
            limit: Most bytes it may have.

        Raises:
            EnvelopeError: larger than `limit`, not JSON, an object is missing, a code is not text. `part` names it.
        """
        if len(data) > limit:
            raise EnvelopeError(f"the message has more than {limit} bytes")
        try:
            document = read_json(data)
        except JsonError as error:
            raise EnvelopeError(f"the message is not JSON: {error}") from error
        if not isinstance(document, dict):
            raise EnvelopeError("the message is not a JSON object")
        body = _object(document, "data", "data")
        description = _object(body, "dataDescription", "data.dataDescription")
        global_info = _object(document, "globalInfo", "globalInfo")
        state = _object(document, "returnStateInfo", "returnStateInfo")
        return cls(
            content=_text(body, "content", "data.content"),
            signature=_text(body, "signature", "data.signature"),
            code_type=_flag(description, "codeType", "data.dataDescription.codeType"),
            encrypt_code=_flag(description, "encryptCode", "data.dataDescription.encryptCode"),
            zip_code=_flag(description, "zipCode", "data.dataDescription.zipCode"),
            global_info=global_info,
            return_code=_text(state, "returnCode", "returnStateInfo.returnCode"),
            return_message=_text(state, "returnMessage", "returnStateInfo.returnMessage"),
        )

    def global_text(self, key: str) -> str:
        """Return a member of `global_info` as trimmed text; "" if it is missing or no text."""
        value = self.global_info.get(key)
        return value.strip() if isinstance(value, str) else ""


def empty(info: GlobalInfo) -> Envelope:
    """Make a request without content, which is sent unsigned."""
    return Envelope(global_info=info.to_wire())


def seal(
    info: GlobalInfo, content: bytes, sign: Callable[[bytes], bytes] | None, session_key: bytes | None
) -> Envelope:
    """Make a request around `content`: signed if there is something to sign with, encrypted if there is a session key.

    The signature covers the ASCII bytes of the base64 text, not the cipher bytes and not the JSON.

    Args:
        info: Who asks what, and when.
        content: The inner JSON.
        sign: Signs with the taxpayer's key; None leaves the signature empty, for an offline enabler.
        session_key: The AES key, or None for a plain content.
    """
    packed = content if session_key is None else crypto.encrypt(session_key, content)
    text = encode_base64(packed)
    return Envelope(
        content=text,
        signature=encode_base64(sign(text.encode("ascii"))) if sign is not None else "",
        code_type="0" if session_key is None else "1",
        encrypt_code="1" if session_key is None else "2",
        global_info=info.to_wire(),
    )


def is_signed_by(public_key: crypto.PublicKey, envelope: Envelope) -> bool:
    """Tell whether the signature over the base64 text of the content is that of the private half of `public_key`.

    The authority prints no scheme for its answers; they are held to the one for requests.
    """
    try:
        signature = decode_base64(envelope.signature)
    except EnvelopeError:
        return False
    return crypto.verifies(public_key, signature, envelope.content.encode("utf-8", "replace"))


def unpack_body(body: bytes, limit: int) -> bytes:
    """Return a message as JSON bytes: answers come compressed as a whole now and then, whatever their headers say.

    Raises:
        EnvelopeError: not gzip though it begins so, or larger than `limit`.
    """
    return gunzip_limited(body, limit) if body.startswith(_GZIP_MAGIC) else body


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A content and what it was wrapped in.

    Attributes:
        data: The inner bytes, JSON as a rule.
        layers: From the outside in: `base64`, then `gzip` and `aes` where they were found.
    """

    data: bytes = field(repr=False)
    layers: tuple[str, ...]


def open_content(envelope: Envelope, session_key: bytes | None, *, limit: int = MAX_CONTENT_BYTES) -> bytes:
    """Return the inner bytes of a content; see `unpack`, which raises the same."""
    return unpack(envelope, session_key, limit=limit).data


def unpack(envelope: Envelope, session_key: bytes | None, *, limit: int = MAX_CONTENT_BYTES) -> Unpacked:
    """Unpack the content of an answer: base64, gzip, AES, gzip - each only where the bytes call for it.

    The flags of live answers cannot be trusted alone: gzip is recognised by its magic number before and after
    decryption, `encryptCode` counts even if `codeType` says plain, and a content flagged as encrypted that is plain
    JSON is taken as plain.

    Args:
        envelope: The message.
        session_key: The AES key, or None where none was agreed.
        limit: Most bytes the content may have after unpacking.

    Raises:
        EnvelopeError: not base64, not gzip though it says so, or larger than `limit`.
        crypto.DecryptionFailed: encrypted with another key, or no key was given.
    """
    data = decode_base64(envelope.content)
    layers = ["base64"] if data else []
    if len(data) > limit:
        raise EnvelopeError(f"the content has more than {limit} bytes", "data.content")
    if data.startswith(_GZIP_MAGIC):
        data = gunzip_limited(data, limit)
        layers.append("gzip")
    if data and (envelope.encrypt_code == "2" or envelope.code_type == "1"):
        plain = _decrypt_unless_plain(data, session_key)
        if plain is not data:
            layers.append("aes")
        data = plain
        if data.startswith(_GZIP_MAGIC):
            data = gunzip_limited(data, limit)
            layers.append("gzip")
    return Unpacked(data, tuple(layers))


def _decrypt_unless_plain(data: bytes, session_key: bytes | None) -> bytes:
    """Return the decrypted bytes, or `data` itself where it is plain JSON after all."""
    if session_key is not None:
        try:
            return crypto.decrypt(session_key, data)
        except crypto.DecryptionFailed:
            if not _is_json(data):
                raise
            return data
    if not _is_json(data):
        raise crypto.DecryptionFailed
    return data


def _is_json(data: bytes) -> bool:
    try:
        read_json(data)
    except JsonError:
        return False
    return True


def encode_base64(data: bytes) -> str:
    """Standard alphabet, padded, no line breaks."""
    return base64.b64encode(data).decode("ascii")


def decode_base64(text: str) -> bytes:
    """Decode base64 as live answers have it: either alphabet, with or without padding, white space ignored.

    Raises:
        EnvelopeError: a character outside the alphabet, or an impossible length.
    """
    with suppress(binascii.Error, ValueError):  # what it is nearly always: exactly as the standard has it
        return binascii.a2b_base64(text, strict_mode=True)
    compact = "".join(text.split()).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise EnvelopeError("the content is not base64", "data.content") from None


def gunzip_limited(data: bytes, limit: int) -> bytes:
    """Unpack gzip without ever holding more than `limit` bytes of result.

    Args:
        data: One gzip stream; several members one after the other are joined, as the format allows.
        limit: Most bytes the result may have.

    Raises:
        EnvelopeError: not gzip, cut short, or larger than `limit` (a zip bomb is stopped at the limit).
    """
    result = bytearray()
    rest = data
    while rest:
        member = zlib.decompressobj(wbits=_GZIP_WINDOW)
        try:
            result += member.decompress(rest, limit - len(result) + 1)
        except zlib.error:
            raise EnvelopeError("the content is not valid gzip", "data.content") from None
        if len(result) > limit:
            raise EnvelopeError(f"the content unpacks to more than {limit} bytes", "data.content")
        if not member.eof:
            raise EnvelopeError("the gzip content is cut short", "data.content")
        rest = member.unused_data
    return bytes(result)


def _object(parent: dict[str, JsonValue], key: str, part: str) -> dict[str, JsonValue]:
    value = parent.get(key)
    if not isinstance(value, dict):
        raise EnvelopeError(f"{part} is missing or no object", part)
    return value


def _text(parent: dict[str, JsonValue], key: str, part: str) -> str:
    value = parent.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise EnvelopeError(f"{part} is no text", part)
    return value


def _flag(parent: dict[str, JsonValue], key: str, part: str) -> str:
    """Read a one-character flag; some peers send it as a number."""
    value = parent.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return _text(parent, key, part).strip()
