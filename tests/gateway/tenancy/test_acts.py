"""What people do to a company, its devices, roles and keys stands in its journal, with who did it."""

import json
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from risiti.gateway.events import OPERATOR, Event
from risiti.gateway.journal import exporting
from risiti.gateway.journal.chaining import extend
from risiti.gateway.journal.verifying import verify
from risiti.gateway.kernel.ids import Ids
from risiti.gateway.kernel.secrets import KeyEncryptionKey, KeyRing, Vault
from risiti.gateway.migrations.run import upgrade
from risiti.gateway.runtime import open_database
from risiti.gateway.settings import Settings
from risiti.gateway.tenancy import companies, devices, rotation, second_factors, users
from risiti.gateway.tenancy.access import Role
from risiti.gateway.tenancy.rounding import Rounding
from tests.clock import ManualClock
from tests.gateway.tenancy.floor import Floor, a_company
from tests.make import a_private_key, as_pem

pytestmark = pytest.mark.anyio

FIRST = KeyEncryptionKey.generate()


@pytest.fixture
async def floor(database_url: str) -> AsyncIterator[Floor]:
    database = open_database(Settings(database_url=database_url))
    await upgrade(database)
    clock = ManualClock()
    ids, vault = Ids(clock), Vault(FIRST)
    other = a_company(tin="1000000077", legal_name="Papaya Hardware (fictitious)")
    mango, papaya = [
        await database.write(partial(_open, vault=vault, ids=ids, clock=clock, new=new)) for new in (a_company(), other)
    ]
    yield Floor(database, clock, ids, vault, mango, papaya)
    await database.close()


def _open(session: Session, **needed: Any) -> Any:  # noqa: ANN401 - as the unit of work takes them
    return companies.open_company(session, **needed, by=OPERATOR).id


async def told(floor: Floor, company_id: str) -> list[tuple[str, str | None, dict[str, Any]]]:
    """Return a company's events: name, actor and data."""
    found = await floor.database.read_as(
        company_id, lambda session: list(session.scalars(select(Event).order_by(Event.position)))
    )
    return [(event.name, event.actor, json.loads(event.data)) for event in found]


async def test_opening_a_company_is_told_to_itself_alone(floor: Floor) -> None:
    opened = {"environment": "test", "tin": "1000000000", "auto_resend": False}
    assert await told(floor, floor.mango) == [("company.opened", OPERATOR, opened)]


async def test_a_change_is_told_with_what_was_before_and_no_change_is_not(floor: Floor) -> None:
    def change(session: Session, rounding: Rounding) -> None:
        companies.change(
            session, floor.ids, floor.clock, floor.mango, vat_registered=True, rounding=rounding, by="usr_1"
        )

    for rounding in (Rounding.PER_LINE, Rounding.REFUSE, Rounding.REFUSE):
        await floor.database.write_as(floor.mango, partial(change, rounding=rounding))
    assert (await told(floor, floor.mango))[1:] == [
        ("company.changed", "usr_1", {"rounding": {"from": "per_line", "to": "refuse"}})
    ]


async def test_a_device_and_its_new_key_are_told_by_fingerprint(floor: Floor) -> None:
    register = partial(
        devices.add, floor.database, floor.vault, floor.ids, floor.clock, floor.mango, password=None, by="key_1"
    )
    first = await register(device_no="A1", key_file=as_pem(a_private_key()))
    second = await devices.change_key(
        floor.database,
        floor.vault,
        floor.ids,
        floor.clock,
        floor.mango,
        device_id=first.id,
        key_file=as_pem(a_private_key("renewed")),
        password=None,
        by="usr_2",
    )
    device = {"device_id": first.id, "device_no": "A1"}
    assert (await told(floor, floor.mango))[1:] == [
        ("device.registered", "key_1", {**device, "key_fingerprint": first.key_fingerprint}),
        (
            "device.key_replaced",
            "usr_2",
            {**device, "key_fingerprint": second.key_fingerprint, "key_fingerprint_before": first.key_fingerprint},
        ),
    ]


async def test_roles_given_changed_and_taken_are_told_and_a_removed_second_factor_wherever_they_work(
    floor: Floor,
) -> None:
    def unit(session: Session) -> str:
        user = users.add(session, floor.ids, floor.clock, email="amina@shop.invalid", name="Amina")
        give = partial(users.give_role, session, floor.ids, floor.clock, user_id=user.id, by=OPERATOR)
        for role in (Role.VIEWER, Role.VIEWER, Role.OWNER):
            give(company_id=floor.mango, role=role)
        give(company_id=floor.papaya, role=Role.VIEWER)
        second_factors.enrol(session, floor.vault, user, floor.clock.now())
        assert users.remove_second_factor(session, floor.ids, floor.clock, user.id, by=OPERATOR)
        assert not users.remove_second_factor(session, floor.ids, floor.clock, user.id, by=OPERATOR)
        users.leave(session, floor.ids, floor.clock, floor.mango, user.id, by="usr_owner")
        return user.id

    user_id = await floor.database.write(unit)
    person = {"user_id": user_id}
    assert (await told(floor, floor.mango))[1:] == [
        ("role.given", OPERATOR, {**person, "role": "viewer", "role_before": None}),
        ("role.given", OPERATOR, {**person, "role": "owner", "role_before": "viewer"}),
        ("user.second_factor_removed", OPERATOR, person),
        ("role.taken", "usr_owner", {**person, "role_before": "owner"}),
    ]
    assert [name for name, _, _ in await told(floor, floor.papaya)][1:] == ["role.given", "user.second_factor_removed"]


async def test_a_data_key_wrapped_by_another_key_is_told_to_its_company(floor: Floor) -> None:
    new = KeyEncryptionKey.generate()
    vault = Vault(KeyRing([new, FIRST]))
    done = await rotation.rotate(floor.database, vault, floor.ids, floor.clock, by=OPERATOR)
    assert done == 2
    for company_id in (floor.mango, floor.papaya):
        assert (await told(floor, company_id))[1:] == [
            ("data_key.rewrapped", OPERATOR, {"kek_id": new.id, "kek_id_before": FIRST.id})
        ]
    assert await rotation.rotate(floor.database, vault, floor.ids, floor.clock, by=OPERATOR) == 0
    assert len(await told(floor, floor.mango)) == 2


async def test_acts_are_chained_and_an_export_of_them_is_good(floor: Floor) -> None:
    await floor.database.write(partial(extend, now=floor.clock.now(), settled=0))
    lines = [line async for line in exporting.lines(floor.database, floor.mango)]
    assert b'"by":"operator"' in lines[1]
    assert verify(lines).entries == 1
