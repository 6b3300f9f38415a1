"""T129 batch upload: several documents in one call, each signed on its own, each issued or refused on its own."""

import json
from collections.abc import Mapping

from risiti.efris import crypto
from risiti.efris.envelope import EnvelopeError, decode_base64
from risiti.simulator.answers import SUCCESS, Answer
from risiti.simulator.gate import Call
from risiti.simulator.handlers.invoice_upload import issue
from risiti.simulator.refusal import Refusal, message_of
from risiti.simulator.values import JsonValue, NotJson, parse
from risiti.simulator.world import World

PARTLY_FAILED = "1613"


def upload_batch(call: Call, world: World) -> Answer:
    """T129: good documents stay whatever becomes of the others; the answer has a row for each, in order."""
    rows = call.content if isinstance(call.content, list) else []
    if not rows:
        raise Refusal("2070")
    if len(rows) > world.settings.max_batch:
        raise Refusal("1612")
    signed = [_row(values, number) for number, values in enumerate(rows)]
    answers = [_answer(content, signature, call, world) for content, signature in signed]
    if all(answer["invoiceReturnCode"] == SUCCESS for answer in answers):
        return Answer(answers)
    return Answer(answers, PARTLY_FAILED, message_of(PARTLY_FAILED))


def _row(values: JsonValue, number: int) -> tuple[str, str]:
    """Return content and signature of a row; a row without either makes the whole batch wrong."""
    if not isinstance(values, Mapping):
        raise Refusal("2066", row=number)
    content, signature = values.get("invoiceContent"), values.get("invoiceSignature")
    if not isinstance(content, str) or not content.strip():
        raise Refusal("1610", row=number)
    if not isinstance(signature, str) or not signature.strip():
        raise Refusal("1611", row=number)
    return content, signature


def _answer(content: str, signature: str, call: Call, world: World) -> dict[str, object]:
    """Issue one document; what a refused one changed is undone."""
    try:
        _check_signature(content, signature, call)
        with world.store.undoable():
            document = issue(_document(content), call, world)
    except Refusal as refusal:
        answer, code, message = refusal.content, refusal.code, refusal.message
    else:
        answer, code, message = document, SUCCESS, "SUCCESS"
    text = "" if answer is None else json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    return {"invoiceContent": text, "invoiceReturnCode": code, "invoiceReturnMessage": message}


def _check_signature(content: str, signature: str, call: Call) -> None:
    """Verify the signature over the UTF-8 bytes of the content text."""
    if call.device is None:
        raise Refusal("400")
    try:
        given = decode_base64(signature)
    except EnvelopeError:
        raise Refusal("38") from None
    if not crypto.verifies(call.device.key(), given, content.encode("utf-8", "surrogatepass")):
        raise Refusal("38")


def _document(content: str) -> Mapping[str, JsonValue]:
    try:
        document = parse(content)
    except NotJson:
        raise Refusal("2066") from None
    if not isinstance(document, Mapping):
        raise Refusal("2066")
    return document
