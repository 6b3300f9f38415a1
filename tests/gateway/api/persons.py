"""People at the door: added, with a password, signed in, with an authenticator app."""

import base64
import hmac
import struct
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import ClientResponse

from risiti.gateway.db.session import SystemSession
from risiti.gateway.tenancy import sign_ins, users
from risiti.gateway.tenancy.access import Role
from risiti.gateway.tenancy.sign_ins import Origin
from tests.gateway.api.door import Door

PASSWORD = "seven quiet herons at dusk"
OTHER_PASSWORD = "eleven loud herons at dawn"


@dataclass(frozen=True)
class Someone:
    email: str
    user_id: str
    invitation: str


async def someone(door: Door, name: str, role: Role | None = None, *, operator: bool = False) -> Someone:
    """Add a person with a role in the first company, who has an invitation and no password yet."""
    email = f"{name}@shop.invalid"

    def unit(session: SystemSession) -> Someone:
        user = users.add(session, door.runtime.ids, door.clock, email=email, name=name, is_operator=operator)
        if role is not None:
            users.give_role(session, door.runtime.ids, door.clock, door.firm.id, user.id, role=role)
        token, _ = users.invite(session, door.clock, user)
        return Someone(email, user.id, token.reveal())

    return await door.runtime.database.write(unit)


async def signed_in_at(door: Door, user_id: str, company_id: str, role: Role | None = None) -> str:
    """Give a person a role in a company, if one is named, and sign them in; return their access token."""

    def unit(session: SystemSession) -> str:
        if role is not None:
            users.give_role(session, door.runtime.ids, door.clock, company_id, user_id, role=role)
        user, origin = users.get(session, user_id), Origin("192.0.2.1")
        return sign_ins.begin(session, door.runtime.ids, user, origin=origin, now=door.clock.now()).access.reveal()

    return await door.runtime.database.write(unit)


async def post(door: Door, path: str, body: dict[str, Any], token: str = "") -> ClientResponse:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return await door.ask_bare("POST", f"/api/auth{path}", json=body, headers=headers)


async def with_password(door: Door, name: str, role: Role | None = None, *, operator: bool = False) -> Someone:
    person = await someone(door, name, role, operator=operator)
    chosen = await post(door, "/set-password", {"token": person.invitation, "password": PASSWORD})
    assert chosen.status == 204
    return person


async def login(door: Door, email: str, password: str = PASSWORD) -> ClientResponse:
    return await post(door, "/login", {"email": email, "password": password})


async def tokens_of(door: Door, email: str, password: str = PASSWORD) -> dict[str, Any]:
    answer = await login(door, email, password)
    assert answer.status == 200
    tokens: dict[str, Any] = await answer.json()
    return tokens


async def get(door: Door, path: str, token: str) -> int:
    return (await door.ask_bare("GET", path, headers={"Authorization": f"Bearer {token}"})).status


def code_at(secret: str, moment: datetime) -> str:
    """Return what an authenticator app shows (RFC 6238 and RFC 4226, written out here once more)."""
    counter = struct.pack(">Q", int(moment.timestamp()) // 30)
    digest = hmac.digest(base64.b32decode(secret), counter, "sha1")
    start = digest[-1] & 15
    number = int.from_bytes(digest[start : start + 4]) & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


@dataclass
class Protected:
    """Somebody with a second factor, signed in."""

    email: str
    user_id: str
    secret: str
    codes: list[str]
    access: str


async def with_second_factor(door: Door, name: str, role: Role | None = None, *, operator: bool = False) -> Protected:
    person = await with_password(door, name, role, operator=operator)
    access = (await tokens_of(door, person.email))["access_token"]
    begun = await post(door, "/second-factor", {"password": PASSWORD}, access)
    assert begun.status == 201
    secret = str((await begun.json())["secret"])
    confirmed = await post(door, "/second-factor/confirm", {"code": code_at(secret, door.clock.now())}, access)
    assert confirmed.status == 200
    codes = (await confirmed.json())["recovery_codes"]
    door.clock.advance(30)  # the next code is another
    return Protected(person.email, person.user_id, secret, codes, access)


async def first_step(door: Door, email: str) -> str:
    """Return the token for the second step."""
    answer = await login(door, email)
    assert answer.status == 202
    return str((await answer.json())["token"])


async def second_step(door: Door, token: str, code: str) -> ClientResponse:
    return await post(door, "/login/second-factor", {"token": token, "code": code})
