"""The control door: who is registered, what was issued, what goes wrong, in plain JSON; wrong input is told so."""

from typing import Any

import pytest

from risiti.simulator import PATH, Settings, World, create_simulator
from tests.simulator.documents import DEVICE_NO, SELLER_TIN, document
from tests.simulator.rig import MovedClock, Rig, post, public_pem

pytestmark = pytest.mark.anyio


async def test_the_documents_of_a_reference_are_counted(rig: Rig) -> None:
    await rig.upload(document())
    status, answer = await rig.control("GET", "documents", query="reference=INV-1")
    assert status == 200
    assert answer["count"] == 1
    found = answer["documents"][0]
    assert (found["reference"], found["tin"], found["device_no"]) == ("INV-1", SELLER_TIN, DEVICE_NO)
    assert (found["gross"], found["uploaded_at"]) == ("11800.02", "2026-03-02T09:00:00+00:00")
    for query in ("reference=INV-2", f"reference=INV-1&tin={SELLER_TIN}9"):
        assert (await rig.control("GET", "documents", query=query))[1]["count"] == 0


async def test_the_ledger_is_read_page_by_page(rig: Rig) -> None:
    for number in range(3):
        await rig.upload(document(reference=f"INV-{number}"))
    _, first = await rig.control("GET", "ledger", query="limit=2")
    _, second = await rig.control("GET", "ledger", query=f"limit=2&after={first['next_after']}")
    pairs = [(row["reference"], row["fdn"]) for row in first["documents"] + second["documents"]]
    assert [reference for reference, _ in pairs] == ["INV-0", "INV-1", "INV-2"]
    assert len({fdn for _, fdn in pairs}) == 3
    assert (first["total"], second["next_after"]) == (3, None)


async def test_calls_are_counted_by_interface(rig: Rig) -> None:
    await rig.call("T101")
    await rig.call("T101")
    await rig.send(b"{")
    assert (await rig.control("GET", "calls"))[1] == {"calls": {"?": 1, "T101": 2, "T104": 1}}


async def test_settings_are_changed_one_by_one(rig: Rig) -> None:
    _, before = await rig.control("GET", "settings")
    assert before == Settings().to_json()
    changes = {"clock_tolerance_seconds": 30, "duplicate_check": "racy", "tax_tolerance": "0.05", "check_goods": True}
    _, after = await rig.control("PUT", "settings", changes)
    assert after == before | changes


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("settings", {"clock": 1}),
        ("settings", {"clock_tolerance_seconds": -1}),
        ("settings", {"clock_tolerance_seconds": "600"}),
        ("settings", {"clock_tolerance_seconds": True}),
        ("settings", {"duplicate_check": "sometimes"}),
        ("settings", {"check_goods": "yes"}),
        ("settings", {"tax_tolerance": "much"}),
        ("settings", {"gzip_interfaces": "T106"}),
        ("settings", []),
        ("settings", b"{"),
        ("faults", [{"fault": "earthquake"}]),
        ("faults", [{"fault": "html", "when": "now"}]),
        ("faults", [{"fault": "html", "times": 0}]),
        ("faults", [{"fault": "html", "probability": "1.5"}]),
        ("faults", [{"fault": "html", "seconds": -1}]),
        ("faults", [{"fault": "html", "interface": 109}]),
        ("faults", [{"fault": "html", "code": "99"}]),
        ("faults", [{"fault": "refuse"}]),
        ("faults", ["html"]),
        ("faults", {"fault": "html"}),
        ("devices", {"tin": SELLER_TIN, "device_no": DEVICE_NO}),
        ("devices", {"tin": SELLER_TIN, "device_no": DEVICE_NO, "public_key_pem": "no key"}),
        ("devices", {"tin": SELLER_TIN, "device_no": DEVICE_NO, "public_key_pem": "x", "colour": "red"}),
        ("devices", {"tin": SELLER_TIN, "device_no": DEVICE_NO, "public_key_pem": "x", "status": "tired"}),
        ("devices", {"tin": SELLER_TIN, "device_no": DEVICE_NO, "public_key_pem": "x", "taxpayer": {"tin": "2"}}),
        ("taxpayers", {"tin": SELLER_TIN}),
        ("taxpayers", {"tin": SELLER_TIN, "legal_name": "A", "vat_registered": "yes"}),
        ("taxpayers", {"tin": SELLER_TIN, "legal_name": "A", "max_gross": "much"}),
        ("taxpayers", {"tin": SELLER_TIN, "legal_name": "A", "colour": "red"}),
    ],
)
async def test_wrong_input_is_refused_with_a_reason_and_changes_nothing(rig: Rig, path: str, data: Any) -> None:  # noqa: ANN401 - JSON
    before = (rig.world.settings, rig.world.faults.rules, rig.world.registry.devices())
    status, answer = await rig.control("PUT", path, data)
    assert status == 400
    assert answer["error"]
    assert (rig.world.settings, rig.world.faults.rules, rig.world.registry.devices()) == before


async def test_wrong_queries_are_refused(rig: Rig) -> None:
    assert (await rig.control("GET", "documents"))[0] == 400
    assert (await rig.control("GET", "ledger", query="after=first"))[0] == 400


async def test_a_device_of_a_new_taxpayer_can_call_at_once() -> None:
    world = World.open()
    clock = MovedClock()
    rig = Rig(world, clock, create_simulator(world, clock=clock, control=True))
    device = {"tin": rig.tin, "device_no": rig.device_no, "public_key_pem": public_pem()}
    assert (await rig.control("PUT", "devices", device | {"taxpayer": {"reference_mandatory": True}}))[0] == 200
    await rig.open()
    assert (await rig.upload(document())).code == "00"
    kept = await rig.control("PUT", "devices", device)
    assert kept[1]["taxpayer"]["reference_mandatory"] is True


async def test_a_buyer_can_be_added_to_the_register(rig: Rig) -> None:
    buyer = {"tin": "1000000001", "legal_name": "Nile Hotel (fictitious)", "government": True}
    assert (await rig.control("PUT", "taxpayers", buyer))[0] == 200
    answer = await rig.call("T119", {"tin": "1000000001"})
    assert rig.read(answer)["taxpayer"]["legalName"] == "Nile Hotel (fictitious)"


async def test_the_door_is_shut_unless_it_is_asked_for() -> None:
    world = World.open()
    app = create_simulator(world, clock=MovedClock())
    assert (await post(app, b"", "/_control/settings", "GET")).status == 404
    assert (await post(app, b"", "/", "GET")).status == 200


async def test_only_posts_of_limited_size_are_taken(rig: Rig) -> None:
    assert (await post(rig.app, b"", PATH, "GET")).status == 405
    assert (await post(rig.app, b" " * (20 * 1024 * 1024 + 1))).status == 413
