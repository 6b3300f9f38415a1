import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from risiti.gateway.db.database import DatabaseUnavailable
from tests.gateway.api.door import Door
from tests.make import an_invoice

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("path", ["/", "/api", "/api/companies/x/invoices", "/health/", "/docs/x", "/static/none.css"])
async def test_an_address_that_does_not_exist_is_a_problem_like_any_other(door: Door, path: str) -> None:
    answer = await door.ask_bare("GET", f"/nothing{path}")
    problem = await answer.json()
    assert (answer.status, answer.content_type) == (404, "application/problem+json")
    assert (problem["code"], problem["type"]) == ("not_found", "urn:risiti:problem:not_found")
    assert problem["instance"] == f"/nothing{path}"


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", "/api/companies/{}/invoices", "GET, POST"),
        ("PUT", "/api/companies/{}", "GET, PATCH"),
        ("TRACE", "/health", "GET"),
        ("POST", "/", "GET"),
        ("GET", "/api/companies", "POST"),
        ("GET", "/api/companies/{}/invoices/efris", "POST"),
        ("GET", "/api/companies/{}/invoices/validate", "POST"),
        ("OPTIONS", "/api/companies/{}/invoices/validate", "POST"),
        ("OPTIONS", "/api/companies/{}/invoices/doc_x", "GET"),
    ],
)
async def test_another_method_is_told_which_ones_there_are(door: Door, method: str, path: str, allow: str) -> None:
    answer = await door.ask(method, path.format(door.firm.id))
    assert (answer.status, answer.headers["Allow"]) == (405, allow)
    assert (await answer.json())["code"] == "method_not_allowed"


async def test_a_defect_of_ours_shows_nothing_of_itself_and_is_logged(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret inner matter")

    monkeypatch.setattr("risiti.gateway.fiscal.accepting.accept_all", broken)
    with capture_logs() as logs:
        answer = await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("D-1"))
    problem = await answer.json()
    assert (answer.status, problem["code"], problem["effect"]) == (500, "internal_error", "unknown")
    assert "secret inner matter" not in await answer.text()
    assert answer.headers["X-Request-Id"] == problem["request_id"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert [log["event"] for log in logs] == ["database.unit_rolled_back", "request.failed", "request.answered"]
    monkeypatch.undo()
    assert (await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("D-1"))).status == 202


async def test_a_database_that_is_away_says_try_again_and_that_nothing_is_certain(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise DatabaseUnavailable("gone")

    for write in ("write", "write_plain"):
        monkeypatch.setattr(door.runtime.database, write, away)
    answer = await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("D-2"))
    problem = await answer.json()
    assert (answer.status, problem["code"], problem["effect"]) == (503, "database_unavailable", "unknown")
    assert int(answer.headers["Retry-After"]) > 0
    monkeypatch.setattr(door.runtime.database, "read_as", away)
    read = await door.ask("GET", door.firm.path("/invoices"))
    assert (read.status, (await read.json())["effect"]) == (503, "none")


async def test_a_caller_that_goes_away_in_the_middle_of_its_body_is_no_defect(door: Door) -> None:
    with capture_logs() as logs:
        _, writer = await asyncio.open_connection(door.address.host, door.address.port)
        writer.write(
            f"POST {door.firm.path('/invoices')} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {door.firm.key}\r\nContent-Length: 100\r\n\r\nhalf".encode()
        )
        await writer.drain()
        await asyncio.sleep(0)
        writer.close()
        await writer.wait_closed()
        await _until(lambda: any(log["event"] == "request.answered" for log in logs))
    assert [log["event"] for log in logs] == ["request.abandoned", "request.answered"]
    assert logs[-1]["status"] == 499


async def test_every_answer_names_its_request_and_the_log_knows_the_name(door: Door) -> None:
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
        answer = await door.ask(
            "GET", door.firm.path("/invoices?reference=hidden"), headers={"X-Request-Id": "till-3.000481"}
        )
    assert answer.headers["X-Request-Id"] == "till-3.000481"
    (line,) = logs
    assert (line["request_id"], line["company_id"], line["status"]) == ("till-3.000481", door.firm.id, 200)
    assert "hidden" not in str(line)
    assert door.firm.key not in str(line)


@pytest.mark.parametrize("given", ["short", "x" * 65, "with blank", "line\tfeed", 'quote"d-name'])
async def test_a_request_id_that_could_forge_a_log_line_is_replaced(door: Door, given: str) -> None:
    answer = await door.ask_bare("GET", "/health", headers={"X-Request-Id": given})
    assert answer.headers["X-Request-Id"].startswith("req_")


async def test_no_answer_is_kept_or_guessed_at_by_a_browser(door: Door) -> None:
    for path in ("/health", "/nothing", "/", "/docs"):
        headers = (await door.ask_bare("GET", path)).headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")


async def _until(is_so: Callable[[], Any]) -> None:
    async with asyncio.timeout(10):
        while not is_so():  # noqa: ASYNC110 - the server's side of a closed connection tells nobody
            await asyncio.sleep(0)
