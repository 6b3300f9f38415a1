"""An owner gets everything of the company over the API; nobody else does."""

import json

import pytest

from risiti.gateway.tenancy.access import Role
from tests.gateway.api.door import Door
from tests.gateway.api.persons import tokens_of, with_password
from tests.make import an_invoice

pytestmark = pytest.mark.anyio


async def test_an_owner_gets_the_documents_and_the_manifest(door: Door) -> None:
    taken = await (await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("EXP-1"))).json()
    person = await with_password(door, "export-owner", Role.OWNER)
    access = (await tokens_of(door, person.email))["access_token"]
    answer = await door.ask_bare("GET", door.firm.path("/export"), headers={"Authorization": f"Bearer {access}"})
    lines = [json.loads(line) for line in (await answer.read()).splitlines()]
    assert (answer.status, answer.headers["content-type"]) == (200, "application/x-ndjson")
    assert taken["id"] in [line["row"]["id"] for line in lines if line.get("table") == "documents"]
    assert lines[-1]["manifest"]["rows"] == len(lines) - 2


@pytest.mark.parametrize("role", [Role.ADMIN, Role.OPERATOR, Role.VIEWER])
async def test_no_other_role_gets_it(door: Door, role: Role) -> None:
    person = await with_password(door, f"export-{role}", role)
    access = (await tokens_of(door, person.email))["access_token"]
    answer = await door.ask_bare("GET", door.firm.path("/export"), headers={"Authorization": f"Bearer {access}"})
    assert answer.status == 403


async def test_no_api_key_gets_it_whatever_its_scopes(door: Door) -> None:
    answer = await door.ask("GET", door.firm.path("/export"))
    assert (answer.status, (await answer.json())["code"]) == (403, "owner_only")
