"""Faults: each one does what its name says, stores what it should and no more, and wears out."""

import asyncio
import json
from random import Random
from typing import Any

import pytest

from risiti.efris.crypto import DecryptionFailed, verifies
from risiti.efris.envelope import decode_base64, open_content
from risiti.simulator import ConnectionDropped, Fault, FaultPlan
from risiti.simulator.faults import AFTER, BEFORE, FAULTS, IN_ANSWER
from tests.simulator.documents import document
from tests.simulator.rig import HeldSleep, Rig

pytestmark = pytest.mark.anyio


def stored(rig: Rig) -> int:
    return len(rig.world.documents("INV-1"))


async def strike(rig: Rig, fault: str, **more: Any) -> None:  # noqa: ANN401 - JSON values
    status, answer = await rig.control("PUT", "faults", [{"fault": fault, "interface": "T109", "times": 1} | more])
    assert status == 200, answer


@pytest.mark.parametrize(
    ("fault", "status", "body"),
    [
        ("http_500", 500, b"Internal Server Error"),
        ("http_502", 502, b"<html>"),
        ("http_503", 503, b"<html>"),
        ("html", 200, b"<!DOCTYPE html>"),
        ("empty_body", 200, b""),
        ("garbage", 200, b"\xff\xfe"),
    ],
)
@pytest.mark.parametrize("moment", ["", "_after"])
async def test_a_forged_answer_comes_before_or_after_the_document_is_stored(
    rig: Rig, fault: str, status: int, body: bytes, moment: str
) -> None:
    await strike(rig, fault + moment)
    answer = await rig.upload(document())
    assert answer.status == status
    assert body in answer.body
    assert stored(rig) == (1 if moment else 0)
    assert (await rig.upload(document())).code == ("2253" if moment else "00")


@pytest.mark.parametrize(
    ("fault", "code", "documents"),
    [("error_99", "99", 0), ("error_99_after", "99", 1), ("key_expired", "402", 0)],
)
async def test_a_code_is_answered_before_or_after_the_document_is_stored(
    rig: Rig, fault: str, code: str, documents: int
) -> None:
    await strike(rig, fault)
    answer = await rig.upload(document())
    assert (answer.status, answer.code, stored(rig)) == (200, code, documents)


@pytest.mark.parametrize(("fault", "documents"), [("refuse", 0), ("refuse_after", 1)])
async def test_any_code_can_be_answered(rig: Rig, fault: str, documents: int) -> None:
    await strike(rig, fault, code="2125")
    assert ((await rig.upload(document())).code, stored(rig)) == ("2125", documents)


@pytest.mark.parametrize(
    ("fault", "documents", "reset"),
    [("drop_before", 0, False), ("close", 0, True), ("drop_after", 1, False), ("truncated", 1, False)],
)
async def test_a_dropped_connection_is_seen_as_such(rig: Rig, fault: str, documents: int, reset: bool) -> None:  # noqa: FBT001 - a table's column
    await strike(rig, fault)
    with pytest.raises(ConnectionDropped) as dropped:
        await rig.upload(document())
    assert isinstance(dropped.value, ConnectionResetError)
    assert (dropped.value.reset, stored(rig)) == (reset, documents)


async def test_faults_in_the_answer_spoil_the_answer_only(rig: Rig) -> None:
    await strike(rig, "wrong_signature")
    envelope = (await rig.upload(document())).envelope
    key = rig.world.server_key().public_key()
    assert not verifies(key, decode_base64(envelope.signature), envelope.content.encode())
    assert json.loads(open_content(envelope, rig.session_key))["summary"]["qrCode"]

    await strike(rig, "other_key")
    spoiled = (await rig.upload(document(reference="INV-2"))).envelope
    with pytest.raises(DecryptionFailed):
        open_content(spoiled, rig.session_key)
    assert len(rig.world.documents("INV-2")) == 1

    await strike(rig, "other_exchange_id")
    assert (await rig.upload(document(reference="INV-3"))).envelope.global_info["dataExchangeId"] == "f" * 32


async def test_a_lagging_query_hides_young_documents(rig: Rig) -> None:
    await rig.upload(document())
    rig.clock.advance(30)
    ask = {"referenceNo": "INV-1", "pageNo": "1", "pageSize": "10"}
    for seconds, rows in ((None, 0), (31, 0), (30, 1)):
        await strike(rig, "lag", interface="T106", seconds=seconds)
        assert len(rig.read(await rig.call("T106", ask))["records"]) == rows
    assert len(rig.read(await rig.call("T106", ask))["records"]) == 1


async def held() -> tuple[Rig, HeldSleep]:
    sleep = HeldSleep()
    rig = Rig.make(sleep=sleep)
    await rig.open()
    return rig, sleep


async def test_latency_delays_the_processing() -> None:
    rig, sleep = await held()
    await strike(rig, "latency", seconds="2.5")
    upload = asyncio.create_task(rig.upload(document()))
    await sleep.begun()
    assert (sleep.seconds, stored(rig)) == ([2.5], 0)
    sleep.over.set()
    assert (await upload).code == "00"


async def test_a_late_answer_belongs_to_a_document_stored_long_ago() -> None:
    rig, sleep = await held()
    await strike(rig, "latency_after", seconds=40)
    upload = asyncio.create_task(rig.upload(document()))
    await sleep.begun()
    assert (sleep.seconds, stored(rig)) == ([40.0], 1)
    sleep.over.set()
    assert (await upload).code == "00"


@pytest.mark.parametrize(("fault", "documents"), [("hang", 0), ("hang_after", 1)])
async def test_a_hanging_call_ends_without_an_answer_and_others_are_served(fault: str, documents: int) -> None:
    rig, sleep = await held()
    await strike(rig, fault, times=20)
    hanging = [asyncio.create_task(rig.upload(document())) for _ in range(20)]
    await sleep.begun(20)
    assert (await rig.call("T101")).code == "00"
    sleep.over.set()
    ends = await asyncio.gather(*hanging, return_exceptions=True)
    assert {type(end) for end in ends} == {ConnectionDropped}
    assert set(sleep.seconds) == {3600.0}
    assert stored(rig) == documents


async def test_a_caller_who_hangs_up_does_not_stop_the_authority() -> None:
    rig, sleep = await held()
    rig.configure(processing_seconds=150)
    upload = asyncio.create_task(rig.upload(document()))
    await sleep.begun()
    upload.cancel()
    with pytest.raises(asyncio.CancelledError):
        await upload
    assert stored(rig) == 0
    sleep.over.set()
    await rig.app.settled()
    assert (sleep.seconds, stored(rig)) == ([150.0], 1)


async def test_a_late_delivery_is_processed_after_the_connection_is_gone() -> None:
    rig, sleep = await held()
    await strike(rig, "late_delivery", seconds=590)
    with pytest.raises(ConnectionDropped):
        await rig.upload(document())
    await sleep.begun()
    assert (sleep.seconds, stored(rig)) == ([590.0], 0)
    sleep.over.set()
    await rig.app.settled()
    assert stored(rig) == 1


async def test_a_message_delivered_after_eleven_minutes_is_refused() -> None:
    rig, sleep = await held()
    await strike(rig, "late_delivery", seconds=660)
    with pytest.raises(ConnectionDropped):
        await rig.upload(document())
    await sleep.begun()
    rig.clock.advance(660)
    sleep.over.set()
    await rig.app.settled()
    assert stored(rig) == 0
    assert (await rig.upload(document())).code == "00"


async def test_a_duplicate_delivery_makes_two_documents_without_the_reference_check() -> None:
    rig, sleep = await held()
    rig.configure(duplicate_check="off")
    await strike(rig, "duplicate_delivery", seconds=1)
    assert (await rig.upload(document())).code == "00"
    sleep.over.set()
    await rig.app.settled()
    assert stored(rig) == 2


@pytest.mark.parametrize(("mode", "documents"), [("doc", 1), ("racy", 2)])
async def test_two_uploads_at_once_pass_only_the_racy_check(mode: str, documents: int) -> None:
    rig, sleep = await held()
    rig.configure(duplicate_check=mode, processing_seconds=1)
    uploads = [asyncio.create_task(rig.upload(document())) for _ in range(2)]
    await sleep.begun(2)
    sleep.over.set()
    codes = sorted([(await upload).code for upload in uploads])
    assert codes == (["00", "00"] if documents == 2 else ["00", "2253"])
    assert stored(rig) == documents


async def test_stopping_the_server_wakes_everything_that_hangs() -> None:
    rig, sleep = await held()
    await strike(rig, "hang")
    upload = asyncio.create_task(rig.upload(document()))
    await sleep.begun()
    rig.app.stop()
    with pytest.raises(ConnectionDropped):
        await upload


async def test_a_fault_strikes_its_interface_as_often_as_told(rig: Rig) -> None:
    await strike(rig, "error_99", times=2)
    assert (await rig.call("T101")).code == "00"
    codes = [(await rig.upload(document())).code for _ in range(3)]
    assert codes == ["99", "99", "00"]
    assert rig.world.faults.rules == ()


async def test_a_fault_for_all_interfaces_strikes_until_it_is_taken_away(rig: Rig) -> None:
    await strike(rig, "html", interface=None, times=None)
    assert (await rig.call("T101")).body.startswith(b"<!DOCTYPE")
    assert (await rig.call("T109", document())).body.startswith(b"<!DOCTYPE")
    await rig.control("DELETE", "faults")
    assert (await rig.call("T101")).code == "00"


async def test_a_probability_is_drawn_from_the_given_chance() -> None:
    def codes(seed: int) -> list[bool]:
        plan = FaultPlan(Random(seed))  # noqa: S311 - a die, not a secret
        plan.set([Fault.from_json({"fault": "drop_after", "probability": "0.25"})])
        return [bool(plan.draw("T109")) for _ in range(400)]

    assert codes(1) == codes(1)
    assert codes(1) != codes(2)
    assert 50 < sum(codes(3)) < 150


async def test_every_fault_has_a_moment_and_a_meaning(rig: Rig) -> None:
    assert set(FAULTS) == {*BEFORE, *AFTER, *IN_ANSWER}
    _, answer = await rig.control("GET", "faults")
    assert answer == {"faults": [], "known": dict(FAULTS)}


async def test_a_refusal_can_be_dropped_too(rig: Rig) -> None:
    await strike(rig, "drop_after")
    upload = document()
    upload["summary"]["itemCount"] = "9"
    with pytest.raises(ConnectionDropped):
        await rig.upload(upload)
    assert stored(rig) == 0


async def test_a_store_that_fails_is_code_46_and_loses_nothing(rig: Rig) -> None:
    assert (await rig.upload(document())).code == "00"
    with rig.world.store.transaction() as db:
        db.execute("CREATE TRIGGER full BEFORE INSERT ON documents BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    assert (await rig.upload(document(reference="INV-2"))).code == "46"
    with rig.world.store.transaction() as db:
        db.execute("DROP TRIGGER full")
    assert (await rig.upload(document(reference="INV-2"))).code == "00"
    assert rig.world.ledger.last_number() == 2
