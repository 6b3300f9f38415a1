"""Answers on the wire: content encrypted, compressed and signed as the interface does it, in the caller's envelope."""

import gzip
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from risiti.efris import crypto
from risiti.efris.envelope import Envelope, encode_base64
from risiti.simulator.refusal import Refusal
from risiti.simulator.values import JsonValue

SUCCESS = "00"
NOBODYS_KEY = b"a key nobody has"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler says.

    Attributes:
        content: JSON values, or None for an answer without content.
        code: Return code; "00", or "45" when some rows failed.
        message: Text of returnMessage.
    """

    content: object = None
    code: str = SUCCESS
    message: str = "SUCCESS"


@dataclass(frozen=True, slots=True)
class Wrapping:
    """How an answer is wrapped.

    Attributes:
        global_info: The caller's globalInfo, echoed.
        session_key: Encrypt with it; None leaves the content plain.
        compress: gzip the result.
        signing_key: Sign the content; None leaves the signature empty.
        tampering: Faults in the answer: `wrong_signature`, `other_key`, `other_exchange_id`.
    """

    global_info: Mapping[str, JsonValue]
    session_key: bytes | None
    compress: bool
    signing_key: RSAPrivateKey | None
    tampering: Collection[str] = ()


def refused(refusal: Refusal) -> Answer:
    """Return the answer to a refused call."""
    return Answer(refusal.content, refusal.code, refusal.message)


def to_wire(answer: Answer, wrapping: Wrapping) -> bytes:
    """Wrap an answer: JSON, AES, gzip, base64, signature, envelope - in the authority's order."""
    info: dict[str, object] = dict(wrapping.global_info)
    if "other_exchange_id" in wrapping.tampering:
        info["dataExchangeId"] = "f" * 32
    state = {"return_code": answer.code, "return_message": answer.message}
    if answer.content is None:
        return Envelope(global_info=info, **state).to_bytes()
    data = json.dumps(answer.content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    encrypted = wrapping.session_key is not None
    if wrapping.session_key is not None:
        key = NOBODYS_KEY if "other_key" in wrapping.tampering else wrapping.session_key
        data = crypto.encrypt(key, data)
    if wrapping.compress:
        data = gzip.compress(data, mtime=0)
    content = encode_base64(data)
    signature = ""
    if wrapping.signing_key is not None:
        signed = content + ("!" if "wrong_signature" in wrapping.tampering else "")
        signature = encode_base64(crypto.sign(wrapping.signing_key, signed.encode("ascii")))
    return Envelope(
        content=content,
        signature=signature,
        code_type="1" if encrypted else "0",
        encrypt_code="2" if encrypted else "1",
        zip_code="1" if wrapping.compress else "0",
        global_info=info,
        **state,
    ).to_bytes()
