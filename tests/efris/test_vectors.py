import base64
import json
from typing import Any

import pytest

from risiti.efris import crypto, session
from risiti.efris.envelope import Envelope, GlobalInfo, decode_base64, empty, encode_base64, open_content, seal
from tests.efris import known

REQUESTS = known.named(known.messages()["requests"])
ANSWERS = known.named(known.messages()["answers"])


def _key(entry: dict[str, Any]) -> bytes | None:
    return bytes.fromhex(entry["session_key_hex"]) if entry["session_key_hex"] else None


def _info(entry: dict[str, Any]) -> GlobalInfo:
    wire = entry["envelope"]["globalInfo"]
    return GlobalInfo(
        interface_code=wire["interfaceCode"],
        data_exchange_id=wire["dataExchangeId"],
        request_time=wire["requestTime"],
        tin=wire["tin"],
        device_no=wire["deviceNo"],
        extend_field=wire["extendField"],
    )


@pytest.mark.parametrize("entry", REQUESTS)
def test_a_request_is_sealed_to_the_byte(entry: dict[str, Any]) -> None:
    content = entry["content_json"].encode()
    info = _info(entry)
    sealed = seal(info, content, known.credentials().sign, _key(entry)) if content else empty(info)
    assert sealed.content == entry["content"]
    assert sealed.signature == entry["signature"]
    assert json.loads(sealed.to_bytes())["data"] == entry["envelope"]["data"]
    assert json.loads(sealed.to_bytes())["globalInfo"] == entry["envelope"]["globalInfo"]


@pytest.mark.parametrize("entry", REQUESTS)
def test_a_request_opens_to_what_was_put_in(entry: dict[str, Any]) -> None:
    envelope = Envelope.from_bytes(json.dumps(entry["envelope"]).encode())
    assert open_content(envelope, _key(entry)).decode() == entry["content_json"]


@pytest.mark.parametrize("entry", REQUESTS)
def test_the_signature_covers_the_base64_text_and_nothing_else(entry: dict[str, Any]) -> None:
    public = known.taxpayer_key().public_key()
    text = entry["content"].encode()
    if entry["signature"]:
        assert crypto.verifies(public, decode_base64(entry["signature"]), text)
        assert not crypto.verifies(public, decode_base64(entry["signature"]), text + b"=")
    for other in entry.get("signatures_over_other_bytes", []):
        assert not crypto.verifies(public, decode_base64(other), text)


def test_a_document_inside_a_batch_is_signed_over_its_own_text() -> None:
    inner = next(entry["inner"] for entry in known.messages()["requests"] if "inner" in entry)
    assert encode_base64(crypto.sign(known.taxpayer_key(), inner["text"].encode())) == inner["signature"]


@pytest.mark.parametrize("entry", ANSWERS)
def test_an_answer_opens_whatever_its_flags_say(entry: dict[str, Any]) -> None:
    envelope = Envelope.from_bytes(json.dumps(entry["envelope"]).encode())
    assert open_content(envelope, known.session_key()).decode() == entry["content_json"]


def test_the_session_key_comes_out_of_its_three_layers() -> None:
    entry = known.messages()["session_key"]
    envelope = Envelope.from_bytes(json.dumps(entry["envelope"]).encode())
    wrapped = json.loads(open_content(envelope, None))["passowrdDes"]
    assert wrapped == entry["wrapped"]
    assert session.unwrap_session_key(wrapped, known.credentials().unwrap).hex() == entry["session_key_hex"]


def test_the_key_is_the_same_from_pem_and_from_pkcs12() -> None:
    keys = known.messages()["keys"]
    from_p12 = crypto.load_private_key(base64.b64decode(keys["taxpayer_p12_base64"]), keys["taxpayer_p12_password"])
    assert from_p12.private_numbers() == known.taxpayer_key().private_numbers()
