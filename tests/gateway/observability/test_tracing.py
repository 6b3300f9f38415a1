"""One document is one trace, from the caller's request to the authority, received over the real protocol."""

from pathlib import Path

import pytest

from risiti.gateway.observability.tracing import OFF, Attribute
from risiti.simulator import Fault
from tests.gateway.api.door import open_door
from tests.gateway.observability.lines import logged
from tests.gateway.observability.receiver import Receiver, receiving
from tests.make import an_invoice

pytestmark = pytest.mark.anyio

CALLERS_TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLERS_SPAN = "00f067aa0ba902b7"
TRACEPARENT = f"00-{CALLERS_TRACE}-{CALLERS_SPAN}-01"
BUYER_TIN = "1009997770"
HAND_IN = "POST /api/companies/{company_id}/invoices"


async def hand_in(folder: Path, receiver: Receiver, *, lose_an_answer: bool = False) -> tuple[str, str]:
    """Hand one invoice in within the caller's trace and have it fiscalised; return its id and the key used."""
    async with open_door(folder, otel_exporter_otlp_endpoint=receiver.url) as door:
        if lose_an_answer:
            door.authority.faults.set([Fault("drop_after", "T109", times=1)])
        invoice = an_invoice("TRACE-1", buyer={"type": "business", "tin": BUYER_TIN, "name": "Buyer (fictitious)"})
        answer = await door.ask("POST", door.firm.path("/invoices"), json=invoice, headers={"traceparent": TRACEPARENT})
        assert answer.status == 202
        door.clock.advance(3)
        await door.work()
        for _ in range(20):
            if await door.state_of("TRACE-1") == "fiscalised":
                break
            door.clock.advance(60)
            await door.work()
        assert await door.state_of("TRACE-1") == "fiscalised"
        return str((await answer.json())["id"]), door.firm.key


async def test_one_document_is_one_trace_from_the_request_to_the_authority(tmp_path: Path) -> None:
    async with receiving() as receiver:
        document_id, _ = await hand_in(tmp_path, receiver)

    request, accept = receiver.one(HAND_IN), receiver.one("document.accept")
    queued, attempt = receiver.one("document.queued"), receiver.one("document.attempt")
    upload = [span for span in receiver.spans if span.parent_id == attempt.span_id and span.name.startswith("EFRIS")]
    assert {span.trace_id for span in (request, accept, queued, attempt, *upload)} == {CALLERS_TRACE}
    assert request.parent_id == CALLERS_SPAN
    assert accept.parent_id == request.span_id
    assert (queued.parent_id, attempt.parent_id, attempt.links) == (accept.span_id, accept.span_id, (accept.span_id,))
    assert queued.seconds == pytest.approx(3)
    assert upload
    assert {span.attributes["efris.outcome"] for span in upload} == {"answered"}
    assert request.attributes["http.response.status_code"] == 202
    assert {accept.attributes["risiti.document_id"], attempt.attributes["risiti.document_id"]} == {document_id}


async def test_what_is_asked_about_a_document_in_doubt_is_in_its_trace(tmp_path: Path) -> None:
    async with receiving() as receiver:
        await hand_in(tmp_path, receiver, lose_an_answer=True)
    accept, (question, *_) = receiver.one("document.accept"), receiver.of("document.question")
    assert question.trace_id == CALLERS_TRACE
    assert question.links == (accept.span_id,)


async def test_spans_carry_no_body_no_key_and_no_buyer(tmp_path: Path) -> None:
    async with receiving() as receiver:
        _, key = await hand_in(tmp_path, receiver)
    for secret in (key, BUYER_TIN, "Buyer (fictitious)", "TRACE-1"):
        assert secret.encode() not in receiver.raw
    said = {name for span in receiver.spans for name in span.attributes}
    assert said <= {attribute.value for attribute in Attribute}


async def test_lines_of_the_log_name_the_trace(tmp_path: Path) -> None:
    async with receiving() as receiver:
        with logged() as lines:
            await hand_in(tmp_path, receiver)
    (answered,) = [line for line in lines() if line.get("trace_id") == CALLERS_TRACE]
    request = receiver.one(HAND_IN)
    assert (answered["event"], answered["span_id"]) == ("request.answered", request.span_id)
    assert answered["request_id"] == request.attributes["risiti.request_id"]


async def test_without_an_endpoint_nothing_is_recorded(tmp_path: Path) -> None:
    assert not OFF.on
    assert OFF.call("EFRIS", {}) is None
    async with open_door(tmp_path) as door:
        assert not door.runtime.tracing.on
        answer = await door.ask(
            "POST", door.firm.path("/invoices"), json=an_invoice("OFF-1"), headers={"traceparent": TRACEPARENT}
        )
        assert answer.status == 202


async def test_a_receiver_that_is_not_there_costs_no_document_and_little_time(tmp_path: Path) -> None:
    nobody = Receiver(url="http://127.0.0.1:1")
    document_id, _ = await hand_in(tmp_path, nobody)
    assert document_id
