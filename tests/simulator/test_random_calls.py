"""Whatever is sent to any interface, at either address, the authority answers with a code and never fails."""

import asyncio
import base64
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from risiti.efris.return_codes import catalogue
from risiti.simulator.enabler import ENABLER_PATH
from risiti.simulator.handlers import SERVICES
from tests.simulator.every_call import LOGGED_IN, call_of, calls, fill
from tests.simulator.rig import Rig, post
from tests.simulator.test_random_documents import JSON, spoil

CODES = {row.code for row in catalogue()}
FAILURES = {"99", "46"}
"""What the stand-in answers when it breaks itself."""

STRICT = {"presence": "codes", "twin_codes": "second", "check_goods": True, "check_buyers": "strict"}
INTERFACES = st.sampled_from(sorted(SERVICES))
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


def ready(*, strict: bool = False) -> tuple[Rig, dict[str, str]]:
    rig = Rig.make(out_of_scope=True)
    if strict:
        rig.configure(**STRICT)
    return rig, fill(rig)


def test_there_is_a_request_for_every_interface() -> None:
    assert set(calls()) == set(SERVICES)


def test_requests_made_for_the_random_tests_are_mostly_in_order() -> None:
    async def refused() -> dict[str, str]:
        codes = {}
        for interface in sorted(SERVICES):
            rig, names = ready()
            codes[interface] = (await rig.call(interface, call_of(interface, names))).code
            rig.world.close()
        return {interface: code for interface, code in codes.items() if code != "00"}

    found = asyncio.run(refused())
    assert set(found.values()) & FAILURES == set()
    assert len(found) <= len(SERVICES) // 4, found


@settings(max_examples=200, deadline=None, suppress_health_check=SLOW)
@given(st.data(), INTERFACES, st.booleans())
def test_a_spoiled_request_of_any_interface_gets_a_code(data: st.DataObject, interface: str, strict: bool) -> None:  # noqa: FBT001 - drawn
    rig, names = ready(strict=strict)
    whole = {"content": call_of(interface, names)}
    content = data.draw(spoil(whole)).get("content")
    code = asyncio.run(rig.call(interface, content)).code
    rig.world.close()
    assert code in CODES - FAILURES


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(st.data(), INTERFACES)
def test_a_spoiled_envelope_of_any_interface_gets_a_code(data: st.DataObject, interface: str) -> None:
    rig, names = ready()
    message = data.draw(spoil(rig.message(interface, call_of(interface, names))))
    answer = asyncio.run(rig.send(message))
    rig.world.close()
    assert answer.status == 200
    assert json.loads(answer.body)["returnStateInfo"]["returnCode"] in CODES - FAILURES


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(st.data(), INTERFACES)
def test_a_spoiled_request_to_the_enabler_gets_a_code(data: st.DataObject, interface: str) -> None:
    rig, names = ready()
    content = data.draw(spoil({"content": call_of(interface, names)})).get("content")
    message = rig.message(interface)
    message["data"]["content"] = base64.b64encode(json.dumps(content).encode()).decode()
    if data.draw(st.booleans()):
        message = data.draw(spoil(message))
    answer = asyncio.run(post(rig.app, json.dumps(message).encode(), ENABLER_PATH))
    rig.world.close()
    assert answer.status == 200
    assert json.loads(answer.body)["returnStateInfo"]["returnCode"] in CODES - FAILURES


@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(INTERFACES.filter(lambda interface: interface not in LOGGED_IN), JSON)
def test_any_content_of_any_interface_gets_a_code(interface: str, content: Any) -> None:  # noqa: ANN401 - JSON
    rig, _ = ready()
    code = asyncio.run(rig.call(interface, content)).code
    rig.world.close()
    assert code in CODES - FAILURES
