import asyncio
import json

import pytest

from risiti.simulator import Fault
from tests.gateway.api.door import Door
from tests.gateway.fiscal.bad_inputs import ODD_BUT_GOOD
from tests.make import a_line, an_invoice

pytestmark = pytest.mark.anyio


async def test_an_invoice_is_accepted_at_once_and_says_where_to_look(door: Door) -> None:
    answer = await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("A-1"))
    view = await answer.json()
    assert answer.status == 202
    assert view["state"] == "waiting"
    assert answer.headers["Location"] == door.firm.path(f"/invoices/{view['id']}")
    assert "Preference-Applied" not in answer.headers
    assert (await door.ask("GET", answer.headers["Location"])).status == 200


async def test_who_asks_to_wait_gets_the_fiscal_number(door: Door) -> None:
    asked = asyncio.create_task(
        door.ask("POST", door.firm.path("/invoices"), json=an_invoice("A-2"), headers={"Prefer": "wait=99"})
    )
    while not (await door.state_of("A-2")):  # noqa: ASYNC110 - each look is a request, so time passes
        await asyncio.sleep(0)
    await door.work()
    answer = await asked
    view = await answer.json()
    assert (answer.status, answer.headers["Preference-Applied"]) == (201, "wait=30")
    assert view["fdn"] == door.authority.documents("A-2")[0].fdn
    assert view["links"]["receipt"] == door.firm.path(f"/invoices/{view['id']}/receipt")


async def test_who_waits_in_vain_is_told_that_it_is_accepted(door: Door) -> None:
    asked = asyncio.create_task(
        door.ask("POST", door.firm.path("/invoices"), json=an_invoice("A-3"), headers={"Prefer": "wait=5"})
    )
    while not asked.done():
        door.clock.advance(0.01)  # little by little: the time to hand it in must not run out first
        await asyncio.sleep(0)
    answer = await asked
    door.clock.advance(1 - door.clock.now().microsecond / 1_000_000)  # the tests after this one see whole seconds
    assert (answer.status, (await answer.json())["state"]) == (202, "waiting")


async def test_the_same_invoice_again_is_the_same_document(door: Door) -> None:
    first = await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("A-4"))
    again = await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("A-4", lines=[a_line(quantity=2)]))
    assert "Idempotency-Replayed" not in first.headers
    assert (again.status, again.headers["Idempotency-Replayed"]) == (202, "true")
    assert (await again.json())["id"] == (await first.json())["id"]
    await door.work()
    later = await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("A-4"))
    assert (later.status, later.headers["Idempotency-Replayed"]) == (201, "true")
    assert len(door.authority.documents("A-4")) == 1


async def test_fifty_at_once_under_one_key_are_one_document(door: Door) -> None:
    answers = await asyncio.gather(
        *(
            door.ask(
                "POST", door.firm.path("/invoices"), json=an_invoice("A-5"), headers={"Idempotency-Key": "till-3-5"}
            )
            for _ in range(50)
        )
    )
    assert {answer.status for answer in answers} == {202}
    assert len({(await answer.json())["id"] for answer in answers}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1


@pytest.mark.parametrize(
    ("code", "reference", "key"), [("reference_taken", "A-6", "other"), ("idempotency_key_reuse", "A-7", "key-6")]
)
async def test_other_content_under_a_used_name_is_a_conflict_that_names_the_first(
    door: Door, code: str, reference: str, key: str
) -> None:
    first = await door.ask(
        "POST", door.firm.path("/invoices"), json=an_invoice("A-6"), headers={"Idempotency-Key": "key-6"}
    )
    answer = await door.ask(
        "POST",
        door.firm.path("/invoices"),
        json=an_invoice(reference, lines=[a_line(quantity="7")]),
        headers={"Idempotency-Key": key},
    )
    problem = await answer.json()
    assert (answer.status, problem["code"]) == (409, code)
    assert problem["document_id"] == (await first.json())["id"]


async def test_the_same_key_of_another_company_is_another_key(door: Door) -> None:
    for firm in (door.firm, door.other):
        answer = await door.ask(
            "POST", firm.path("/invoices"), firm, json=an_invoice("A-8"), headers={"Idempotency-Key": "key-8"}
        )
        assert answer.status == 202
        assert "Idempotency-Replayed" not in answer.headers


async def test_the_old_address_does_the_same(door: Door) -> None:
    first = await door.ask("POST", door.firm.path("/fiscalize-invoice"), json=an_invoice("A-9"))
    again = await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("A-9"))
    assert (first.status, again.headers["Idempotency-Replayed"]) == (202, "true")


async def test_the_old_address_of_another_company_is_no_address(door: Door) -> None:
    for path in ("/fiscalize-invoice", "/invoices"):
        answer = await door.ask("POST", door.other.path(path), json=an_invoice("A-10"))
        assert (answer.status, (await answer.json())["code"]) == (404, "company_not_found")


async def test_a_list_is_read_page_by_page_and_shows_each_document_once(door: Door) -> None:
    for number in range(5):
        await door.ask("POST", door.other.path("/invoices"), door.other, json=an_invoice(f"L-{number}"))
        door.clock.advance(1)
    seen: list[str] = []
    query = {"limit": "2"}
    while True:
        page = await (await door.ask("GET", door.other.path("/invoices"), door.other, params=query)).json()
        assert len(page["items"]) <= 2
        seen += [item["reference"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert [reference for reference in seen if reference.startswith("L-")] == ["L-4", "L-3", "L-2", "L-1", "L-0"]
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"reference": "f-1"}, ["F-1"]),
        ({"status": "withdrawn", "from": "2026-03-31T14:05:00+03:00"}, ["F-2"]),
        ({"from": "2026-04-30T14:05:00+03:00"}, []),
        ({"to": "2026-03-31T11:05:00Z"}, []),
        ({"status": "held"}, []),
    ],
)
async def test_a_list_can_be_narrowed(door: Door, query: dict[str, str], found: list[str]) -> None:
    await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("F-1"))
    taken = await (await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("F-2"))).json()
    await door.ask("POST", f"{taken['links']['self']}/withdraw")
    page = await (await door.ask("GET", door.firm.path("/invoices"), params=query)).json()
    assert [item["reference"] for item in page["items"]] == found


@pytest.mark.parametrize(
    ("query", "status", "path"),
    [
        ("limit=0", 422, "?limit"),
        ("limit=101", 422, "?limit"),
        ("limit=ten", 422, "?limit"),
        ("cursor=%00", 422, "?cursor"),
        ("cursor=!!", 422, "?cursor"),
        ("cursor=AAAA", 422, "?cursor"),
        ("cursor=doc_x", 422, "?cursor"),
        ("status=done", 422, "?status"),
        ("from=2026-03-31", 422, "?from"),
        ("from=1774955100", 422, "?from"),
        ("from=2026-03-31T11:05:00", 422, "?from"),
        ("to=9999-12-31T23:59:59-12:00", 422, "?to"),
        ("reference=%0A", 422, "?reference"),
        ("reference=" + "x" * 51, 422, "?reference"),
        ("page=2", 422, "?page"),
    ],
)
async def test_a_list_that_cannot_be_asked_for_so_says_which_parameter_is_wrong(
    door: Door, query: str, status: int, path: str
) -> None:
    answer = await door.ask("GET", f"{door.firm.path('/invoices')}?{query}")
    problem = await answer.json()
    assert answer.status == status
    assert problem["errors"][0]["path"] == path
    assert problem["errors"][0]["fix"]


async def test_what_happened_to_a_document_is_told_in_order(door: Door) -> None:
    view = await (await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("E-1"))).json()
    await door.work()
    events = await (await door.ask("GET", view["links"]["events"])).json()
    names = [event["event"] for event in events["items"]]
    assert (names[0], names[-1]) == ("invoice.accepted", "invoice.fiscalised")


async def test_an_invoice_can_be_taken_back_until_it_is_sent(door: Door) -> None:
    view = await (await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("W-1"))).json()
    taken_back = await door.ask("POST", f"{view['links']['self']}/withdraw")
    assert (taken_back.status, (await taken_back.json())["state"]) == (200, "withdrawn")
    sent = await (await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("W-2"))).json()
    await door.work()
    too_late = await door.ask("POST", f"{sent['links']['self']}/withdraw")
    assert (too_late.status, (await too_late.json())["code"]) == (409, "already_sent")
    assert door.authority.documents("W-1") == []


async def test_an_answer_lost_on_the_way_and_a_second_post_are_one_document(door: Door) -> None:
    door.authority.faults.set([Fault("drop_after", interface="T109", times=1)])
    await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("X-1"))
    await door.work()
    assert await door.state_of("X-1") == "in_doubt"
    again = await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("X-1"))
    assert (again.status, again.headers["Idempotency-Replayed"]) == (202, "true")
    while await door.state_of("X-1") != "fiscalised":
        door.clock.advance(30)
        await door.work()
    later = await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("X-1"))
    assert (later.status, later.headers["Idempotency-Replayed"]) == (201, "true")
    assert [document.fdn for document in door.authority.documents("X-1")] == [(await later.json())["fdn"]]


async def test_a_look_can_wait_for_the_end(door: Door) -> None:
    view = await (await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("G-1"))).json()
    asked = asyncio.create_task(door.ask("GET", view["links"]["self"], params={"wait": "30"}))
    await door.work()
    assert (await (await asked).json())["state"] == "fiscalised"
    for wait in ("31", "-1", "soon"):
        assert (await door.ask("GET", view["links"]["self"], params={"wait": wait})).status == 422


async def test_money_and_times_leave_as_texts(door: Door) -> None:
    now = door.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    body = json.dumps(an_invoice("M-1")).replace('"1500"', "1500.55").encode()
    answer = await door.ask(
        "POST", door.firm.path("/invoices"), data=body, headers={"Content-Type": "application/json"}
    )
    view = await answer.json()
    assert view["totals"]["gross"] == "3001.10"
    assert view["created_at"] == now


@pytest.mark.parametrize("name", ODD_BUT_GOOD)
async def test_an_odd_document_is_taken_and_fiscalised(door: Door, name: str) -> None:
    body = json.loads(ODD_BUT_GOOD[name])
    if body["reference"] == "MSG-0001":
        body["reference"] = f"O-{list(ODD_BUT_GOOD).index(name)}"
    answer = await door.ask("POST", door.firm.path("/invoices"), json=body)
    assert answer.status == 202
    await door.work()
    look = await (await door.ask("GET", (await answer.json())["links"]["self"])).json()
    assert (look["state"], look["refusal"]) == ("fiscalised", None)


async def test_a_held_invoice_is_decided_by_a_person_and_the_authority_is_asked_first(door: Door) -> None:
    door.authority.faults.set([Fault("refuse", "T109", times=1, code="2789")])
    accepted = await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("A-HELD"))
    await door.work()
    path = door.firm.path(f"/invoices/{(await accepted.json())['id']}")
    assert (await (await door.ask("GET", path)).json())["held_reason"] == "period"
    decided = await door.ask("POST", f"{path}/look-again", json={"reason": "the period was opened again"})
    assert (decided.status, (await decided.json())["state"]) == (200, "in_doubt")
    again = await door.ask("POST", f"{path}/look-again", json={"reason": "twice"})
    assert (again.status, (await again.json())["code"]) == (409, "not_held")
    foreign = await door.ask("POST", f"{path}/look-again", firm=door.other, json={"reason": "not mine"})
    assert foreign.status == 404


async def test_invisible_characters_are_taken_out_and_the_answer_says_so(door: Door) -> None:
    seen = an_invoice("A-INVISIBLE", lines=[a_line(name="Sugar\u202e 1 kg")])
    answer = await door.ask("POST", door.firm.path("/invoices"), json=seen)
    (warning,) = (await answer.json())["warnings"]
    assert (warning["path"], warning["code"], warning["fix"]) == (
        "/lines/0/name",
        "invisible_characters",
        "Sugar 1 kg",
    )
