"""What a request meets before it meets a route: the order, and the limits by address, key and company."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

from risiti.gateway.api.bodies import MAX_JSON_BYTES
from risiti.gateway.tenancy.access import Scope
from tests.gateway.api.door import Door, open_door
from tests.make import an_invoice

pytestmark = pytest.mark.anyio
PAGE = Path(__file__).parents[3] / "docs" / "edge.md"


async def statuses(door: Door, path: str, times: int, **request: Any) -> list[int]:  # noqa: ANN401 - as aiohttp
    return [(await door.ask_bare("GET", path, **request)).status for _ in range(times)]


async def test_the_order_is_the_documented_one(door: Door) -> None:
    documented = re.findall(r"^\| \d+ \| `(\w+)`", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert [str(getattr(middleware.cls, "__name__", "")) for middleware in door.app.user_middleware] == documented


async def test_an_address_without_a_key_has_so_many_requests_a_minute(tmp_path: Path) -> None:
    async with open_door(tmp_path, rate_limit_enabled=True, rate_limit_per_minute=5) as door:
        first = await door.ask_bare("GET", "/openapi.json")
        assert first.headers["RateLimit-Limit"] == "5"
        assert first.headers["RateLimit-Remaining"] == "4"
        assert first.headers["RateLimit"] == '"address";r=4;t=60'
        assert first.headers["RateLimit-Policy"] == '"address";q=5;w=60'
        assert await statuses(door, "/openapi.json", 5) == [200] * 4 + [429]
        refused = await door.ask_bare("GET", "/docs")
        assert refused.headers["Retry-After"] == "60"
        assert (await refused.json())["code"] == "rate_limited"
        assert await statuses(door, door.firm.path("/invoices"), 1, headers=door.firm.headers) == [200]
        door.clock.advance(60)
        assert await statuses(door, "/docs", 1) == [200]


async def test_health_and_login_have_limits_of_their_own(tmp_path: Path) -> None:
    limits = {"rate_limit_per_minute": 1, "rate_limit_health_per_minute": 3, "rate_limit_login_per_minute": 2}
    async with open_door(tmp_path, rate_limit_enabled=True, **limits) as door:
        assert await statuses(door, "/health", 4) == [200] * 3 + [429]
        assert (await statuses(door, "/api/auth/login", 3))[2] == 429
        assert await statuses(door, "/docs", 2) == [200, 429]


async def test_a_key_and_its_company_have_limits_of_their_own(tmp_path: Path) -> None:
    limits = {"rate_limit_per_minute": 1, "rate_limit_key_per_minute": 3, "rate_limit_company_per_minute": 5}
    async with open_door(tmp_path, rate_limit_enabled=True, **limits) as door:
        path = door.firm.path("/invoices")
        assert await statuses(door, path, 4, headers=door.firm.headers) == [200] * 3 + [429]
        second = await door.key_with(Scope.DEVICES_READ)  # refused for its scopes, but counted
        assert await statuses(door, path, 2, headers=second.headers) == [403, 429]
        other = door.other
        assert await statuses(door, other.path("/invoices"), 1, headers=other.headers) == [200]


async def test_guessing_keys_ends_after_as_many_tries_as_an_address_has_requests(tmp_path: Path) -> None:
    async with open_door(tmp_path, rate_limit_enabled=True, rate_limit_per_minute=3) as door:
        revoked = await door.key_with(Scope.INVOICES_READ)
        listed = (await (await door.ask("GET", door.firm.path("/api-keys"))).json())["items"]
        [newest] = [key["id"] for key in listed if key["label"] == "test"]
        assert (await door.ask("DELETE", door.firm.path(f"/api-keys/{newest}"))).status in (200, 204)
        tried = await statuses(door, door.firm.path("/invoices"), 5, headers=revoked.headers)
        assert tried == [401] * 3 + [429] * 2


async def test_a_forged_forwarded_address_gains_nothing(tmp_path: Path) -> None:
    async with open_door(tmp_path, rate_limit_enabled=True, rate_limit_per_minute=3) as door:
        forged = [
            (await door.ask_bare("GET", "/docs", headers={"X-Forwarded-For": f"203.0.113.{number}"})).status
            for number in range(5)
        ]
        assert forged == [200] * 3 + [429] * 2


async def test_behind_a_trusted_proxy_each_caller_is_counted_by_itself(tmp_path: Path) -> None:
    settings = {"rate_limit_enabled": True, "rate_limit_per_minute": 1, "trusted_proxies": "127.0.0.0/8, ::1"}
    async with open_door(tmp_path, **settings) as door:
        for caller in ("203.0.113.1", "203.0.113.2", "10.0.0.1, 203.0.113.3"):
            assert await statuses(door, "/docs", 2, headers={"X-Forwarded-For": caller}) == [200, 429]


async def test_a_compressed_invoice_is_accepted(door: Door) -> None:
    body = gzip.compress(json.dumps(an_invoice("EDGE-1")).encode())
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    answer = await door.ask("POST", door.firm.path("/invoices"), data=body, headers=headers)
    assert answer.status == 202


@pytest.mark.parametrize(("size", "status"), [(MAX_JSON_BYTES, 422), (MAX_JSON_BYTES + 1, 413)])
async def test_a_json_body_has_a_length(door: Door, size: int, status: int) -> None:
    start, end = b'{"reference": "', b'"}'
    body = start + b"x" * (size - len(start) - len(end)) + end
    answer = await door.ask(
        "POST", door.firm.path("/invoices"), data=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status == status


async def test_a_page_of_an_allowed_origin_may_call_and_others_may_not(tmp_path: Path) -> None:
    async with open_door(tmp_path, cors_origins="https://shop.example") as door:
        asked = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
        allowed = await door.ask_bare("OPTIONS", door.firm.path("/invoices"), headers=asked)
        assert allowed.headers["Access-Control-Allow-Origin"] == "https://shop.example"
        other = await door.ask_bare("GET", "/health", headers={"Origin": "https://evil.example"})
        assert "Access-Control-Allow-Origin" not in other.headers
