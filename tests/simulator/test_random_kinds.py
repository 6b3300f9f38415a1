"""Whatever is done to a document of any kind, the authority answers with a code, and stores it only under 00."""

import asyncio

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.simulator.kinds import KINDS, rig_for, send
from tests.simulator.test_random_documents import spoil


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.sampled_from(sorted(KINDS)))
def test_a_spoiled_document_of_any_kind_gets_a_code(data: st.DataObject, name: str) -> None:
    kind = KINDS[name]
    content = data.draw(spoil(kind.document()))

    async def answered() -> tuple[str, int]:
        rig = await rig_for(kind)
        code = (await send(rig, content, kind.agent)).code
        stored = rig.world.ledger.last_number()
        rig.world.close()
        return code, stored

    code, stored = asyncio.run(answered())
    assert code not in {"", "99"}
    assert stored == (1 if code == "00" else 0)
