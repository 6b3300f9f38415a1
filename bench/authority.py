"""A minimal stand-in for the authority, for benchmarks only: it opens, numbers and seals; it checks and keeps nothing.

What is to be measured is the gateway, so this does as little as an answer needs: time, session key, and for a document
the same content back with a number, encrypted. It signs nothing (the gateway looks at no signature of an answer unless
it is given the authority's key), and runs in a process of its own: `python -m bench.authority KEY_FILE SECONDS`.
"""

import asyncio
import itertools
import json
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any, Final, cast

from risiti.efris.crypto import decrypt, encrypt, load_private_key, wrap

SESSION_KEY: Final = b"a-bench-only-key"
EAST_AFRICA: Final = timezone(timedelta(hours=3))
_numbers = itertools.count(100_000_000_000)


class Answering(asyncio.Protocol):
    """One connection: requests with a content length, one after another."""

    def __init__(self, wrapped_key: str, seconds: float) -> None:
        self._wrapped_key = wrapped_key
        self._seconds = seconds
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where answers go."""
        self._transport = cast("asyncio.Transport", transport)  # what a stream connection has

    def data_received(self, data: bytes) -> None:
        """Answer a request once it is complete, after the time that the authority is meant to take."""
        self._buffer += data
        head, blank, rest = self._buffer.partition(b"\r\n\r\n")
        if not blank:
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(rest) < length:
            return
        self._buffer = rest[length:]
        loop = asyncio.get_running_loop()
        answers_at = loop.time() + self._seconds
        answer = _answer(json.loads(rest[:length]), self._wrapped_key)
        loop.call_at(answers_at, self._send, answer)  # its own work is part of the time that it is meant to take

    def _send(self, answer: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(answer)
                + answer
            )


def _answer(request: dict[str, dict[str, str]], wrapped_key: str) -> bytes:
    told = request["globalInfo"]
    code, secret = told["interfaceCode"], None
    content: object
    if code == "T101":
        content = {"currentTime": datetime.now(EAST_AFRICA).strftime("%d/%m/%Y %H:%M:%S")}
    elif code == "T104":
        content = {"passowrdDes": wrapped_key, "sign": ""}
    elif code not in {"T109", "T129"}:  # background questions; they are asked again later, and measured by nobody
        return _message({}, told, None, "06")
    else:
        secret = SESSION_KEY
        given = json.loads(decrypt(secret, b64decode(request["data"]["content"])))
        content = _issued(given) if code == "T109" else [_row(json.loads(one["invoiceContent"])) for one in given]
    return _message(content, told, secret, "00")


def _issued(document: dict[str, Any]) -> dict[str, Any]:
    head, number = document["basicInformation"], next(_numbers)
    issued = datetime.strptime(head["issuedDate"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=EAST_AFRICA)
    head |= {"invoiceNo": str(number), "antifakeCode": f"9{number}0000000", "invoiceId": str(number)}
    head["issuedDate"] = issued.strftime("%d/%m/%Y %H:%M:%S")
    document["summary"]["qrCode"] = f"https://authority.invalid/verify?fdn={number}"
    return document


def _row(document: dict[str, Any]) -> dict[str, str]:
    """Return what a batch is answered with about one of its documents."""
    return {
        "invoiceContent": json.dumps(_issued(document)),
        "invoiceReturnCode": "00",
        "invoiceReturnMessage": "SUCCESS",
    }


def _message(content: object, told: object, secret: bytes | None, return_code: str) -> bytes:
    plain = json.dumps(content).encode()
    packed = plain if secret is None else encrypt(secret, plain)
    flags = {"codeType": "0" if secret is None else "1", "encryptCode": "1" if secret is None else "2", "zipCode": "0"}
    return json.dumps(
        {
            "data": {"content": b64encode(packed).decode(), "signature": "", "dataDescription": flags},
            "globalInfo": told,
            "returnStateInfo": {"returnCode": return_code, "returnMessage": ""},
        }
    ).encode()


async def _serve(key: bytes, seconds: float) -> None:
    public = load_private_key(key).public_key()
    wrapped_key = b64encode(wrap(public, b64encode(SESSION_KEY))).decode()
    server = await asyncio.get_running_loop().create_server(lambda: Answering(wrapped_key, seconds), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", flush=True)
    await asyncio.to_thread(sys.stdin.read)  # ends with whoever started it


@contextmanager
def standing_in(key_file: Path, seconds: float = 0.0) -> Iterator[str]:
    """Run the stand-in in a process of its own; yields its address.

    Args:
        key_file: The private key that all devices of the benchmark share.
        seconds: How long it takes for each answer.
    """
    command = [sys.executable, "-m", "bench.authority", str(key_file), str(seconds)]
    with Popen(command, stdin=PIPE, stdout=PIPE, text=True) as process:  # closing its input ends it
        if process.stdout is None:  # for the type checker
            raise RuntimeError
        yield process.stdout.readline().strip()
        process.kill()


if __name__ == "__main__":
    import uvloop

    uvloop.run(_serve(Path(sys.argv[1]).read_bytes(), float(sys.argv[2])))
