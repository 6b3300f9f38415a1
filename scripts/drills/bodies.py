"""Bodies that are far too large: 20 MB with and without a length, and small ones that inflate to a gigabyte."""

import asyncio
import contextlib
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final
from urllib.parse import urlsplit

LARGE: Final = 20_000_000
BOMB: Final = 1 << 30
"""What the bombs inflate to."""
PIECE: Final = 65_536
ANSWER_SECONDS: Final = 60.0
_BLOCK: Final = 1 << 20
_ROW: Final = b"REFERENCE-1,2026-01-01,Exercise book 96 pages,3,1800\r\n"
_TEXT: Final = _ROW * (PIECE // len(_ROW))

Pieces = Callable[[], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Attack:
    """One kind of body.

    Attributes:
        name: What people call it.
        headers: What it says of itself.
        pieces: What comes, as it is sent.
    """

    name: str
    headers: tuple[str, ...]
    pieces: Pieces


def attacks() -> Sequence[Attack]:
    """Return every kind of body."""
    chunked, gzip = "Transfer-Encoding: chunked", "Content-Encoding: gzip"
    length = f"Content-Length: {len(gzip_bomb())}"
    return (
        Attack("with a length", (f"Content-Length: {LARGE}",), _text),
        Attack("chunked", (chunked,), lambda: _chunked(_text())),
        Attack("gzip bomb", (gzip, length), lambda: _cut(gzip_bomb())),
        Attack("gzip bomb, chunked", (gzip, chunked), lambda: _chunked(_cut(gzip_bomb()))),
        Attack("large, packed well", (gzip, chunked), lambda: _chunked(_cut(_packed()))),
    )


async def send(url: str, path: str, attack: Attack, headers: Sequence[str] = ()) -> int:
    """Send one body while the answer is waited for; return its status.

    Raises:
        ConnectionError: the connection was closed without an answer.
        TimeoutError: neither came.
    """
    host, port = urlsplit(url).hostname, urlsplit(url).port
    async with asyncio.timeout(ANSWER_SECONDS):
        reader, writer = await asyncio.open_connection(host, port)
        head = (f"POST {path} HTTP/1.1", f"Host: {host}", *headers, *attack.headers, "Connection: close", "", "")
        writer.write("\r\n".join(head).encode("ascii"))
        sending = asyncio.create_task(_send(writer, attack.pieces()))
        try:
            line = await reader.readline()
            if not line:
                raise ConnectionError(f"{attack.name}: closed without an answer")
            status = int(line.split()[1])
            await reader.read()  # to the end of the connection: the caller had all of the answer
        finally:
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await sending
            writer.close()
    return status


async def _send(writer: asyncio.StreamWriter, pieces: Iterator[bytes]) -> None:
    with contextlib.suppress(ConnectionError):  # refused and closed: what was to be shown
        for piece in pieces:
            writer.write(piece)
            await writer.drain()


@cache
def gzip_bomb() -> bytes:
    """Return a whole, valid gzip file of a gigabyte of blanks; made of one packed piece, repeated."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = b" " * _BLOCK
    first = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    check = 0
    for _ in range(BOMB // _BLOCK):
        check = zlib.crc32(block, check)
    head = b"\x1f\x8b\x08" + bytes(7)
    end = packer.flush(zlib.Z_FINISH)
    return head + first * (BOMB // _BLOCK) + end + check.to_bytes(4, "little") + BOMB.to_bytes(4, "little")


@cache
def _packed() -> bytes:
    """Return rows that swell about fiftyfold, within the bound on ratio, to more than any body may have."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    rows = (b"%06d," % number + _ROW * 6 for number in range(LARGE // (6 * len(_ROW))))
    return b"".join(packer.compress(row) for row in rows) + packer.flush()


def _text() -> Iterator[bytes]:
    for sent in range(0, LARGE, len(_TEXT)):
        yield _TEXT[: LARGE - sent]


def _cut(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), PIECE):
        yield body[start : start + PIECE]


def _chunked(pieces: Iterator[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        yield b"%x\r\n" % len(piece) + piece + b"\r\n"
    yield b"0\r\n\r\n"
