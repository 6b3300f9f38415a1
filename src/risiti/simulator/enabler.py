"""The offline enabler (TCS): the address in the taxpayer's own network that numbers documents and wants no keys.

Content is base64 of JSON and nothing else: no encryption, no signature, no session key, no check of the clock. It is as
tolerant as ERPs have come to rely on: `global_info` for `globalInfo`, any appId, unknown flags, `payWay` as an object,
missing objects. Documents of modeCode 0 get their numbers here, whatever the ERP wrote into them.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from risiti.simulator.gate import (
    GZIP_MAGIC,
    Call,
    Outer,
    Terms,
    check_device,
    check_taxpayer,
    inner,
    outer_message,
    read_plain,
    text_of,
)
from risiti.simulator.refusal import Refusal
from risiti.simulator.settings import Settings
from risiti.simulator.values import JsonValue, NotJson, parse
from risiti.simulator.world import World

ENABLER_PATH = "/efristcs/ws/tcsapp/getInformation"
"""Where the enabler listens, by default at port 9880."""

ONLINE_ONLY = frozenset({"T102", "T104", "T136"})
"""Interfaces about keys, which the enabler has no use for (40)."""

OFFLINE = "0"


def read_outer(body: bytes) -> Outer:
    """Read what can be read of the outer message; never fails."""
    try:
        message = parse(body)
    except NotJson:
        message = None
    if not isinstance(message, Mapping):
        return Outer({}, {}, "?")
    info = _global_info(message)
    return Outer(message, info, text_of(info, "interfaceCode") or "?")


def admit(body: bytes, world: World, now: datetime, terms_of: Mapping[str, Terms]) -> Call:
    """Let a call in, or refuse it.

    Raises:
        Refusal: the first check that fails.
    """
    message = outer_message(body)
    info, data = _global_info(message), message.get("data")
    if not info:
        raise Refusal("07")
    if not isinstance(data, Mapping):
        raise Refusal("08")
    interface = text_of(info, "interfaceCode")
    if not interface.strip():
        raise Refusal("11")
    if interface not in terms_of:
        raise Refusal("01")
    if interface in ONLINE_ONLY:
        raise Refusal("40")
    terms = terms_of[interface]
    if terms.standing == "anyone":
        return Call(interface, None, info, None, None, None, now, 0, now)
    taxpayer = check_taxpayer(text_of(info, "tin"), world)
    device = check_device(text_of(info, "deviceNo"), taxpayer, world)
    content = _content(text_of(data, "content"), terms)
    if interface == "T109" and isinstance(content, Mapping):
        content = _cleared(content)
    sees_until = now - timedelta(seconds=world.settings.query_lag_seconds)
    return Call(interface, content, info, taxpayer, device, None, now, world.ledger.last_number(), sees_until)


def settings_of(settings: Settings) -> Settings:
    """Return the settings as the enabler has them: it numbers documents that come without numbers."""
    return replace(settings, lenient_mode0_empty=True)


def _global_info(message: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    for name in ("globalInfo", "global_info"):
        info = message.get(name)
        if isinstance(info, Mapping):
            return info
    return {}


def _content(text: str, terms: Terms) -> JsonValue:
    if terms.content == "none":
        return None
    if not text:
        if terms.optional:
            return None
        raise Refusal("2070")
    data = read_plain(text)
    if data.startswith(GZIP_MAGIC):
        raise Refusal("15")
    try:
        return inner(data.decode("utf-8"), terms.content)
    except UnicodeDecodeError:
        raise Refusal("2066") from None


def _cleared(content: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    """Return a document as the enabler takes it: payments as a list, and no numbers but its own."""
    changed = dict(content)
    if isinstance(content.get("payWay"), Mapping):
        changed["payWay"] = [content["payWay"]]
    summary, basic = content.get("summary"), content.get("basicInformation")
    if isinstance(summary, Mapping) and isinstance(basic, Mapping) and text_of(summary, "modeCode") == OFFLINE:
        changed["basicInformation"] = {**basic, "invoiceNo": "", "antifakeCode": ""}
        changed["summary"] = {**summary, "qrCode": ""}
    return changed
