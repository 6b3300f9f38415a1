"""Devices stand in branches, and documents name their device's branch as the authority knows it."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from risiti.gateway.events import Event
from risiti.gateway.kernel.secrets import KeyEncryptionKey
from risiti.gateway.submissions.tables import Document, HeldReason, Revision
from risiti.gateway.tenancy import branches
from risiti.gateway.tenancy.access import Scope
from tests.gateway.api.door import Door, Firm, open_door
from tests.make import TIN, an_invoice

pytestmark = pytest.mark.anyio

KEK = KeyEncryptionKey.generate().to_text()
URAS = "206637525568955296"
KAMPALA = {"code": "KLA-1", "name": "Kampala Road", "authority_id": URAS}
NOTHING = f"brn_{'1' * 26}"


@pytest.fixture
async def own_door(database_url: str, tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path, database_url=database_url, risiti_kek=KEK) as opened:
        seller = opened.authority.registry.taxpayer(TIN)
        assert seller is not None
        opened.authority.registry.add_taxpayer(replace(seller, branches={URAS: "Kampala Road"}))
        yield opened


async def ask(door: Door, method: str, rest: str, body: Any = None, firm: Firm | None = None) -> Any:  # noqa: ANN401 - as the answer is
    """Return what was answered, or status and code of the problem."""
    answer = await door.ask(method, (firm or door.firm).path(rest), firm, json=body or {})
    found = await answer.json()
    return found if answer.status < 400 else (answer.status, found["code"])


async def device_of(door: Door, firm: Firm | None = None) -> str:
    return str((await ask(door, "GET", "/devices", firm=firm))["items"][0]["id"])


async def move(door: Door, branch_id: str | None) -> Any:  # noqa: ANN401 - as `ask`
    return await ask(door, "PUT", f"/devices/{await device_of(door)}/branch", {"branch_id": branch_id})


async def sent(door: Door, reference: str) -> dict[str, Any]:
    """Return the seller in what is sent for a document."""
    payload = await door.runtime.database.read(
        lambda session: session.scalar(
            select(Revision.payload)
            .join(Document, Document.id == Revision.document_id)
            .where(Document.reference == reference)
        )
    )
    assert payload is not None
    seller: dict[str, Any] = json.loads(payload)["sellerDetails"]
    return seller


async def test_a_document_names_the_branch_of_its_device_and_the_authority_takes_it(own_door: Door) -> None:
    opened = await ask(own_door, "POST", "/branches", KAMPALA)
    await ask(own_door, "POST", "/invoices", an_invoice("BEFORE"))
    await own_door.work()
    assert (await move(own_door, opened["id"]))["branch_id"] == opened["id"]
    await ask(own_door, "POST", "/invoices", an_invoice("AFTER"))
    await own_door.work()
    assert await own_door.state_of("BEFORE") == await own_door.state_of("AFTER") == "fiscalised"
    named = await sent(own_door, "AFTER")
    assert (named["branchId"], named["branchName"]) == (URAS, "Kampala Road")
    assert not (await sent(own_door, "BEFORE")).get("branchId")


async def test_a_device_is_not_moved_while_documents_are_on_their_way_that_name_its_branch(own_door: Door) -> None:
    first = (await ask(own_door, "POST", "/branches", KAMPALA))["id"]
    second = (await ask(own_door, "POST", "/branches", {"code": "EBB", "name": "Entebbe"}))["id"]
    await move(own_door, first)
    await ask(own_door, "POST", "/invoices", an_invoice("OPEN-1"))
    assert await move(own_door, second) == (409, "documents_on_the_way")
    assert (await move(own_door, first))["branch_id"] == first  # it stands there already
    await own_door.work()
    assert (await move(own_door, second))["branch_id"] == second
    await ask(own_door, "POST", "/invoices", an_invoice("OPEN-2"))
    assert not (await sent(own_door, "OPEN-2")).get("branchId")  # the authority's id of this one is not known


@pytest.mark.parametrize(("reason", "is_free"), [(HeldReason.UNDECIDED, False), (HeldReason.GIVEN_UP, True)])
async def test_a_held_document_counts_until_it_is_given_up(own_door: Door, reason: HeldReason, is_free: bool) -> None:  # noqa: FBT001 - a case
    opened = (await ask(own_door, "POST", "/branches", KAMPALA))["id"]
    await ask(own_door, "POST", "/invoices", an_invoice("HELD"))

    def hold(session: Any) -> None:  # noqa: ANN401 - a session
        document = session.scalar(select(Document).where(Document.reference == "HELD"))
        document.state, document.held_reason, document.due_at = "held", reason, None

    await own_door.runtime.database.write(hold)
    moved = await move(own_door, opened)
    assert moved == (409, "documents_on_the_way") if not is_free else moved["branch_id"] == opened


async def test_what_is_accepted_while_a_device_is_moved_names_the_branch_in_which_it_then_stands(
    own_door: Door,
) -> None:
    """Whatever comes first: a document names the old branch and stops the move, or it names the new one."""
    opened = (await ask(own_door, "POST", "/branches", KAMPALA))["id"]
    device_id, door = await device_of(own_door), own_door
    for number in range(5):
        target, named = (opened, URAS) if number % 2 == 0 else (None, "")
        moved, *_ = await asyncio.gather(
            move(door, target), *(ask(door, "POST", "/invoices", an_invoice(f"R-{number}-{one}")) for one in range(4))
        )
        stands = (await ask(door, "GET", f"/devices/{device_id}"))["branch_id"]
        was_moved = isinstance(moved, dict)
        assert (stands == target) is was_moved
        if was_moved:
            before = "" if named else URAS
            late = [(await sent(door, f"R-{number}-{one}")).get("branchId", "") for one in range(4)]
            assert before not in late
        await door.work()


async def test_another_companys_branch_is_not_there_in_a_path_and_a_fault_in_a_body(own_door: Door) -> None:
    theirs = (await ask(own_door, "POST", "/branches", KAMPALA, own_door.other))["id"]
    assert await ask(own_door, "GET", f"/branches/{theirs}") == (404, "branch_not_found")
    assert await ask(own_door, "PUT", f"/branches/{theirs}", KAMPALA) == (404, "branch_not_found")
    assert await ask(own_door, "POST", f"/branches/{theirs}/close") == (404, "branch_not_found")
    for unknown in (theirs, NOTHING):
        path = own_door.firm.path(f"/devices/{await device_of(own_door)}/branch")
        answer = await own_door.ask("PUT", path, json={"branch_id": unknown})
        told = await answer.json()
        assert (answer.status, told["errors"][0]["path"], told["errors"][0]["code"]) == (
            422,
            "/branch_id",
            "branch_unknown",
        )
    foreign = await device_of(own_door, own_door.other)
    assert await ask(own_door, "PUT", f"/devices/{foreign}/branch", {"branch_id": None}) == (404, "device_not_found")


async def test_a_branch_is_closed_when_nothing_stands_in_it_and_then_takes_no_device(own_door: Door) -> None:
    opened = (await ask(own_door, "POST", "/branches", KAMPALA))["id"]
    await move(own_door, opened)
    assert (await ask(own_door, "GET", f"/branches/{opened}"))["devices"] == 1
    assert await ask(own_door, "POST", f"/branches/{opened}/close") == (409, "branch_has_devices")
    await move(own_door, None)
    closed = await ask(own_door, "POST", f"/branches/{opened}/close")
    assert closed["closed_at"] is not None
    assert await ask(own_door, "POST", f"/branches/{opened}/close") == closed
    assert await move(own_door, opened) == (422, "invalid")
    assert await ask(own_door, "PUT", f"/branches/{opened}", KAMPALA) == (409, "branch_closed")


async def test_a_new_name_is_named_from_then_on(own_door: Door) -> None:
    opened = (await ask(own_door, "POST", "/branches", KAMPALA))["id"]
    await move(own_door, opened)
    await ask(own_door, "POST", "/invoices", an_invoice("OLD"))
    renamed = {**KAMPALA, "name": "Kampala Road 2"}
    assert (await ask(own_door, "PUT", f"/branches/{opened}", renamed))["name"] == "Kampala Road 2"
    await ask(own_door, "POST", "/invoices", an_invoice("NEW"))
    names = [(await sent(own_door, reference))["branchName"] for reference in ("OLD", "NEW")]
    assert names == ["Kampala Road", "Kampala Road 2"]
    without = {"code": "KLA-1", "name": "Kampala Road 2"}
    assert (await ask(own_door, "PUT", f"/branches/{opened}", without))["authority_id"] is None


async def test_branches_have_a_code_and_an_id_of_the_authoritys_of_their_own(door: Door) -> None:
    await ask(door, "POST", "/branches", KAMPALA)
    for same in ({**KAMPALA, "authority_id": "1"}, {**KAMPALA, "code": "X"}):
        assert await ask(door, "POST", "/branches", same) == (409, "branch_exists")
    assert (await ask(door, "POST", "/branches", KAMPALA, door.other))["code"] == "KLA-1"
    wrong = {"code": "C" * 51, "name": "", "authority_id": "1" * 19}
    answer = await door.ask("POST", door.firm.path("/branches"), json=wrong)
    faults = [fault["path"] for fault in (await answer.json())["errors"]]
    assert (answer.status, faults) == (422, ["/code", "/name", "/authority_id"])
    fits = {"code": "C" * 50, "name": "N" * 500, "authority_id": "1" * 18}
    assert (await ask(door, "POST", "/branches", fits))["name"] == "N" * 500


async def test_a_company_has_at_most_so_many_branches(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    count = len((await ask(door, "GET", "/branches?limit=100"))["items"])
    monkeypatch.setattr(branches, "MAX_BRANCHES", count + 1)
    assert (await ask(door, "POST", "/branches", {"code": "LAST", "name": "Last"}))["code"] == "LAST"
    assert await ask(door, "POST", "/branches", {"code": "MORE", "name": "More"}) == (409, "too_many_branches")


async def test_what_is_done_to_branches_and_devices_in_them_stands_in_the_journal(own_door: Door) -> None:
    opened = (await ask(own_door, "POST", "/branches", KAMPALA))["id"]
    await move(own_door, opened)
    await move(own_door, opened)
    await ask(own_door, "PUT", f"/branches/{opened}", {**KAMPALA, "code": "KLA-2"})
    await move(own_door, None)
    await ask(own_door, "POST", f"/branches/{opened}/close")
    found = await own_door.runtime.database.read_as(
        own_door.firm.id, lambda session: list(session.scalars(select(Event).order_by(Event.position)))
    )
    told = [(event.name, json.loads(event.data)) for event in found if opened in event.data]
    assert [name for name, _ in told] == [
        "branch.opened",
        "device.moved",
        "branch.changed",
        "device.moved",
        "branch.closed",
    ]
    assert told[2][1] == {"branch_id": opened, "code": {"from": "KLA-1", "to": "KLA-2"}}
    assert {str(event.actor)[:4] for event in found if opened in event.data} == {"key_"}


async def test_a_key_that_may_only_read_devices_lists_branches_and_changes_none(door: Door) -> None:
    key = await door.key_with(Scope.DEVICES_READ)
    assert "items" in await ask(door, "GET", "/branches", firm=key)
    assert await ask(door, "POST", "/branches", {"code": "A", "name": "A"}, key) == (403, "scope_missing")
