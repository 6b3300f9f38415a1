"""The way to an external signer: what it may answer, and what becomes of a wrong, late, large or rude answer."""

import asyncio
import base64
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from risiti.efris import NotReady
from risiti.efris.crypto import DecryptionFailed, sign, verifies, wrap
from risiti.gateway.kernel.secrets import Secret
from risiti.gateway.tenancy import external_signer
from risiti.gateway.tenancy.external_signer import MAX_ANSWER_BYTES, ExternalSigner, SignerHasNoKey, fingerprint
from risiti.signer.app import MAX_REQUEST_BYTES, create_signer, fits
from risiti.signer.folder import CannotUseKey, KeyFolder
from tests.gateway.tenancy.external import TOKEN
from tests.gateway.tenancy.test_devices import PASSWORD, as_pkcs12
from tests.make import a_private_key, as_pem

pytestmark = pytest.mark.anyio

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def put(folder: Path, file: str, content: bytes, mode: int = 0o600) -> None:
    (folder / file).write_bytes(content)
    (folder / file).chmod(mode)


@asynccontextmanager
async def listening(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app, access_log=None, handle_signals=False)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def asked(address: str, token: str = TOKEN, seconds: float = 5.0) -> AsyncIterator[ExternalSigner]:
    signer = ExternalSigner(address, Secret(token), seconds)
    try:
        yield signer
    finally:
        await signer.close()


@asynccontextmanager
async def answering(answer: Answer, seconds: float = 5.0) -> AsyncIterator[ExternalSigner]:
    """The way to a signer that gives every question the same answer."""
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", answer)
    async with listening(app) as address, asked(address, seconds=seconds) as signer:
        yield signer


@pytest.fixture
async def address(tmp_path: Path) -> AsyncIterator[str]:
    put(tmp_path, "till.pem", as_pem(a_private_key()))
    async with listening(create_signer(KeyFolder(tmp_path), TOKEN)) as base:
        yield base


async def test_it_signs_and_unwraps_as_the_key_itself_would(address: str) -> None:
    key = a_private_key()
    async with asked(address) as signer:
        held = signer.holding("till", fingerprint(key.public_key()))
        assert await asyncio.to_thread(held.sign, b"a content") == sign(key, b"a content")
        assert await asyncio.to_thread(held.unwrap, wrap(key.public_key(), b"0123456789abcdef")) == b"0123456789abcdef"
        with pytest.raises(DecryptionFailed):
            await asyncio.to_thread(held.unwrap, b"short")


@pytest.mark.parametrize("name", ["other", "..", "till.pem", "a/b", "x" * 65, ""])
async def test_a_name_that_is_none_of_its_keys_is_not_found(address: str, name: str) -> None:
    async with asked(address) as signer:
        with pytest.raises(SignerHasNoKey):
            await signer.find(name)


async def test_a_wrong_token_gets_nothing_and_the_sentence_does_not_show_it(address: str) -> None:
    async with asked(address, token="b" * 40) as signer:
        with pytest.raises(NotReady, match="refuses our token") as raised:
            await signer.find("till")
    assert "b" * 40 not in str(raised.value)


@pytest.mark.parametrize("given", ["", "Bearer", f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}x", f"bearer {TOKEN}", "é"])
def test_tokens_are_compared_in_constant_time_whatever_their_length(
    monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    compared: list[int] = []

    def noted(one: bytes, other: bytes) -> bool:
        compared.extend((len(one), len(other)))
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", noted)
    assert not fits(given, TOKEN)
    assert fits(f"Bearer {TOKEN}", TOKEN)
    assert compared == [32] * 4


async def test_every_operation_but_health_asks_for_the_token(address: str) -> None:
    async with aiohttp.ClientSession() as nobody:
        statuses = {}
        for method, path in (
            ("GET", "/v1/health"),
            ("GET", "/v1/keys/till"),
            ("POST", "/v1/keys/till/sign"),
            ("POST", "/v1/keys/till/unwrap"),
            ("GET", "/elsewhere"),
        ):
            async with nobody.request(method, address + path) as answer:
                statuses[path] = answer.status
    assert statuses.pop("/v1/health") == 200
    assert set(statuses.values()) == {401}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (json.dumps({"digest": base64.b64encode(b"d" * 20).decode()}), 200),
        (json.dumps({"digest": base64.b64encode(b"d" * 32).decode()}), 422),
        (json.dumps({"digest": "no base64!"}), 422),
        (json.dumps({"digest": 5}), 422),
        ("[" * 4_000, 422),
        ("", 422),
        (" " * MAX_REQUEST_BYTES, 422),
        (" " * (MAX_REQUEST_BYTES + 1), 413),
    ],
    ids=["a digest", "too long", "no base64", "a number", "deep", "empty", "as large as may be", "larger"],
)
async def test_the_signer_takes_digests_and_refuses_the_rest_clearly(address: str, body: str, status: int) -> None:
    async with (
        aiohttp.ClientSession(headers=BEARER) as caller,
        caller.post(f"{address}/v1/keys/till/sign", data=body) as answer,
    ):
        said = await answer.json()
        assert answer.status == status
        assert (set(said) == {"signature"}) == (status == 200)


async def test_a_protected_key_file_opens_with_the_password_beside_it(tmp_path: Path) -> None:
    put(tmp_path, "till.p12", as_pkcs12(a_private_key()))
    put(tmp_path, "till.password", f"{PASSWORD}\n".encode())
    found = await KeyFolder(tmp_path).find("till")
    assert found is not None
    assert found.key.private_numbers() == a_private_key().private_numbers()


async def test_a_key_file_that_was_replaced_is_read_again(tmp_path: Path) -> None:
    folder = KeyFolder(tmp_path)
    put(tmp_path, "till.pem", as_pem(a_private_key()))
    await folder.find("till")
    put(tmp_path, "new", as_pem(a_private_key("another")))
    (tmp_path / "new").replace(tmp_path / "till.pem")
    found = await folder.find("till")
    assert found is not None
    assert found.key.private_numbers() == a_private_key("another").private_numbers()
    (tmp_path / "till.pem").unlink()
    assert await folder.find("till") is None


async def test_a_key_file_that_others_may_read_is_not_used(tmp_path: Path) -> None:
    put(tmp_path, "till.pem", as_pem(a_private_key()), 0o644)
    with pytest.raises(CannotUseKey, match=r"chmod 600 till\.pem"):
        await KeyFolder(tmp_path).find("till")


async def test_two_files_of_one_name_are_not_chosen_between(tmp_path: Path) -> None:
    put(tmp_path, "till.pem", as_pem(a_private_key()))
    put(tmp_path, "till.p12", b"")
    with pytest.raises(CannotUseKey, match="both there"):
        await KeyFolder(tmp_path).find("till")


async def test_an_answer_may_be_as_large_as_the_limit_and_no_larger() -> None:
    async def padded(request: web.Request) -> web.Response:
        return web.Response(body=b"{}".ljust(int(request.path.rpartition("s")[2])))

    async with answering(padded) as signer:
        assert await signer.ask("GET", f"s{MAX_ANSWER_BYTES}") == {}
        with pytest.raises(NotReady, match=f"more than {MAX_ANSWER_BYTES} bytes"):
            await signer.ask("GET", f"s{MAX_ANSWER_BYTES + 1}")


async def test_a_signer_that_hangs_or_drips_is_given_up_after_its_time() -> None:
    over = asyncio.Event()

    async def dripping(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(b"{")
        await over.wait()
        return answer

    async with answering(dripping, seconds=0.2) as signer:
        with pytest.raises(NotReady, match=r"no answer within 0.2 s"):
            await signer.find("till")
        over.set()


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, "no json", "answered 200"),
        (200, "[1]", "answered 200"),
        (200, "{}", "public_key or until"),
        (200, '{"public_key": "%%"}', "cannot be read: public_key"),
        (302, "{}", "answered 302"),
        (500, '{"code": "key_unusable", "message": "the secret is 1234"}', r"answered 500 \(key_unusable\)"),
        (500, '{"code": "SECRET 1234"}', r"answered 500 \(no code\)"),
    ],
)
async def test_an_answer_that_cannot_be_used_means_not_sent_and_is_not_quoted(
    status: int, body: str, said: str
) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text=body, headers={"Location": "/elsewhere"} if status == 302 else None)

    async with answering(answer) as signer:
        with pytest.raises(NotReady, match=said) as raised:
            await signer.find("till")
    assert "1234" not in str(raised.value)


async def test_a_signature_by_another_key_is_found_before_anything_is_sent() -> None:
    public = base64.b64encode(_spki()).decode()

    async def answer(request: web.Request) -> web.Response:
        if request.method == "GET":
            return web.json_response({"public_key": public, "until": None})
        wrong = sign(a_private_key("another"), b"a content")
        assert not verifies(a_private_key().public_key(), wrong, b"a content")
        return web.json_response({"signature": base64.b64encode(wrong).decode()})

    async with answering(answer) as signer:
        held = signer.holding("till", fingerprint(a_private_key().public_key()))
        with pytest.raises(NotReady, match="does not fit the key till"):
            await asyncio.to_thread(held.sign, b"a content")


async def test_a_key_that_is_not_the_registered_one_is_not_used(address: str) -> None:
    async with asked(address) as signer:
        held = signer.holding("till", fingerprint(a_private_key("another").public_key()))
        with pytest.raises(NotReady, match=r"another key till than the device was registered with"):
            await asyncio.to_thread(held.sign, b"a content")


async def test_neither_the_way_nor_the_key_shows_the_token(address: str) -> None:
    async with asked(address) as signer:
        assert TOKEN not in repr(signer) + repr(signer.holding("till", "")) + repr(vars(external_signer))


def _spki() -> bytes:
    return a_private_key().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
