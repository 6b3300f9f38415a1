"""Everything that is wrong with a request is said, with its place and a fix, and reaches nobody."""

import asyncio
import gzip
from collections.abc import AsyncIterator

import pytest

from risiti.gateway.tenancy.access import Scope
from tests.gateway.api.door import Door, Firm
from tests.gateway.fiscal.bad_inputs import BAD_INPUTS, BadInput, document
from tests.make import an_invoice, as_body

pytestmark = pytest.mark.anyio

JSON = {"Content-Type": "application/json"}
PROBLEM_MEMBERS = {"type", "title", "status", "detail", "instance", "code", "request_id", "effect", "errors"}
UNKNOWN_ID = "doc_01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.fixture(scope="module", autouse=True)
async def _nothing_reaches_the_authority(door: Door) -> AsyncIterator[None]:
    """After all that is refused here the worker finds nothing to do, and nobody was called."""
    yield
    await door.work()
    assert door.authority.calls() == {}


@pytest.fixture(autouse=True)
async def _nothing_is_kept(door: Door) -> AsyncIterator[None]:
    yield
    page = await (await door.ask("GET", door.firm.path("/invoices"), params={"limit": "1"})).json()
    assert page["items"] == []


async def _refused(answer_status: int, problem: dict[str, object], status: int, code: str) -> None:
    assert (answer_status, problem["status"], problem["code"]) == (status, status, code)
    assert problem.keys() >= PROBLEM_MEMBERS
    assert problem["effect"] == "none"


@pytest.mark.parametrize("bad", BAD_INPUTS, ids=lambda bad: bad.name)
async def test_a_bad_document_is_refused_with_place_and_fix(door: Door, bad: BadInput) -> None:
    answer = await door.ask(
        "POST", door.firm.path("/invoices"), data=bad.body, headers={"Content-Type": bad.content_type}
    )
    problem = await answer.json(content_type="application/problem+json")
    assert answer.status == bad.status
    assert problem.keys() >= PROBLEM_MEMBERS
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    assert problem["effect"] == "none"
    fault = next(fault for fault in problem["errors"] if (fault["code"], fault["path"]) == (bad.code, bad.path))
    assert fault["message"]
    assert fault["fix"]


@pytest.mark.parametrize("key", ["", "rst_test_short", "rst_test_AAAAAAAA_" + "a" * 36, "\xe9" * 50, "x" * 5_000])
async def test_a_key_that_does_not_hold_is_turned_away(door: Door, key: str) -> None:
    answer = await door.ask(
        "POST", door.firm.path("/invoices"), Firm(door.firm.id, key), data=as_body(an_invoice("K-1")), headers=JSON
    )
    await _refused(answer.status, await answer.json(), 401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("header", [None, "Basic dXNlcjpwYXNz", "Bearer"])
async def test_without_a_key_nothing_is_read(door: Door, header: str | None) -> None:
    headers = JSON if header is None else {**JSON, "Authorization": header}
    answer = await door.ask_bare("POST", door.firm.path("/invoices"), data=b"not even JSON", headers=headers)
    await _refused(answer.status, await answer.json(), 401, "unauthenticated")


async def test_two_keys_in_one_request_are_none(door: Door) -> None:
    headers = [("Authorization", f"Bearer {door.firm.key}"), ("Authorization", f"Bearer {door.other.key}")]
    answer = await door.ask_bare("GET", door.firm.path("/invoices"), headers=headers)
    assert answer.status == 401


async def test_a_revoked_key_is_turned_away_with_the_same_words_as_a_wrong_one(door: Door) -> None:
    key = await door.key_with(Scope.ADMIN)
    listed = await (await door.ask("GET", door.firm.path("/api-keys"), key)).json()
    own = next(item["id"] for item in listed["items"] if key.key.startswith(item["prefix"]))
    assert (await door.ask("DELETE", door.firm.path(f"/api-keys/{own}"), key)).status == 200
    revoked = await (await door.ask("POST", door.firm.path("/invoices"), key, json=an_invoice("K-2"))).json()
    wrong = await (
        await door.ask("POST", door.firm.path("/invoices"), Firm(door.firm.id, "nonsense"), json=an_invoice("K-2"))
    ).json()
    assert {name: revoked[name] for name in ("status", "code", "detail", "errors")} == {
        name: wrong[name] for name in ("status", "code", "detail", "errors")
    }


async def test_a_key_for_reading_may_not_write(door: Door) -> None:
    reader = await door.key_with(Scope.INVOICES_READ)
    answer = await door.ask("POST", door.firm.path("/invoices"), reader, json=an_invoice("K-3"))
    problem = await answer.json()
    await _refused(answer.status, problem, 403, "scope_missing")
    assert "invoices:write" in problem["detail"]
    assert (await door.ask("GET", door.firm.path("/invoices"), reader)).status == 200


@pytest.mark.parametrize("place", ["?key={key}", "?limit=1&api_key=Bearer%20{key}", "/{key}"])
async def test_a_key_in_the_address_is_refused_and_called_leaked(door: Door, place: str) -> None:
    answer = await door.ask_bare("GET", door.firm.path("/invoices") + place.format(key=door.firm.key))
    problem = await answer.json()
    await _refused(answer.status, problem, 400, "key_in_address")
    assert "Revoke" in problem["errors"][0]["fix"]


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "application/json; charset=iso-8859-1",
        "application/jsonp",
        "application/problem+json",
        "nonsense",
    ],
)
async def test_another_content_type_is_refused(door: Door, content_type: str | None) -> None:
    answer = await door.ask_bare(
        "POST",
        door.firm.path("/invoices"),
        data=as_body(an_invoice("C-1")),
        headers={**door.firm.headers, **({"Content-Type": content_type} if content_type else {})},
        skip_auto_headers=["Content-Type"],
    )
    problem = await answer.json()
    is_json = str(content_type).startswith("application/json;")
    await _refused(answer.status, problem, 415, "not_json" if is_json else "unsupported_media_type")
    assert "application/json" in problem["errors"][0]["fix"]


@pytest.mark.parametrize(
    ("encoding", "status", "code"),
    [
        ("gzip", 413, "body_too_large"),
        ("br", 415, "unknown_encoding"),
        ("deflate", 400, "broken_compression"),
        ("identity, gzip", 415, "unknown_encoding"),
        ("x", 415, "unknown_encoding"),
    ],
)
async def test_a_bomb_or_a_false_encoding_is_refused(door: Door, encoding: str, status: int, code: str) -> None:
    answer = await door.ask(
        "POST",
        door.firm.path("/invoices"),
        data=gzip.compress(b" " * 5_000_000),
        headers={**JSON, "Content-Encoding": encoding},
    )
    await _refused(answer.status, await answer.json(), status, code)


@pytest.mark.parametrize("chunked", [True, False])
async def test_a_body_over_the_limit_is_refused(door: Door, chunked: bool) -> None:  # noqa: FBT001 - a parameter
    body = document(remarks="x" * 11_000_000)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 100_000):
            yield body[start : start + 100_000]

    answer = await door.ask(
        "POST", door.firm.path("/invoices"), data=pieces() if chunked else body, headers=JSON, chunked=chunked or None
    )
    problem = await answer.json()
    await _refused(answer.status, problem, 413, "body_too_large")
    assert ("2097152" if chunked else "10485760") in problem["errors"][0]["message"]
    assert answer.headers["Connection"] == "close"


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("Content-Length: 99999999999", 413),
        ("Content-Length: -1", 400),
        ("Content-Length: ten", 400),
        ("Content-Length: 4\r\nTransfer-Encoding: chunked", 400),
        ("Transfer-Encoding: xchunked", 400),
        ("Content-Length: 4\r\nContent-Length: 5", 400),
    ],
)
async def test_a_head_that_lies_about_the_body_ends_the_connection(door: Door, head: str, status: int) -> None:
    reader, writer = await asyncio.open_connection(door.address.host, door.address.port)
    writer.write(
        f"POST {door.firm.path('/invoices')} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {door.firm.key}\r\n{head}\r\n\r\nnull".encode()
    )
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    assert answer.startswith(f"HTTP/1.1 {status}".encode())


@pytest.mark.parametrize("key", ["", "x" * 256, "x" * 300, "with blank", "\xe9", "tab\there"])
async def test_an_idempotency_key_has_1_to_255_visible_characters(door: Door, key: str) -> None:
    answer = await door.ask(
        "POST", door.firm.path("/invoices"), json=an_invoice("I-1"), headers={"Idempotency-Key": key}
    )
    problem = await answer.json()
    await _refused(answer.status, problem, 400, "bad_idempotency_key")
    assert problem["errors"][0]["path"] == "Idempotency-Key:"


@pytest.mark.parametrize(
    "path",
    [
        f"/invoices/{UNKNOWN_ID}",
        f"/invoices/{UNKNOWN_ID}/events",
        f"/invoices/{UNKNOWN_ID}/receipt",
        f"/invoices/{UNKNOWN_ID}?wait=1",
        "/invoices/1",
        "/invoices/%00",
        "/invoices/%2e%2e/",
        "/invoices/' OR 1=1--",
        "/invoices/",
        "//invoices",
        "/invoices;jsessionid=1",
        "/nothing",
    ],
)
async def test_what_is_not_there_is_not_found(door: Door, path: str) -> None:
    answer = await door.ask("GET", door.firm.path(path))
    problem = await answer.json(content_type="application/problem+json")
    assert (answer.status, problem["status"]) == (404, 404)


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-Method-Override"])
async def test_a_method_in_a_header_is_passed_over(door: Door, header: str) -> None:
    answer = await door.ask("GET", door.firm.path("/invoices"), headers={header: "DELETE"})
    assert answer.status == 200


@pytest.mark.parametrize(
    ("head", "status"), [({"X-Long": "x" * 17_000}, 431), ({f"X-{n}": "x" for n in range(70)}, 431)]
)
async def test_a_head_too_large_is_refused(door: Door, head: dict[str, str], status: int) -> None:
    answer = await door.ask("GET", door.firm.path("/invoices"), headers=head)
    assert (answer.status, (await answer.json())["code"]) == (status, "headers_too_large")


async def test_an_address_too_long_is_refused(door: Door) -> None:
    answer = await door.ask("GET", door.firm.path("/invoices?reference=" + "x" * 20_000))
    assert (answer.status, (await answer.json())["code"]) == (414, "uri_too_long")
