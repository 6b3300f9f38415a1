"""The checks every call passes before its handler sees it, in the authority's order, each with the authority's code."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from risiti.efris import crypto
from risiti.efris.envelope import EnvelopeError, decode_base64, gunzip_limited
from risiti.simulator.clock import kampala
from risiti.simulator.refusal import Refusal
from risiti.simulator.registry import Device, Taxpayer
from risiti.simulator.values import JsonValue, NotJson, parse, plain
from risiti.simulator.world import World

MAX_CONTENT_BYTES = 20 * 1024 * 1024
"""Most bytes one content may have after gzip."""

APP_IDS = ("AP01", "AP04", "AP05")
OLDEST_VERSION = (1, 1, 20191201)
TIME_FORMAT = "%Y-%m-%d %H:%M:%S"

GZIP_MAGIC = b"\x1f\x8b"
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_VERSION = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})*")

Content = Literal["none", "object", "array"]
Standing = Literal["anyone", "device", "session"]


@dataclass(frozen=True, slots=True)
class Terms:
    """What an interface asks of its caller.

    Attributes:
        content: Shape of the request's content; `none` ignores what is sent.
        standing: `anyone`, a known `device`, or a device with a `session` key.
        plain: The content is not encrypted, only base64; encrypted with a session key it is taken too.
        optional: A call without content is let in.
        signed: The signature is checked. T136 brings the very key that would check it.
    """

    content: Content
    standing: Standing = "session"
    plain: bool = False
    optional: bool = False
    signed: bool = True


@dataclass(frozen=True, slots=True)
class Outer:
    """The outer message as far as it can be read, for the answer's echo and the fault plan."""

    message: Mapping[str, JsonValue]
    global_info: Mapping[str, JsonValue]
    interface: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call that passed the gate.

    Attributes:
        interface: Interface code.
        content: Inner JSON, None for interfaces without content.
        global_info: The caller's globalInfo.
        taxpayer: Who calls; None where anyone may.
        device: Their device; None where anyone may.
        session_key: AES key the answer is encrypted with; None if there is none.
        arrived_at: When it came in, aware.
        ledger_mark: Newest document number at that moment.
        sees_until: Queries show documents uploaded up to this moment (T106 may lag).
    """

    interface: str
    content: JsonValue
    global_info: Mapping[str, JsonValue]
    taxpayer: Taxpayer | None
    device: Device | None
    session_key: bytes | None = field(repr=False)
    arrived_at: datetime
    ledger_mark: int
    sees_until: datetime

    def seller(self) -> Taxpayer:
        """Return the caller of an interface that demands one."""
        if self.taxpayer is None:
            raise Refusal("100")
        return self.taxpayer

    def object(self) -> Mapping[str, JsonValue]:
        """Return the content of an interface that takes an object."""
        if not isinstance(self.content, Mapping):
            raise Refusal("2066")
        return self.content


def read_outer(body: bytes) -> Outer:
    """Read what can be read of the outer message; never fails."""
    try:
        message = parse(body)
    except NotJson:
        message = None
    if not isinstance(message, Mapping):
        return Outer({}, {}, "?")
    info = message.get("globalInfo")
    info = info if isinstance(info, Mapping) else {}
    interface = info.get("interfaceCode")
    return Outer(message, info, interface if isinstance(interface, str) and interface else "?")


def admit(body: bytes, world: World, now: datetime, terms_of: Mapping[str, Terms]) -> Call:
    """Let a call in, or refuse it.

    Raises:
        Refusal: the first check that fails.
    """
    outer = outer_message(body)
    data, info = _blocks(outer)
    _check_global_info(info, terms_of)
    interface = text_of(info, "interfaceCode")
    terms = terms_of[interface]
    if terms.standing == "anyone":
        return Call(interface, None, info, None, None, None, now, 0, now)
    _check_time(text_of(info, "requestTime"), now, world.settings.clock_tolerance_seconds)
    taxpayer = check_taxpayer(text_of(info, "tin"), world)
    device = check_device(text_of(info, "deviceNo"), taxpayer, world)
    keys = world.registry.session_keys(device.device_no, now, world.settings)
    if terms.standing == "session":
        if not keys.ever_issued:
            raise Refusal("401")
        if not keys.usable:
            raise Refusal("402")
    content_text = text_of(data, "content")
    if terms.signed and (terms.standing == "session" or terms.content != "none"):
        _check_signature(content_text, text_of(data, "signature"), device)
    content, session_key = None, keys.usable[0] if keys.usable else None
    if terms.content != "none" and (content_text or not terms.optional):
        if not content_text:
            raise Refusal("2070")
        plaintext, session_key = _unpack(content_text, keys.usable, plain=terms.plain)
        content = inner(plaintext, terms.content)
    sees_until = now - timedelta(seconds=world.settings.query_lag_seconds)
    mark = world.ledger.last_number()
    return Call(interface, content, info, taxpayer, device, session_key, now, mark, sees_until)


def outer_message(body: bytes) -> Mapping[str, JsonValue]:
    """Read the outer message, which must be a JSON object (06, 43)."""
    if not body.strip():
        raise Refusal("06")
    try:
        message = parse(body)
    except NotJson:
        raise Refusal("43") from None
    if message is None:
        raise Refusal("06")
    if not isinstance(message, Mapping):
        raise Refusal("43")
    return message


def _blocks(message: Mapping[str, JsonValue]) -> tuple[Mapping[str, JsonValue], Mapping[str, JsonValue]]:
    data, info = message.get("data"), message.get("globalInfo")
    if not isinstance(info, Mapping):
        raise Refusal("07")
    if not isinstance(data, Mapping):
        raise Refusal("08")
    if not isinstance(message.get("returnStateInfo"), Mapping):
        raise Refusal("09")
    if not isinstance(data.get("dataDescription"), Mapping):
        raise Refusal("10")
    return data, info


def text_of(block: Mapping[str, JsonValue], name: str) -> str:
    """Return a member as text, "" if it is missing or neither text nor number."""
    value = block.get(name)
    return plain(value) if isinstance(value, str) else ""


def _check_global_info(info: Mapping[str, JsonValue], terms_of: Mapping[str, Terms]) -> None:
    if _required(info, "interfaceCode", "11") not in terms_of:
        raise Refusal("01")
    if _required(info, "appId", "16") not in APP_IDS:
        raise Refusal("05")
    _check_version(_required(info, "version", "17", most=15, too_long="24"))
    _required(info, "dataExchangeId", "18", most=32, too_long="25")
    if _required(info, "requestCode", "19") != "TP":
        raise Refusal("26")
    if _required(info, "responseCode", "21") != "TA":
        raise Refusal("27")
    _read_time(_required(info, "requestTime", "20"))
    _required(info, "userName", "12")
    _required(info, "deviceMAC", "14", most=25, too_long="29")
    _required(info, "taxpayerID", "13")
    _required(info, "longitude", "34", most=60, too_long="35")
    _required(info, "latitude", "36", most=60, too_long="37")
    if text_of(info, "agentType") not in ("", "0", "1", "2"):
        raise Refusal("3058")


def _required(
    info: Mapping[str, JsonValue], name: str, empty: str, *, most: int | None = None, too_long: str = ""
) -> str:
    text = text_of(info, name)
    if not text.strip():
        raise Refusal(empty)
    if most is not None and len(text) > most:
        raise Refusal(too_long)
    return text


def _check_version(version: str) -> None:
    if not _VERSION.fullmatch(version):
        raise Refusal("33")
    if tuple(int(part) for part in version.split(".")) < OLDEST_VERSION:
        raise Refusal("32")


def _read_time(text: str) -> datetime:
    if not _TIME.fullmatch(text):
        raise Refusal("31")
    try:
        return datetime.strptime(text, TIME_FORMAT)  # noqa: DTZ007 - Kampala's wall clock has no zone on the wire
    except ValueError:
        raise Refusal("31") from None


def _check_time(text: str, now: datetime, tolerance_seconds: int) -> None:
    if abs(_read_time(text) - kampala(now)) > timedelta(seconds=tolerance_seconds):
        raise Refusal("28")


def check_taxpayer(tin: str, world: World) -> Taxpayer:
    """Return the caller, who must be registered (100, 42) and in normal state (101)."""
    taxpayer = world.registry.taxpayer(tin)
    if taxpayer is None:
        raise Refusal("100")
    if taxpayer.status == "unregistered":
        raise Refusal("42")
    if taxpayer.status != "normal":
        raise Refusal("101")
    return taxpayer


def check_device(device_no: str, taxpayer: Taxpayer, world: World) -> Device:
    """Return the caller's device: known (400), in normal state (3088, 403), in a branch in normal state (44, 102)."""
    device = world.registry.device(device_no)
    if device is None or device.tin != taxpayer.tin:
        raise Refusal("400")
    if device.status == "blocked":
        raise Refusal("3088")
    if device.status == "abnormal":
        raise Refusal("403")
    branch = world.device_book.branch(device_no)
    if branch and branch not in taxpayer.branches:
        raise Refusal("44")
    if branch in taxpayer.suspended_branches:
        raise Refusal("102")
    return device


def _check_signature(content: str, signature: str, device: Device) -> None:
    if not content:
        return
    if not signature:
        raise Refusal("39")
    try:
        given = decode_base64(signature)
    except EnvelopeError:
        raise Refusal("38") from None
    if not device.public_key or not crypto.verifies(device.key(), given, content.encode("utf-8", "surrogatepass")):
        raise Refusal("38")


def read_plain(content: str) -> bytes:
    """Unpack a content that is not encrypted: base64, gzip if it is that.

    Raises:
        Refusal: it is not base64 (15).
    """
    try:
        data = decode_base64(content)
    except EnvelopeError:
        raise Refusal("15") from None
    if not data.startswith(GZIP_MAGIC):
        return data
    try:
        return gunzip_limited(data, MAX_CONTENT_BYTES)
    except EnvelopeError:
        return data  # one ciphertext in 65,536 begins like gzip by chance; what is neither is refused by who reads it


def _unpack(content: str, keys: tuple[bytes, ...], *, plain: bool) -> tuple[str, bytes | None]:
    """Unpack a content; return the key that opened it, or the newest one where none was needed."""
    if plain:
        data = read_plain(content)
        if data.lstrip()[:1] in (b"{", b"["):
            try:
                return data.decode("utf-8"), keys[0] if keys else None
            except UnicodeDecodeError:
                raise Refusal("2066") from None
    return _decrypt(content, keys)


def _decrypt(content: str, keys: tuple[bytes, ...]) -> tuple[str, bytes]:
    """Find the key that opens the content: one whose result is UTF-8, which no wrong key gives by accident."""
    cipher = read_plain(content)
    for key in keys:
        try:
            opened = crypto.decrypt(key, cipher)
            if opened.startswith(GZIP_MAGIC):
                opened = gunzip_limited(opened, MAX_CONTENT_BYTES)
            return opened.decode("utf-8"), key
        except (crypto.DecryptionFailed, EnvelopeError, UnicodeDecodeError):
            continue
    raise Refusal("15")


def inner(plaintext: str, shape: Content) -> JsonValue:
    """Read the inner JSON, which must have the interface's shape (2066)."""
    try:
        content = parse(plaintext)
    except NotJson:
        raise Refusal("2066") from None
    if shape == "array":
        if not isinstance(content, list):
            raise Refusal("2066")
        return content
    if not isinstance(content, Mapping):
        raise Refusal("2066")
    return content
