import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from risiti.gateway.tenancy.access import Scope
from tests.gateway.api.door import OPERATOR_TOKEN, Door, Firm, open_door
from tests.make import a_line, a_private_key, an_invoice, as_pem

pytestmark = pytest.mark.anyio

OPERATOR = {"Authorization": f"Bearer {OPERATOR_TOKEN}"}
COMPANY = {
    "environment": "test",
    "tin": "1000000088",
    "legal_name": "Kibo Traders (fictitious)",
    "email": "books@kibo.invalid",
}


async def test_a_company_is_opened_registers_its_device_and_hands_in_an_invoice(door: Door) -> None:
    answer = await door.ask_bare("POST", "/api/companies", json=COMPANY, headers=OPERATOR)
    opened = await answer.json()
    firm = Firm(opened["id"], opened["key"])
    assert (answer.status, answer.headers["Location"]) == (201, firm.path())
    company = await (await door.ask("GET", firm.path(), firm)).json()
    assert company["legal_name"] == COMPANY["legal_name"]
    assert opened["key"] not in str(company)
    device = {"device_no": "1000000088_01", "private_key": as_pem(a_private_key()).decode()}
    added = await door.ask("POST", firm.path("/devices"), firm, json=device)
    assert added.status == 201
    assert "BEGIN" not in await added.text()
    assert (await door.ask("GET", added.headers["Location"], firm)).status == 200
    assert (await door.ask("POST", firm.path("/invoices"), firm, json=an_invoice("C-1"))).status == 202


async def test_the_same_taxpayer_is_opened_once(door: Door) -> None:
    company = {**COMPANY, "tin": "1000000089"}
    assert (await door.ask_bare("POST", "/api/companies", json=company, headers=OPERATOR)).status == 201
    again = await door.ask_bare("POST", "/api/companies", json=company, headers=OPERATOR)
    assert (again.status, (await again.json())["code"]) == (409, "company_exists")


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"tin": "12"}, "/tin"),
        ({"tin": 1000000088}, "/tin"),
        ({"environment": "production"}, "/environment"),
        ({"email": "nobody"}, "/email"),
        ({"legal_name": ""}, "/legal_name"),
        ({"auto_resend": "yes"}, "/auto_resend"),
        ({"id": "com_1"}, "/id"),
    ],
)
async def test_a_company_with_faults_is_refused(door: Door, change: dict[str, object], path: str) -> None:
    answer = await door.ask_bare("POST", "/api/companies", json={**COMPANY, **change}, headers=OPERATOR)
    problem = await answer.json()
    assert answer.status == 422
    assert path in {fault["path"] for fault in problem["errors"]}


async def test_without_an_operators_token_the_route_does_not_exist(tmp_path: Path) -> None:
    async with open_door(tmp_path, risiti_admin_token=None) as door:
        answer = await door.ask_bare("POST", "/api/companies", json=COMPANY, headers=OPERATOR)
        assert answer.status == 404


async def test_a_pkcs12_file_with_a_password_is_read(door: Door) -> None:
    file = pkcs12.serialize_key_and_certificates(
        b"device", a_private_key("pfx"), None, None, BestAvailableEncryption(b"open sesame")
    )
    device = {"device_no": "PFX_01", "private_key": base64.b64encode(file).decode(), "password": "open sesame"}
    answer = await door.ask("POST", door.firm.path("/devices"), json=device)
    assert answer.status == 201
    wrong = await door.ask("POST", door.firm.path("/devices"), json={**device, "device_no": "PFX_02", "password": "x"})
    problem = await wrong.json()
    assert (wrong.status, problem["errors"][0]["path"]) == (422, "/private_key")
    assert "open sesame" not in await wrong.text()


@pytest.mark.parametrize("key", ["", "not a key", "AAAA", "-----BEGIN nothing"])
async def test_what_is_no_key_is_refused_without_repeating_it(door: Door, key: str) -> None:
    answer = await door.ask("POST", door.firm.path("/devices"), json={"device_no": "D", "private_key": key})
    problem = await answer.json()
    assert (answer.status, problem["errors"][0]["path"]) == (422, "/private_key")
    assert problem["errors"][0]["fix"]
    assert "not a key" not in await answer.text()


async def test_a_devices_key_is_replaced(door: Door) -> None:
    device = {"device_no": "REPLACED_01", "private_key": as_pem(a_private_key()).decode()}
    added = await (await door.ask("POST", door.firm.path("/devices"), json=device)).json()
    changed = await door.ask(
        "PUT",
        door.firm.path(f"/devices/{added['id']}/key"),
        json={"private_key": as_pem(a_private_key("renewed")).decode()},
    )
    assert changed.status == 200
    assert (await changed.json())["key_fingerprint"] != added["key_fingerprint"]


async def test_lists_of_devices_and_keys_are_paged(door: Door) -> None:
    for path in ("/devices", "/api-keys"):
        if path == "/api-keys":
            await door.ask("POST", door.firm.path(path), json={"label": "till 3", "scopes": ["invoices:read"]})
        whole = await (await door.ask("GET", door.firm.path(path))).json()
        first = await (await door.ask("GET", door.firm.path(path), params={"limit": "1"})).json()
        rest = await (await door.ask("GET", door.firm.path(path), params={"cursor": first["next_cursor"]})).json()
        assert first["items"] + rest["items"] == whole["items"]
        assert (len(first["items"]), whole["next_cursor"]) == (1, None)


async def test_an_issued_key_is_shown_once_and_works_until_it_is_revoked(door: Door) -> None:
    issued = await (
        await door.ask("POST", door.firm.path("/api-keys"), json={"label": "till 4", "scopes": ["invoices:read"]})
    ).json()
    till = Firm(door.firm.id, issued["key"])
    assert (await door.ask("GET", door.firm.path("/invoices"), till)).status == 200
    assert issued["key"] not in await (await door.ask("GET", door.firm.path("/api-keys"))).text()
    revoked = await door.ask("DELETE", door.firm.path(f"/api-keys/{issued['id']}"))
    assert (await revoked.json())["revoked_at"]
    assert (await door.ask("GET", door.firm.path("/invoices"), till)).status == 401


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"label": "x", "scopes": []}, "/scopes"),
        ({"label": "x", "scopes": ["everything"]}, "/scopes/0"),
        ({"label": "", "scopes": ["admin"]}, "/label"),
        ({"label": "x" * 101, "scopes": ["admin"]}, "/label"),
        ({"label": "x", "scopes": ["admin"] * 21}, "/scopes"),
        ({"scopes": ["admin"]}, "/label"),
    ],
)
async def test_a_key_with_faults_is_not_issued(door: Door, body: dict[str, object], path: str) -> None:
    answer = await door.ask("POST", door.firm.path("/api-keys"), json=body)
    assert answer.status == 422
    assert path in {fault["path"] for fault in (await answer.json())["errors"]}


async def test_a_company_chooses_its_rounding_rule_and_its_documents_follow_it(tmp_path: Path) -> None:
    lines = [a_line(name=f"Nail {number}", quantity="1", unit_price="0.33", tax="standard") for number in range(3)]
    async with open_door(tmp_path) as door:
        path = door.firm.path("/invoices")
        first = await (await door.ask("POST", path, json=an_invoice("RULE-1", lines=lines))).json()
        changed = await door.ask("PATCH", door.firm.path(), json={"rounding": "per_document"})
        assert (changed.status, (await changed.json())["rounding"]) == (200, "per_document")
        second = await (await door.ask("POST", path, json=an_invoice("RULE-2", lines=lines))).json()
        assert [one["closure"]["rule"] for one in (first, second)] == ["per_line", "per_document"]
        reader = await door.key_with(Scope.INVOICES_WRITE)
        refused = await door.ask("PATCH", door.firm.path(), reader, json={"rounding": "per_line"})
        assert refused.status == 403
        wrong = await door.ask("PATCH", door.firm.path(), json={"rounding": "as_you_like"})
        assert (wrong.status, (await wrong.json())["errors"][0]["path"]) == (422, "/rounding")
