"""The offline enabler's address: base64 and nothing else, tolerant of what ERPs send, and it numbers the documents."""

import base64
import gzip
import json
from typing import Any

import pytest

from risiti.simulator import ConnectionDropped
from risiti.simulator.enabler import ENABLER_PATH
from tests.simulator.documents import Wire, document
from tests.simulator.rig import Answered, Rig, post

pytestmark = pytest.mark.anyio


def message(rig: Rig, interface: str, content: object = None) -> Wire:
    text = "" if content is None else base64.b64encode(json.dumps(content).encode()).decode()
    return rig.message(interface) | {
        "data": {
            "content": text,
            "signature": "",
            "dataDescription": {"codeType": "0", "encryptCode": "1", "zipCode": "0"},
        }
    }


def offline(reference: str = "INV-1") -> Wire:
    """A document as an ERP hands it to the enabler: modeCode 0, and numbers of its own, which do not count."""
    made = document(reference=reference)
    made["basicInformation"] |= {"dataSource": "106", "invoiceNo": "ERP-7", "isCheckReferenceNo": ""}
    made["summary"]["modeCode"] = "0"
    return made


async def send(rig: Rig, sent: object) -> Answered:
    body = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
    return await post(rig.app, body, ENABLER_PATH)


def read(answer: Answered) -> Any:  # noqa: ANN401 - JSON
    data = json.loads(answer.body)["data"]
    assert (data["signature"], data["dataDescription"]["codeType"]) == ("", "0")
    content = base64.b64decode(data["content"])
    return json.loads(gzip.decompress(content) if data["dataDescription"]["zipCode"] == "1" else content)


@pytest.fixture
async def near() -> Rig:
    """A seller that never fetched a session key."""
    return Rig.make()


async def test_a_document_is_numbered_without_keys_and_signatures(near: Rig) -> None:
    answer = await send(near, message(near, "T109", offline()))
    assert answer.code == "00", answer.message
    issued = read(answer)
    (stored,) = near.world.documents("INV-1")
    assert issued["basicInformation"]["invoiceNo"] == stored.fdn
    assert issued["basicInformation"]["antifakeCode"] == stored.verification_code
    assert issued["summary"]["qrCode"] == stored.qr_text
    assert (issued["summary"]["modeCode"], issued["basicInformation"]["dataSource"]) == ("0", "106")


async def test_what_was_numbered_here_is_known_online(near: Rig) -> None:
    await send(near, message(near, "T109", offline()))
    await near.open()
    found = near.read(await near.call("T106", {"referenceNo": "INV-1", "pageNo": "1", "pageSize": "10"}))
    assert found["records"][0]["dataSource"] == "106"


async def test_a_second_upload_of_a_reference_is_told_the_first(near: Rig) -> None:
    await send(near, message(near, "T109", offline()))
    again = await send(near, message(near, "T109", offline()))
    assert again.code == "2253"
    assert read(again)["existInvoiceList"][0]["invoiceNo"] == near.world.documents("INV-1")[0].fdn


async def test_the_ways_of_known_erps_are_taken(near: Rig) -> None:
    sent = message(near, "T109", offline() | {"payWay": {"paymentMode": "102", "paymentAmount": "11800.02"}})
    sent["global_info"] = sent.pop("globalInfo") | {"appId": "AP01", "requestTime": "long ago", "version": ""}
    sent["global_info"]["extendfield"] = sent["global_info"].pop("extendField")
    sent["data"]["dataDescription"] = {"codeType": "0", "encryptionCode": "1"}
    del sent["returnStateInfo"]
    assert (await send(near, sent)).code == "00"


async def test_an_online_document_is_taken_as_online(near: Rig) -> None:
    assert (await send(near, message(near, "T109", document()))).code == "00"


async def test_settings_of_the_online_service_stay_strict(near: Rig) -> None:
    await near.open()
    assert (await near.upload(offline())).code in {"1320", "1321", "1322", "2838", "2786"}


@pytest.mark.parametrize(
    ("code", "spoil"),
    [
        ("06", b""),
        ("43", b"{"),
        ("07", {}),
        ("08", {"globalInfo": {"interfaceCode": "T101"}}),
        ("11", {"globalInfo": {"tin": "1"}, "data": {}}),
        ("01", {"globalInfo": {"interfaceCode": "T999"}, "data": {}}),
        ("100", {"globalInfo": {"interfaceCode": "T109"}, "data": {}}),
    ],
)
async def test_what_cannot_be_read_gives_its_code(near: Rig, code: str, spoil: object) -> None:
    assert (await send(near, spoil)).code == code


@pytest.mark.parametrize(
    ("code", "content"),
    [("2070", ""), ("15", "%%%"), ("2066", "W10="), ("2066", "/////w=="), ("2066", "e30x")],
)
async def test_content_that_is_no_document_gives_its_code(near: Rig, code: str, content: str) -> None:
    sent = message(near, "T109")
    sent["data"]["content"] = content
    assert (await send(near, sent)).code == code


@pytest.mark.parametrize("interface", ["T102", "T104", "T136"])
async def test_it_has_no_use_for_keys(near: Rig, interface: str) -> None:
    assert (await send(near, message(near, interface))).code == "40"


async def test_server_time_and_lists_are_told(near: Rig) -> None:
    assert read(await send(near, message(near, "T101")))["currentTime"] == "02/03/2026 12:00:00"
    assert read(await send(near, message(near, "T115")))["currencyType"]


async def test_a_blocked_device_is_refused_here_too(near: Rig) -> None:
    sent = message(near, "T109", offline())
    sent["globalInfo"]["deviceNo"] = "TCS-unknown"
    assert (await send(near, sent)).code == "400"


async def test_faults_strike_here_too(near: Rig) -> None:
    await near.control("PUT", "faults", [{"fault": "drop_after", "interface": "T109", "times": 1}])
    with pytest.raises(ConnectionDropped):
        await send(near, message(near, "T109", offline()))
    assert len(near.world.documents("INV-1")) == 1
