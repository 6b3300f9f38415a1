"""Whatever is sent, the authority answers with a code: random spoiling of a valid document never makes it fail."""

import asyncio
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.simulator.documents import BODIES, Wire, document
from tests.simulator.rig import Rig

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=30),
    st.sampled_from(["", "0", "1", "2", "-", "0.18", "-1", "1e9", "99999999999999999999", "0.000000001", "NaN", "1_0"]),
    st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**15), max_value=10**15).map(str),
)
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner))


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:  # noqa: ANN401 - JSON
    """List the path of every value inside a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [spot for key, part in inner for spot in ((*path, key), *places(part, (*path, key)))]


@st.composite
def spoil(draw: st.DrawFn, made: Wire) -> Wire:
    """Change or take away one to three values of a document."""
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
    return made


@st.composite
def spoiled(draw: st.DrawFn) -> Wire:
    return draw(spoil(document(draw(st.sampled_from(sorted(BODIES))))))


async def answered(content: object) -> tuple[Rig, str]:
    rig = Rig.make(out_of_scope=True)
    rig.session_key = rig.world.registry.new_session_key(rig.device_no, rig.clock.now())
    code = (await rig.upload(content)).code
    return rig, code


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(spoiled())
def test_a_spoiled_document_always_gets_a_code_and_is_stored_only_under_00(content: Wire) -> None:
    rig, code = asyncio.run(answered(content))
    assert code
    assert code != "99"
    assert rig.world.ledger.last_number() == (1 if code == "00" else 0)
    rig.world.close()


@settings(max_examples=60, deadline=None)
@given(JSON)
def test_any_content_gets_a_code(content: object) -> None:
    rig, code = asyncio.run(answered(content))
    assert code not in {"", "00", "99"}
    rig.world.close()


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_get_a_code(body: bytes) -> None:
    rig = Rig.make()
    answer = asyncio.run(rig.send(body))
    assert (answer.status, answer.code not in {"", "00", "99"}) == (200, True)
    rig.world.close()


@settings(max_examples=60, deadline=None)
@given(
    interface=st.sampled_from(["T101", "T103", "T104", "T106", "T107", "T108", "T109", "T115", "T119", "T127", "T130"]),
    content=JSON | st.lists(st.dictionaries(st.sampled_from(["goodsCode", "goodsName", "unitPrice"]), LEAVES)),
)
def test_any_content_of_any_interface_gets_a_code(interface: str, content: object) -> None:
    async def call() -> str:
        rig = Rig.make()
        rig.session_key = rig.world.registry.new_session_key(rig.device_no, rig.clock.now())
        code = (await rig.call(interface, content)).code
        rig.world.close()
        return code

    assert asyncio.run(call()) not in {"", "99"}
