import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute

from risiti.gateway import api, web
from risiti.gateway.api.dependencies import (
    PUBLIC,
    AnyKey,
    UndeclaredPermissionError,
    check_permissions,
)
from risiti.gateway.tenancy.access import Scope
from tests.gateway.api.door import OPERATOR_TOKEN, Door

pytestmark = pytest.mark.anyio

ROUTES = [route for route in [*api.ROUTES, *web.ROUTES] if isinstance(route, APIRoute)]
OPERATED = {
    ("POST", "/api/companies"),
    ("GET", "/api/deadlines"),
    ("GET", "/api/tasks"),
    ("GET", "/api/efris/status"),
    ("POST", "/api/efris/pause"),
    ("POST", "/api/efris/resume"),
    ("GET", "/api/lanes"),
    ("PUT", "/api/lanes/{company_id}"),
    ("GET", "/api/legal-holds"),
    ("PUT", "/api/legal-holds/{company_id}"),
    ("POST", "/api/legal-holds/{company_id}/lift"),
    ("POST", "/api/tasks/{task_id}/retry"),
    ("GET", "/api/users"),
    ("GET", "/api/users/{user_id}"),
    ("POST", "/api/users/{user_id}/disable"),
    ("POST", "/api/users/{user_id}/enable"),
    ("POST", "/api/users/{user_id}/sign-out"),
    ("GET", "/api/firms"),
    ("POST", "/api/firms"),
}
OF_PEOPLE = {
    (method, route.path)
    for route in ROUTES
    if route.path.startswith(("/api/auth/", "/api/firms/"))
    for method in route.methods or ()
} - PUBLIC
GUARDED = sorted(
    {(method, route.path) for route in ROUTES for method in route.methods or ()} - PUBLIC - OPERATED - OF_PEOPLE
)
IDS = {
    "document_id": "doc_",
    "device_id": "dev_",
    "finding_id": "fnd_",
    "api_key_id": "key_",
    "sign_in_id": "sgn_",
    "user_id": "usr_",
    "firm_id": "frm_",
    "branch_id": "brn_",
    "item_code": "item_",
}


def address(path: str, company_id: str) -> str:
    return path.format(company_id=company_id, **{name: prefix + "0" * 26 for name, prefix in IDS.items()})


@pytest.mark.parametrize(("method", "path"), GUARDED)
async def test_another_companys_key_finds_nothing_anywhere(door: Door, method: str, path: str) -> None:
    answer = await door.ask(method, address(path, door.firm.id), door.other, json={})
    assert (answer.status, (await answer.json())["code"]) == (404, "company_not_found")


@pytest.mark.parametrize(("method", "path"), sorted(OF_PEOPLE))
async def test_a_key_is_no_person(door: Door, method: str, path: str) -> None:
    assert (await door.ask(method, address(path, door.firm.id), json={})).status == 401


@pytest.mark.parametrize(("method", "path"), [*GUARDED, *sorted(OF_PEOPLE)])
async def test_without_a_key_nothing_is_done_anywhere(door: Door, method: str, path: str) -> None:
    answer = await door.ask_bare(method, address(path, door.firm.id), json={})
    assert answer.status == 401


@pytest.mark.parametrize(("method", "path"), GUARDED)
async def test_a_key_without_a_scope_may_do_nothing_but_read_its_company(door: Door, method: str, path: str) -> None:
    key = await door.key_with(Scope.DEVICES_READ)
    answer = await door.ask(method, address(path, door.firm.id), key, json={})
    of_any_key = {("GET", "/api/companies/{company_id}"), ("GET", "/api/companies/{company_id}/journal/head")}
    may = (method, path) in of_any_key or (method == "GET" and ("/devices" in path or "/branches" in path))
    assert (answer.status == 403) is not may


def test_a_route_that_declares_no_permission_stops_the_start() -> None:
    router = APIRouter()

    @router.get("/api/companies/{company_id}/secrets")
    async def secrets(company_id: str) -> str:
        return company_id

    with pytest.raises(UndeclaredPermissionError, match=r"GET /api/companies/\{company_id\}/secrets"):
        check_permissions([*ROUTES, *router.routes])


def test_a_public_route_that_declares_a_permission_stops_the_start() -> None:
    router = APIRouter()

    @router.get("/health")
    async def health(caller: AnyKey) -> str:
        return caller.company_id

    with pytest.raises(UndeclaredPermissionError, match="GET /health"):
        check_permissions([*(route for route in ROUTES if route.path != "/health"), *router.routes])


def test_a_public_route_that_is_gone_stops_the_start() -> None:
    with pytest.raises(UndeclaredPermissionError, match="GET /docs"):
        check_permissions(route for route in ROUTES if route.path != "/docs")


@pytest.mark.parametrize("token", ["", "wrong", OPERATOR_TOKEN[:-1]])
async def test_only_the_operator_opens_companies(door: Door, token: str) -> None:
    answer = await door.ask_bare("POST", "/api/companies", json={}, headers={"Authorization": f"Bearer {token}"})
    assert answer.status == 401


async def test_a_companys_key_is_no_operators_token(door: Door) -> None:
    assert (await door.ask("POST", "/api/companies", json={})).status == 401
