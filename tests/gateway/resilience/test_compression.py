import gzip
import io
import zlib
from collections.abc import Callable
from random import Random

import brotli
import pytest
from aiohttp import ClientSession
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from risiti.gateway.kernel.errors import GatewayError
from risiti.gateway.resilience.compression import MIN_BYTES, Compression
from risiti.gateway.resilience.decompression import MAX_RATIO, SMALL_BYTES, Decompression
from tests.gateway.api.serving import served

pytestmark = pytest.mark.anyio
LIMIT = 4_000_000
TEXT = b"One invoice, one fiscal document number. " * 100
INFLATE: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.decompress, "br": brotli.decompress}
DEFLATE: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "deflate": zlib.compress}


def refuse(error: GatewayError, scope: Scope) -> ASGIApp:  # noqa: ARG001 - the signature that is asked for
    return PlainTextResponse(error.code, error.status)


class Echo:
    """Answers with the size of the body it read, or with what stopped it."""

    def __init__(self) -> None:
        self.longest_piece = 0
        self.read = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async for piece in Request(scope, receive).stream():
                self.read += len(piece)
                self.longest_piece = max(self.longest_piece, len(piece))
            answer: ASGIApp = PlainTextResponse(str(self.read))
        except GatewayError as error:
            answer = refuse(error, scope)
        await answer(scope, receive, send)


async def post(echo: Echo, body: bytes, encoding: str) -> tuple[int, str]:
    async with served(Decompression(echo, limit=LIMIT, refuse=refuse)) as address, ClientSession() as http:
        answer = await http.post(address.url, data=io.BytesIO(body), headers={"Content-Encoding": encoding})
        return answer.status, await answer.text()


@pytest.mark.parametrize("encoding", DEFLATE)
async def test_a_compressed_body_is_read_as_what_it_was(encoding: str) -> None:
    assert await post(Echo(), DEFLATE[encoding](TEXT), encoding) == (200, str(len(TEXT)))
    assert await post(Echo(), DEFLATE[encoding](b""), encoding) == (200, "0")


@pytest.mark.parametrize("encoding", ["identity", ""])
async def test_a_plain_body_passes(encoding: str) -> None:
    assert await post(Echo(), TEXT, encoding) == (200, str(len(TEXT)))


@pytest.mark.parametrize("encoding", DEFLATE)
async def test_a_bomb_goes_off_in_small_pieces_and_is_refused(encoding: str) -> None:
    echo = Echo()
    assert await post(echo, DEFLATE[encoding](bytes(20_000_000)), encoding) == (413, "body_too_large")
    assert echo.read <= SMALL_BYTES + 200_000
    assert echo.longest_piece < 200_000


def swelling(ratio: float) -> bytes:
    """A gzip body of more than SMALL_BYTES whose size on the wire is filled up with a comment nobody inflates."""
    inflated = bytes(SMALL_BYTES + 1)
    bare = gzip.compress(inflated)
    comment = b"x" * (int(len(inflated) / ratio) - len(bare) - 1) + b"\0"
    return bare[:3] + b"\x10" + bare[4:10] + comment + bare[10:]


@pytest.mark.parametrize(("ratio", "status"), [(MAX_RATIO - 1, 200), (MAX_RATIO + 1, 413)])
async def test_how_much_a_body_may_swell(ratio: float, status: int) -> None:
    assert (await post(Echo(), swelling(ratio), "gzip"))[0] == status


@pytest.mark.parametrize(("size", "status"), [(LIMIT, 200), (LIMIT + 1, 413)])
async def test_the_limit_on_bodies_counts_what_they_become(size: int, status: int) -> None:
    noisy = Random(5).randbytes(size)  # noqa: S311 - repeatable on purpose
    assert (await post(Echo(), gzip.compress(noisy, 1), "gzip"))[0] == status


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (gzip.compress(TEXT)[:-9], "broken_compression"),
        (b"no gzip at all", "broken_compression"),
        (gzip.compress(TEXT) + b"trailing", "broken_compression"),
        (b"", "broken_compression"),
    ],
)
async def test_a_damaged_body_is_refused(body: bytes, code: str) -> None:
    assert await post(Echo(), body, "gzip") == (400, code)


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "compress"])
async def test_other_encodings_are_named(encoding: str) -> None:
    assert await post(Echo(), TEXT, encoding) == (415, "unknown_encoding")


async def get(app: ASGIApp, accepted: str) -> tuple[dict[str, str], bytes]:
    async with served(Compression(app)) as address, ClientSession(auto_decompress=False) as http:
        answer = await http.get(address.url, headers={"Accept-Encoding": accepted})
        return {name.lower(): value for name, value in answer.headers.items()}, await answer.read()


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip", "gzip"),
        ("br", "br"),
        ("gzip, deflate, br", "br"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("*", "br"),
        ("br;q=0, *", "gzip"),
    ],
)
async def test_an_answer_is_compressed_as_the_caller_likes_it_best(accepted: str, encoding: str) -> None:
    headers, body = await get(PlainTextResponse(TEXT), accepted)
    assert headers["content-encoding"] == encoding
    assert headers["vary"] == "Accept-Encoding"
    assert len(body) < len(TEXT) / 5
    assert INFLATE[encoding](body) == TEXT


@pytest.mark.parametrize("accepted", ["", "identity", "gzip;q=0, br;q=0", "zstd", "gzip;q=nonsense"])
async def test_who_takes_no_compression_gets_none(accepted: str) -> None:
    headers, body = await get(PlainTextResponse(TEXT), accepted)
    assert "content-encoding" not in headers
    assert body == TEXT


@pytest.mark.parametrize(("size", "is_compressed"), [(MIN_BYTES - 1, False), (MIN_BYTES, True)])
async def test_small_answers_stay_plain(size: int, is_compressed: bool) -> None:  # noqa: FBT001
    headers, _ = await get(PlainTextResponse(b"x" * size), "gzip")
    assert ("content-encoding" in headers) == is_compressed


async def test_what_is_compressed_already_stays_as_it_is() -> None:
    headers, body = await get(Response(TEXT, media_type="application/pdf"), "gzip")
    assert "content-encoding" not in headers
    assert body == TEXT


async def test_an_answer_in_pieces_is_compressed_in_pieces() -> None:
    pieces = StreamingResponse((TEXT for _ in range(3)), media_type="text/plain")
    headers, body = await get(pieces, "gzip")
    assert headers["content-encoding"] == "gzip"
    assert gzip.decompress(body) == TEXT * 3
