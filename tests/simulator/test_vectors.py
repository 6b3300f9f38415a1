"""The stand-in agrees with the recorded messages to the byte: they hold client and stand-in to the same wire."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from risiti.efris.crypto import load_private_key
from risiti.simulator import Device, Taxpayer, World, create_simulator
from risiti.simulator.clock import KAMPALA
from tests.simulator.rig import MovedClock, Rig

pytestmark = pytest.mark.anyio

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "efris" / "vectors" / "messages.json").read_text(encoding="utf-8")
)
REQUESTS = {request["id"]: request for request in VECTORS["requests"]}
ANSWERS = {answer["id"]: answer for answer in VECTORS["answers"]}


@pytest.fixture
def recorded() -> Rig:
    """The authority of the recording: its keys, its session key, its hour."""
    world = World.open()
    tin, device_no = VECTORS["tin"], VECTORS["device_no"]
    world.store.set_fact("server_key", VECTORS["keys"]["server_private_pem"].encode())
    device = Device(device_no, tin, VECTORS["keys"]["taxpayer_public_pem"])
    world.register(Taxpayer(tin=tin, legal_name="Throwaway (fictitious)"), device)
    clock = MovedClock(datetime(2025, 5, 13, 15, 7, 8, tzinfo=KAMPALA))
    world.registry.new_session_key(device_no, clock.now())
    secret = bytes.fromhex(VECTORS["session_key"]["session_key_hex"])
    with world.store.transaction() as db:
        db.execute("UPDATE session_keys SET secret = ?", (secret,))
    key = load_private_key(VECTORS["keys"]["taxpayer_private_pem"].encode(), None)
    return Rig(world, clock, create_simulator(world, clock=clock), tin, device_no, key, secret)


async def test_the_answer_to_the_time_request_is_the_recorded_one(recorded: Rig) -> None:
    answer = await recorded.send(REQUESTS["time-request"]["envelope"])
    expected = ANSWERS["t101-response"]["envelope"]
    assert json.loads(answer.body) == expected


@pytest.mark.parametrize(("request_id", "code"), [("t106-request", "00"), ("utf8-request", "2261")])
async def test_recorded_requests_are_let_in(recorded: Rig, request_id: str, code: str) -> None:
    assert (await recorded.send(REQUESTS[request_id]["envelope"])).code == code


@pytest.mark.parametrize("request_id", ["t106-request", "utf8-request"])
async def test_signatures_over_other_bytes_are_refused(recorded: Rig, request_id: str) -> None:
    message = json.loads(json.dumps(REQUESTS[request_id]["envelope"]))
    for signature in REQUESTS[request_id]["signatures_over_other_bytes"]:
        message["data"]["signature"] = signature
        assert (await recorded.send(message)).code == "38"
