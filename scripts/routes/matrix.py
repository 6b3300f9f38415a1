"""The walk: every route asked by every caller, in this process, on a database that is thrown away."""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from fastapi.routing import APIRoute

from risiti.gateway import api, web
from risiti.gateway.api.dependencies import (
    Needs,
    NeedsFirm,
    NeedsManager,
    NeedsOperator,
    NeedsOwner,
    NeedsPerson,
    Permission,
    permission_of,
)
from risiti.gateway.app import create_app
from risiti.gateway.migrations.run import upgrade
from risiti.gateway.runtime import open_database, open_runtime
from risiti.gateway.settings import Settings
from scripts.routes.callers import LET_IN, OPERATOR_TOKEN, Asked, Caller, callers

IDS: Final = {
    "document_id": "doc_",
    "device_id": "dev_",
    "finding_id": "fnd_",
    "api_key_id": "key_",
    "task_id": "tsk_",
    "sign_in_id": "sgn_",
    "user_id": "usr_",
    "firm_id": "frm_",
    "branch_id": "brn_",
}
"""How the ids in addresses begin; anything else is a word."""
_ANOTHERS: Final = frozenset({"company_not_found", "firm_not_found"})
"""Codes of answers with which a permission says that there is no such company or firm for this caller."""


@dataclass(frozen=True, slots=True)
class Place:
    """One method of one route, and what it asks of a caller."""

    method: str
    path: str
    permission: Permission | None

    @property
    def asks(self) -> str:
        """The permission in a word."""
        words: dict[type[object], str] = {
            type(None): "public",
            NeedsOwner: "owner",
            NeedsManager: "manager",
            NeedsOperator: "operator",
            NeedsPerson: "person",
        }
        match self.permission:
            case NeedsFirm(owner=owner):
                return "owner of the firm" if owner else "any of the firm"
            case NeedsOwner() | NeedsManager():
                pass
            case Needs(scope=scope):
                return "any of the company" if scope is None else str(scope)
        return words[type(self.permission)]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one caller got from one route, and what it was to get."""

    caller: str
    status: int
    expected: int
    is_good: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One route and all its answers."""

    place: Place
    answers: tuple[Answer, ...]


def places() -> list[Place]:
    """Return every method of every route."""
    routes = [route for route in (*api.ROUTES, *web.ROUTES) if isinstance(route, APIRoute)]
    return [
        Place(method, route.path, permission_of(route)) for route in routes for method in sorted(route.methods or ())
    ]


async def walk(chosen: Sequence[Place] | None = None) -> list[Row]:
    """Have every caller ask every route."""
    with tempfile.TemporaryDirectory(prefix="risiti-routes-") as folder:
        settings = Settings(
            database_url=f"sqlite:///{Path(folder) / 'risiti.db'}",
            risiti_admin_token=OPERATOR_TOKEN,
            rate_limit_enabled=False,
        )
        database = open_database(settings)
        await upgrade(database)
        await database.close()
        async with open_runtime(settings) as runtime:
            app = create_app(runtime)
            asked, everybody = await callers(runtime)
            return [
                Row(place, tuple([await _ask(app, place, asked, caller) for caller in everybody]))
                for place in (chosen if chosen is not None else places())
            ]


async def _ask(app: FastAPI, place: Place, asked: Asked, caller: Caller) -> Answer:
    path = address(place.path, asked.company_id, asked.firm_id)
    status, code = await ask(app, place.method, path, await caller.token(place.permission))
    expected = caller.expects(place.permission)
    was_let_in = status not in (401, 403) and code not in _ANOTHERS
    is_good = was_let_in if expected == LET_IN else status == expected and not (expected == 404 and was_let_in)  # noqa: PLR2004
    return Answer(caller.name, status, expected, is_good)


def address(path: str, company_id: str, firm_id: str = "") -> str:
    """Return a route's path for a company or a firm, with ids that nothing has."""
    known = {"company_id": company_id, **({"firm_id": firm_id} if firm_id else {})}
    for name, value in ({name: prefix + "0" * 26 for name, prefix in IDS.items()} | known).items():
        path = path.replace(f"{{{name}}}", value)
    while "{" in path:
        before, _, rest = path.partition("{")
        path = f"{before}NOTHING{rest.partition('}')[2]}"
    return path


async def ask(app: FastAPI, method: str, path: str, token: str, body: object = None) -> tuple[int, str]:
    """Send one request to an ASGI app; return the status and the problem's code."""
    headers = [(b"host", b"gateway.example"), (b"content-type", b"application/json")]
    if token:
        headers.append((b"authorization", f"Bearer {token}".encode()))
    content = json.dumps({} if body is None else body).encode()
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [*headers, (b"content-length", str(len(content)).encode())],
        "client": ("192.0.2.7", 40_000),
        "server": ("gateway.example", 443),
    }
    status, answered = 0, b""

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: dict[str, object]) -> None:
        nonlocal status, answered
        if message["type"] == "http.response.start":
            status = int(str(message["status"]))
        else:
            answered += bytes(message.get("body", b""))  # type: ignore[call-overload]  # bytes, says ASGI

    await app(scope, receive, send)  # type: ignore[arg-type]  # an ASGI message is a dictionary of anything
    try:
        found = json.loads(answered)
    except ValueError:
        return status, ""
    return status, str(found.get("code", "")) if isinstance(found, dict) else ""
