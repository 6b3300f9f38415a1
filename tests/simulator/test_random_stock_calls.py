"""Whatever goods or stock call is sent, the authority answers with a code, and a refused call moves nothing."""

import asyncio
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.simulator.documents import goods
from tests.simulator.rig import Rig
from tests.simulator.stockroom import PIECE, done, fill, increase, item, level, moved, petrol, reduction, transfer
from tests.simulator.test_random_documents import JSON, places

OTHERS = {"haveOtherUnit": "101", "goodsOtherUnits": [{"otherUnit": "112", "packageScaled": "1", "otherScaled": "2"}]}
CALLS: dict[str, tuple[str, Any]] = {
    "goods": ("T130", [goods("N1") | PIECE | OTHERS]),
    "fuel": ("T130", [petrol("N2")]),
    "increase": ("T131", increase(item(), item("F1", "9", originalQuantity="10", lossQuantity="1"), invoiceNo="1")),
    "reduction": ("T131", reduction(item(measureUnit="110"), item("Q1"), rollBackIfError="1")),
    "transfer": ("T139", transfer(moved(), moved("F1"), rollBackIfError="1")),
    "goods inquiry": ("T127", {"pageNo": "1", "pageSize": "9", "goodsCode": "P1", "startDate": "2026-01-01"}),
    "record inquiry": ("T147", {"pageNo": "1", "pageSize": "9", "combineKeywords": "x"}),
}


@st.composite
def spoiled(draw: st.DrawFn) -> tuple[str, Any]:
    interface, content = CALLS[draw(st.sampled_from(sorted(CALLS)))]
    made = json.loads(json.dumps(content))
    for _ in range(draw(st.integers(1, 3))):
        *steps, last = draw(st.sampled_from(places(made)))
        parent: Any = made
        for step in steps:
            parent = parent[step]
        if draw(st.booleans()) and isinstance(parent, dict):
            del parent[last]
        else:
            parent[last] = draw(JSON)
        if not places(made):
            break
    return interface, made


async def answered(interface: str, content: Any) -> tuple[str, bool]:  # noqa: ANN401 - JSON
    """Return the code, and whether stock moved."""
    rig = Rig.make()
    rig.session_key = rig.world.registry.new_session_key(rig.device_no, rig.clock.now())
    await fill(rig)
    before = [await level(rig, code, branch) for code in ("P1", "Q1", "F1") for branch in ("1", "2")]
    code = (await rig.call(interface, content)).code
    after = [await level(rig, code, branch) for code in ("P1", "Q1", "F1") for branch in ("1", "2")]
    await done(rig, "T127", {"pageNo": "1", "pageSize": "99"})
    rig.world.close()
    return code, before != after


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(spoiled())
def test_a_spoiled_goods_or_stock_call_always_gets_a_code(call: tuple[str, Any]) -> None:
    code, stock_moved = asyncio.run(answered(*call))
    assert code
    assert code != "99"
    assert not stock_moved or code in ("00", "45")
