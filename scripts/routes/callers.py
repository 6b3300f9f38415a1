"""The callers: programs and people with good and bad papers, and what a route's permission is to say to each."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from sqlalchemy.orm import Session

from risiti.gateway.api.dependencies import (
    Needs,
    NeedsFirm,
    NeedsManager,
    NeedsOperator,
    NeedsOwner,
    NeedsPerson,
    Permission,
)
from risiti.gateway.events import OPERATOR
from risiti.gateway.runtime import Runtime
from risiti.gateway.tenancy import api_keys, companies, delegations, firms, sign_ins, users
from risiti.gateway.tenancy.access import FirmRole, Role, Scope, scopes_of
from risiti.gateway.tenancy.environment import Environment
from risiti.gateway.tenancy.firms import Terms
from risiti.gateway.tenancy.sign_ins import Origin
from risiti.gateway.tenancy.tables import ApiKey

LET_IN: Final = 0
"""The permission lets the caller pass; what the route then answers is its own affair."""
OPERATOR_TOKEN: Final = "operator-token-of-32-characters-or-more"  # noqa: S105 - of a gateway that lives for seconds
_LONG_AGO: Final = timedelta(days=2)

Token = Callable[[Permission | None], Awaitable[str]]
Expects = Callable[[Permission | None], int]


@dataclass(frozen=True, slots=True)
class Caller:
    """One kind of caller: what it presents to a route, and what it is to be told."""

    name: str
    token: Token
    expects: Expects


@dataclass(frozen=True, slots=True)
class Asked:
    """Of what all routes are asked."""

    company_id: str
    firm_id: str
    """The firm to which the company delegates the role of an admin."""


async def callers(runtime: Runtime) -> tuple[Asked, list[Caller]]:
    """Open companies and firms; return those of which all routes are asked, and everybody who asks."""
    mango, papaya = await _company(runtime, "1000000000"), await _company(runtime, "1000000077")
    keys = {
        "mango": await _key(runtime, mango, [Scope.ADMIN]),
        "papaya": await _key(runtime, papaya, [Scope.ADMIN]),
        "revoked": await _key(runtime, mango, [Scope.ADMIN], revoked=True),
    }
    keys["expired"] = await _key(runtime, mango, [Scope.ADMIN], expired=True)
    keys["unknown"] = await _key(runtime, mango, [Scope.ADMIN], forgotten=True)
    people = {role: await _person(runtime, f"{role}@mango.example", {mango: role}) for role in Role}
    stranger = await _person(runtime, "owner@papaya.example", {papaya: Role.OWNER})
    nobody = await _person(runtime, "nobody@example.com", {})
    operator = await _person(runtime, "operator@example.com", {}, is_operator=True)

    async def without_the_scope(permission: Permission | None) -> str:
        lacking = permission.scope if isinstance(permission, Needs) else None
        scopes = [scope for scope in Scope if scope not in (lacking, Scope.ADMIN)]
        return await _key(runtime, mango, scopes)

    async def nothing(_: Permission | None) -> str:
        return ""

    def key(name: str) -> Token:
        async def given(_: Permission | None) -> str:
            return keys[name]

        return given

    def text(value: str) -> Token:
        async def given(_: Permission | None) -> str:
            return value

        return given

    def signed_in(user_id: str, *, ago: timedelta = timedelta(), ended: bool = False) -> Token:
        async def given(_: Permission | None) -> str:
            return await _sign_in(runtime, user_id, ago=ago, ended=ended)

        return given

    firm_id, of_firms = await _firm_callers(runtime, mango, papaya)
    return Asked(mango, firm_id), [
        Caller("anonymous", nothing, _says(company=401, person=401, operator=401)),
        Caller("malformed key", text(keys["mango"][:-1] + "_"), _says(company=401, person=401, operator=401)),
        Caller("unknown key", key("unknown"), _says(company=401, person=401, operator=401)),
        Caller("revoked key", key("revoked"), _says(company=401, person=401, operator=401)),
        Caller("expired key", key("expired"), _says(company=401, person=401, operator=401)),
        Caller("other company's key", key("papaya"), _says(company=404, person=401, operator=401)),
        Caller("key without scope", without_the_scope, _without_the_scope),
        Caller("admin key", key("mango"), _says(company=LET_IN, person=401, operator=401)),
        Caller(
            "expired session",
            signed_in(people[Role.OWNER], ago=_LONG_AGO),
            _says(company=401, person=401, operator=401),
        ),
        Caller(
            "ended session", signed_in(people[Role.OWNER], ended=True), _says(company=401, person=401, operator=401)
        ),
        Caller("other company's owner", signed_in(stranger), _says(company=404, person=LET_IN, operator=401)),
        Caller("member of nothing", signed_in(nobody), _says(company=404, person=LET_IN, operator=401)),
        *(Caller(role.value, signed_in(people[role]), partial(_in_role, role)) for role in Role),
        *of_firms,
        Caller("platform operator", signed_in(operator), _says(company=404, person=LET_IN, operator=LET_IN)),
        Caller("operator's token", text(OPERATOR_TOKEN), _says(company=401, person=401, operator=LET_IN)),
        Caller(
            "expired platform operator",
            signed_in(operator, ago=_LONG_AGO),
            _says(company=401, person=401, operator=401),
        ),
    ]


async def _firm_callers(runtime: Runtime, mango: str, papaya: str) -> tuple[str, list[Caller]]:
    """Open firms; return the one to which the first company delegates, and people of it and of others."""
    ledger, elsewhere, former = [await _firm(runtime, name) for name in ("ledger", "elsewhere", "former")]
    owner = await _of_firm(runtime, ledger, "owner@ledger.example", Terms(FirmRole.OWNER))
    clerk = await _of_firm(runtime, ledger, "clerk@ledger.example", Terms(FirmRole.MEMBER, Role.VIEWER))
    stranger = await _of_firm(runtime, elsewhere, "owner@elsewhere.example", Terms(FirmRole.OWNER))
    of_before = await _of_firm(runtime, former, "owner@former.example", Terms(FirmRole.OWNER))
    await _delegate(runtime, papaya, elsewhere)
    await _delegate(runtime, mango, former)

    def signed_in(user_id: str) -> Token:
        async def given(_: Permission | None) -> str:
            await _delegate(runtime, mango, ledger)  # a caller before may have ended it, as they may
            return await _sign_in(runtime, user_id, ago=timedelta(), ended=False)

        return given

    return ledger, [
        Caller("owner of its firm", signed_in(owner), partial(_of_its_firm, FirmRole.OWNER, Role.ADMIN)),
        Caller("viewer of its firm", signed_in(clerk), partial(_of_its_firm, FirmRole.MEMBER, Role.VIEWER)),
        Caller("other company's firm", signed_in(stranger), _says(company=404, person=LET_IN, operator=401)),
        Caller("firm no longer delegated", signed_in(of_before), _says(company=404, person=LET_IN, operator=401)),
    ]


def _says(*, company: int, person: int, operator: int) -> Expects:
    """Say what each kind of permission answers; a public route lets everybody in."""

    def expects(permission: Permission | None) -> int:
        match permission:
            case NeedsOwner() | NeedsManager() if company == LET_IN:
                return 403
            case Needs():
                return company
            case NeedsPerson():
                return person
            case NeedsFirm():
                return 404 if person == LET_IN else person
            case NeedsOperator():
                return operator
        return LET_IN

    return expects


def _without_the_scope(permission: Permission | None) -> int:
    if isinstance(permission, Needs):
        return LET_IN if permission.scope is None else 403
    return LET_IN if permission is None else 401


def _in_role(role: Role, permission: Permission | None) -> int:
    if isinstance(permission, NeedsFirm):
        return 404
    if not isinstance(permission, Needs):
        return 401 if isinstance(permission, NeedsOperator) else LET_IN
    if isinstance(permission, NeedsOwner):
        return LET_IN if role is Role.OWNER else 403
    if isinstance(permission, NeedsManager):
        return LET_IN if role in (Role.OWNER, Role.ADMIN) else 403
    scopes = scopes_of(role)
    return LET_IN if permission.scope is None or {permission.scope, Scope.ADMIN} & scopes else 403


def _of_its_firm(firm_role: FirmRole, role: Role, permission: Permission | None) -> int:
    """Say what a person is told who may do something by a firm: never who works in the company."""
    if isinstance(permission, NeedsFirm):
        return LET_IN if firm_role is FirmRole.OWNER or not permission.owner else 403
    if isinstance(permission, NeedsManager):
        return 403
    return _in_role(role, permission)


async def _company(runtime: Runtime, tin: str) -> str:
    new = companies.NewCompany(
        environment=Environment.TEST, tin=tin, legal_name=f"Firm {tin} (fictitious)", email="till@firm.invalid"
    )

    def work(session: Session) -> str:
        return companies.open_company(session, runtime.vault, runtime.ids, runtime.clock, new).id

    return await runtime.database.write(work)


async def _key(
    runtime: Runtime,
    company_id: str,
    scopes: Sequence[Scope],
    *,
    revoked: bool = False,
    forgotten: bool = False,
    expired: bool = False,
) -> str:
    def work(session: Session) -> str:
        issued = api_keys.issue(session, runtime.ids, runtime.clock, company_id, scopes=scopes, label="a caller")
        if revoked:
            api_keys.revoke(session, runtime.ids, runtime.clock, company_id, issued.id)
        if expired:
            session.get_one(ApiKey, issued.id).expires_at = runtime.clock.now()
        if forgotten:
            session.delete(session.get_one(ApiKey, issued.id))
        return issued.key.reveal()

    return await runtime.database.write_as(company_id, work)


async def _person(runtime: Runtime, email: str, roles: Mapping[str, Role], *, is_operator: bool = False) -> str:
    def work(session: Session) -> str:
        user = users.add(
            session, runtime.ids, runtime.clock, email=email, name="A. Person (fictitious)", is_operator=is_operator
        )
        for company_id, role in roles.items():
            users.give_role(session, runtime.ids, runtime.clock, company_id, user.id, role=role)
        return user.id

    return await runtime.database.write(work)


async def _firm(runtime: Runtime, name: str) -> str:
    def work(session: Session) -> str:
        return firms.open_firm(session, runtime.ids, runtime.clock, name=f"{name} (fictitious)", by=OPERATOR).id

    return await runtime.database.write(work)


async def _of_firm(runtime: Runtime, firm_id: str, email: str, terms: Terms) -> str:
    def work(session: Session) -> str:
        ids, clock, name = runtime.ids, runtime.clock, "A. Person (fictitious)"
        return firms.add(
            session, ids, clock, firm_id, email=email, name=name, terms=terms, by=OPERATOR, as_operator=True
        ).id

    return await runtime.database.write(work)


async def _delegate(runtime: Runtime, company_id: str, firm_id: str) -> None:
    def work(session: Session) -> None:
        delegations.delegate(
            session,
            runtime.ids,
            runtime.clock,
            company_id,
            firm_id=firm_id,
            role=Role.ADMIN,
            by=OPERATOR,
            as_operator=True,
        )

    await runtime.database.write(work)


async def _sign_in(runtime: Runtime, user_id: str, *, ago: timedelta, ended: bool) -> str:
    """Sign a person in anew: routes that end a sign-in end only this one."""
    now = runtime.clock.now()

    def work(session: Session) -> str:
        issued = sign_ins.begin(
            session, runtime.ids, users.get(session, user_id), origin=Origin("192.0.2.1"), now=now - ago
        )
        if ended:
            sign_ins.end(session, sign_ins.who(session, issued.access.reveal(), now).sign_in_id, now)
        return issued.access.reveal()

    return await runtime.database.write(work)
