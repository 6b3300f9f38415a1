"""No caller sets what the server decides, and no answer has a field for what only the server may know."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from risiti.gateway.tenancy.access import FirmRole, Role
from risiti.gateway.tenancy.firm_tables import Firm, FirmMember
from scripts.fuzz_api import operations
from tests.gateway.api.door import OPERATOR_TOKEN, Door
from tests.gateway.api.persons import tokens_of, with_password
from tests.gateway.api.test_permissions import address

pytestmark = pytest.mark.anyio

DOCUMENT = json.loads((Path(__file__).parents[3] / "openapi.json").read_text(encoding="utf-8"))
DECIDED_BY_THE_SERVER = {
    "is_operator": True,
    "company_id": f"com_{'0' * 26}",
    "user_id": f"usr_{'0' * 26}",
    "state": "fiscalised",
    "fdn_of_another": "1",
    "created_at": "2026-01-01T00:00:00Z",
    "legal_hold_since": None,
}
NEVER_ANSWERED = ("hash", "sealed", "wrapped", "private", "data_key", "kek")
"""Parts of the names of what is kept of secrets, or of secrets themselves."""


def with_json_bodies() -> list[str]:
    """Return the operations that read a JSON object of our own; URA's own JSON has fields of its own."""
    return [
        f"{method.upper()} {path}"
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
        if "$ref" in operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    ]


@pytest.fixture(scope="module")
async def tokens(door: Door) -> dict[str, str]:
    person = await with_password(door, "owner-of-all", Role.OWNER)
    access = (await tokens_of(door, person.email))["access_token"]
    await own_a_firm(door, person.user_id)
    return {"company": door.firm.key, "operator": OPERATOR_TOKEN, "person": access}


async def own_a_firm(door: Door, user_id: str) -> None:
    def unit(session: Session) -> None:
        session.add(Firm(id=f"frm_{'0' * 26}", name="Ledger & Daughters (fictitious)", created_at=door.clock.now()))
        session.flush()
        since = door.clock.now()
        session.add(FirmMember(firm_id=f"frm_{'0' * 26}", user_id=user_id, role=FirmRole.OWNER, since=since))

    await door.runtime.database.write(unit)


@pytest.mark.parametrize("label", with_json_bodies())
async def test_what_the_server_decides_is_no_field_of_any_request(
    door: Door, tokens: dict[str, str], label: str
) -> None:
    method, path = label.split(" ")
    caller = next(name for name, labels in operations().items() if label in labels)
    place = address(path, door.firm.id)
    headers = {"Authorization": f"Bearer {tokens[caller]}"}
    answer = await door.ask_bare(method, place, json=DECIDED_BY_THE_SERVER, headers=headers)
    if label.endswith("/validate"):
        listed = (await answer.json())["problems"]
    else:
        assert answer.status == 422
        listed = (await answer.json())["errors"]
    unknown = {fault["path"] for fault in listed if fault["code"] == "unknown_field"}
    known = set(DOCUMENT["components"]["schemas"][schema_of(label)]["properties"])
    assert unknown == {f"/{name}" for name in DECIDED_BY_THE_SERVER if name not in known}
    assert not known & {"is_operator", "company_id", "created_at", "legal_hold_since", "fdn_of_another"}


def schema_of(label: str) -> str:
    method, path = label.split(" ")
    body = DOCUMENT["paths"][path][method.lower()]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    return str(body.rpartition("/")[2])


def fields_of(schema: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
    """Yield the names of all fields in a schema, however deep."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
    for inner in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from fields_of(inner)


def test_no_answer_has_a_field_for_a_secret_or_for_what_is_kept_of_one() -> None:
    asked = {name for label in with_json_bodies() for name in [schema_of(label)]}
    answers = {name: schema for name, schema in DOCUMENT["components"]["schemas"].items() if name not in asked}
    fields = [(name, field) for name, schema in answers.items() for field in fields_of(schema)]
    assert len(fields) > 200
    telling = [one for one in fields if any(part in one[1] for part in NEVER_ANSWERED)]
    assert telling == [("Head", "hash")]  # of the journal
