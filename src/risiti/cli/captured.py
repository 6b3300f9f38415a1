"""What is inside a captured EFRIS message: flags, header, content, signature, return code, as plain values."""

import json
from collections.abc import Mapping
from decimal import Decimal

from risiti.efris import INTERFACES, EfrisError, Malformed, ReturnCode, Verdict, crypto, lookup
from risiti.efris.credentials import Credentials
from risiti.efris.envelope import MAX_ENVELOPE_BYTES, Envelope, EnvelopeError, is_signed_by, unpack, unpack_body
from risiti.efris.session import SessionKeyError, unwrap_session_key
from risiti.efris.wirejson import JsonError, JsonValue, read_json

MAX_TEXT = 2000
"""Most characters that are shown of a content that is no JSON."""

ADVICE: Mapping[Verdict, str] = {
    Verdict.DONE: "carried out",
    Verdict.SEEN: "already there: find the document and compare; do not send it again",
    Verdict.NOT_PROCESSED: "not processed: the same request may be sent again",
    Verdict.KEY_SUSPECT: "could not be decrypted or verified: fetch a new session key, then send it again",
    Verdict.LANE: "the device or company is blocked: nothing is wrong with the request; settle that with URA first",
    Verdict.REFUSED: "refused for good: correct the request; nothing was stored",
    Verdict.PERIOD: "dated too far back: a person decides",
    Verdict.AMBIGUOUS: "says nothing certain: the authority may have acted; ask before sending it again",
}
"""What to do after a return code."""

_FLAGS: Mapping[str, Mapping[str, str]] = {
    "codeType": {"0": "plain", "1": "encrypted"},
    "encryptCode": {"1": "RSA, or nothing", "2": "AES"},
    "zipCode": {"0": "as it is", "1": "gzip"},
}
_SESSION_KEY = "T104"


def look_inside(
    body: bytes, *, private_key: crypto.PrivateKey | None = None, session_key: bytes | None = None
) -> dict[str, object]:
    """Take a message apart as far as the keys at hand allow.

    Args:
        body: The message as captured: JSON, or JSON in gzip.
        private_key: The taxpayer's key: checks the signature of a request and opens the session key in an answer.
        session_key: The AES key under which the content was encrypted.

    Raises:
        EnvelopeError: it is no EFRIS message.
    """
    envelope = Envelope.from_bytes(unpack_body(body, MAX_ENVELOPE_BYTES), limit=MAX_ENVELOPE_BYTES)
    code = envelope.global_text("interfaceCode")
    interface = INTERFACES.get(code)
    is_answer = bool(envelope.return_code.strip())
    return {
        "kind": "answer" if is_answer else "request",
        "interface": {"code": code, "summary": interface.summary if interface else "not an interface that we know"},
        "header": shown(envelope.global_info),
        "flags": _flags(envelope),
        "signature": _signature(envelope, None if is_answer else private_key),
        "content": _content(envelope, private_key, session_key, is_answer=is_answer),
        "return_code": explained(lookup(envelope.return_code, code)) if is_answer else None,
        "return_message": envelope.return_message,
    }


def explained(row: ReturnCode) -> dict[str, object]:
    """Return a row of the catalogue with what to do about it."""
    return {
        "code": row.code,
        "meaning": row.meaning,
        "verdict": row.verdict.value,
        "advice": ADVICE[row.verdict],
        "interfaces": list(row.interfaces),
        "field": row.field,
        "rule": row.rule,
        "params": dict(row.params),
        "source": row.source,
        "doubt": row.doubt,
    }


def shown(value: object) -> object:
    """Return a JSON value with its fractions as text, so that no digit is lost on the way to the screen."""
    match value:
        case Mapping():
            return {key: shown(member) for key, member in value.items()}
        case list():
            return [shown(entry) for entry in value]
        case Decimal():
            return str(value)
        case _:
            return value


def _flags(envelope: Envelope) -> dict[str, str]:
    values = {"codeType": envelope.code_type, "encryptCode": envelope.encrypt_code, "zipCode": envelope.zip_code}
    return {name: f"{value} ({_FLAGS[name].get(value, 'unknown')})" for name, value in values.items()}


def _signature(envelope: Envelope, private_key: crypto.PrivateKey | None) -> dict[str, object]:
    verifies = None
    if private_key is not None and envelope.signature:
        verifies = is_signed_by(private_key.public_key(), envelope)
    return {"present": bool(envelope.signature), "made_with_this_key": verifies}


def _content(
    envelope: Envelope, private_key: crypto.PrivateKey | None, session_key: bytes | None, *, is_answer: bool
) -> dict[str, object]:
    found: dict[str, object] = {"layers": [], "bytes": 0, "json": None, "text": "", "problem": "", "faults": []}
    if not envelope.content:
        return found
    try:
        unpacked = unpack(envelope, session_key)
    except EnvelopeError as error:
        return found | {"problem": str(error)}
    except crypto.DecryptionFailed:
        return found | {"problem": _how_to_open(session_key)}
    found |= {"layers": list(unpacked.layers), "bytes": len(unpacked.data)}
    try:
        document = read_json(unpacked.data)
    except JsonError as error:
        text = unpacked.data.decode("utf-8", "replace")[:MAX_TEXT]
        return found | {"problem": f"the content is no JSON: {error}", "text": text}
    found["json"] = shown(document)
    code = envelope.global_text("interfaceCode")
    if not is_answer:
        found["faults"] = _faults(code, unpacked.data)
    elif code == _SESSION_KEY and private_key is not None:
        found |= _session_key(document, private_key)
    return found


def _how_to_open(session_key: bytes | None) -> str:
    if session_key is not None:
        return "this session key does not open the content"
    return (
        f"encrypted with a session key: give it as --session-key HEX; "
        f"decode the {_SESSION_KEY} answer before it with --key FILE to see it"
    )


def _faults(code: str, content: bytes) -> list[dict[str, str | None]]:
    """Return what a request breaks of the wire's rules, as the strict writer would have said before sending it."""
    interface = INTERFACES.get(code)
    if interface is None or not interface.takes_content:
        return []
    try:
        interface.freeze(interface.parse(content))
    except Malformed as error:
        return [{"path": fault.path, "code": fault.code, "message": fault.message} for fault in error.faults]
    return []


def _session_key(document: JsonValue, private_key: crypto.PrivateKey) -> dict[str, object]:
    wrapped = document.get("passowrdDes") if isinstance(document, dict) else None
    if not isinstance(wrapped, str):
        return {"problem": "the answer holds no session key"}
    try:
        return {"session_key": unwrap_session_key(wrapped, Credentials("", "", private_key).unwrap).hex()}
    except (SessionKeyError, EfrisError) as error:
        return {"problem": str(error)}


def as_text(found: Mapping[str, object]) -> str:
    """Return what `look_inside` found, for people."""
    lines = [f"{found['kind']:<12}{_joined(found['interface'])}"]
    lines += [f"{'header' if not row else '':<12}{text}" for row, text in enumerate(_pairs(found["header"]))]
    lines.append(f"{'flags':<12}{', '.join(_pairs(found['flags']))}")
    lines.append(f"{'signature':<12}{_signature_text(found['signature'])}")
    content = found["content"]
    if isinstance(content, Mapping):
        lines += _content_text(content)
    code = found["return_code"]
    if isinstance(code, Mapping):
        lines.append(f"{'return code':<12}{code['code']}  {code['meaning']}")
        lines.append(f"{'':<12}{code['advice']}")
        lines.append(f"{'':<12}it said: {found['return_message']}")
    return "\n".join(lines)


def _content_text(content: Mapping[str, object]) -> list[str]:
    layers = content["layers"]
    size = f"{content['bytes']} bytes in {' > '.join(layers)}" if isinstance(layers, list) and layers else "none"
    lines = [f"{'content':<12}{content['problem'] or size}"]
    if content["json"] is not None:
        lines += json.dumps(content["json"], indent=2, ensure_ascii=False).splitlines()
    elif content["text"]:
        lines.append(str(content["text"]))
    if "session_key" in content:
        lines.append(f"{'session key':<12}{content['session_key']} (keep it secret: it opens this session's contents)")
    faults = content["faults"]
    for fault in faults if isinstance(faults, list) else []:
        lines.append(f"{'fault':<12}{fault['path'] or 'the whole'}: {fault['message']} (code {fault['code'] or '?'})")
    return lines


def _signature_text(signature: object) -> str:
    if not isinstance(signature, Mapping) or not signature["present"]:
        return "none"
    words = {True: "made with this key", False: "NOT made with this key over this content", None: "present"}
    return words[signature["made_with_this_key"]]


def _joined(value: object) -> str:
    return "  ".join(str(part) for part in value.values()) if isinstance(value, Mapping) else ""


def _pairs(value: object) -> list[str]:
    return [f"{key} {_flat(member)}" for key, member in value.items()] if isinstance(value, Mapping) else []


def _flat(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
