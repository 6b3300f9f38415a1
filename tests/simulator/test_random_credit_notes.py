"""Whatever is credited in whatever parts: a document never loses more than it had, and any application gets a code."""

import asyncio
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.simulator.credit_notes import application, cancelling, issue
from tests.simulator.documents import Wire, document
from tests.simulator.rig import Rig
from tests.simulator.test_random_documents import JSON, places

SOLD = Decimal(3)
STEPS = st.tuples(
    st.decimals(min_value=Decimal("0.01"), max_value=Decimal(4), places=2),
    st.sampled_from(["approved", "rejected", "cancelled"]),
)


def ready() -> Rig:
    rig = Rig.make()
    rig.session_key = rig.world.registry.new_session_key(rig.device_no, rig.clock.now())
    return rig


async def credited(steps: list[tuple[Decimal, str]]) -> tuple[Decimal, Decimal, Decimal]:
    """Play the steps; return the quantity credited, and what the authority says is left."""
    rig = ready()
    issued = await issue(rig)
    taken = Decimal(0)
    for quantity, end in steps:
        rig.configure(credit_note_decision="reject" if end == "rejected" else "approve")
        before = rig.world.ledger.last_number()
        answer = await rig.call("T110", application(issued, quantity=str(quantity)))
        fits = quantity <= SOLD - taken
        assert (answer.code == "00") is fits, answer.message
        rig.clock.advance(30)
        left = await remaining(rig, issued)
        if not fits or end == "rejected":
            assert left[0] == SOLD - taken
            assert rig.world.ledger.last_number() == before
            continue
        assert left[0] == SOLD - taken - quantity
        if end == "cancelled":
            notes = rig.world.notes.standing(issued["invoiceNo"], "2")
            wish = cancelling(notes[-1].fdn, issued["invoiceId"])
            assert (await rig.call("T114", wish)).code == "00"
        else:
            taken += quantity
    left = await remaining(rig, issued)
    rig.world.close()
    return taken, *left


async def remaining(rig: Rig, issued: Wire) -> tuple[Decimal, Decimal]:
    (line,) = rig.read(await rig.call("T186", {"invoiceNo": issued["invoiceNo"]}))["goodsDetails"]
    return Decimal(line["remainQty"]), Decimal(line["remainAmount"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEPS, max_size=6))
def test_what_is_left_is_what_was_sold_less_what_was_credited(steps: list[tuple[Decimal, str]]) -> None:
    taken, quantity, amount = asyncio.run(credited(steps))
    assert quantity == SOLD - taken
    assert amount >= 0


@st.composite
def spoiled(draw: st.DrawFn) -> Wire:
    made = application({"invoiceId": "ID", "invoiceNo": "FDN"}, document())
    for _ in range(draw(st.integers(1, 3))):
        *steps, last = draw(st.sampled_from(places(made)))
        parent = made
        for step in steps:
            parent = parent[step]
        parent[last] = draw(JSON)
        if not places(made):
            break
    return made


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(spoiled())
def test_a_spoiled_application_always_gets_a_code_and_can_be_approved_if_it_is_taken(content: Wire) -> None:
    async def call() -> tuple[str, str]:
        rig = ready()
        issued = await issue(rig)
        content.update(
            {
                name: issued[key]
                for name, key, dummy in (("oriInvoiceId", "invoiceId", "ID"), ("oriInvoiceNo", "invoiceNo", "FDN"))
                if content.get(name) == dummy
            }
        )
        code = (await rig.call("T110", content)).code
        rig.clock.advance(30)
        listed = await rig.call("T111", {"queryType": "1", "pageNo": "1", "pageSize": "10"})
        assert all(row["approveStatus"] == "101" for row in rig.read(listed)["records"])
        rig.world.close()
        return code, listed.code

    code, listed = asyncio.run(call())
    assert code not in ("", "99")
    assert listed == "00"


@settings(max_examples=60, deadline=None)
@given(
    interface=st.sampled_from(
        ["T110", "T111", "T112", "T113", "T114", "T116", "T117", "T118", "T120", "T122", "T186", "T187"]
    ),
    content=JSON,
)
def test_any_content_of_any_credit_note_call_gets_a_code(interface: str, content: object) -> None:
    async def call() -> str:
        rig = ready()
        code = (await rig.call(interface, content)).code
        rig.world.close()
        return code

    assert asyncio.run(call()) not in ("", "99")
