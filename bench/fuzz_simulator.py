"""Fuzzes how the simulator reads messages, at both addresses: always a documented code, in bounded memory."""

import asyncio
import gzip
import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bench.fuzzing import (
    KEYS,
    ODD_JSON,
    ODD_VALUES,
    Chance,
    command,
    odd_value,
    peak_mib,
    run,
    spoil_bytes,
    spoil_value,
)
from risiti.cli.console import CommandError, Exit, complain, print_json
from risiti.efris import catalogue, crypto
from risiti.efris.envelope import encode_base64
from risiti.simulator import PATH, Device, Taxpayer, World, create_simulator
from risiti.simulator.clock import kampala
from risiti.simulator.enabler import ENABLER_PATH
from risiti.simulator.gate import MAX_CONTENT_BYTES
from risiti.simulator.handlers import SERVICES

SECONDS: Final = 60.0
MAX_GROWTH_MIB: Final = 256
"""Most MiB the process may grow by: a content of 20 MiB, once as bytes, once as text, and what is made of it."""
MESSAGES_PER_WORLD: Final = 2000
"""What is accepted is kept, so that a world is given up after so many messages."""

_TIN: Final = "1000000000"
_DEVICE: Final = "1000000000_01"
_NOW: Final = datetime(2026, 3, 2, 9, 0, 0, tzinfo=UTC)
_PROGRESS_SECONDS: Final = 10.0
_PATHS: Final = (PATH, PATH, PATH, ENABLER_PATH)
_BOMBS: Final = (
    gzip.compress(bytes(4 * MAX_CONTENT_BYTES)),
    gzip.compress(b"[" + b"1," * (2 * 1024 * 1024) + b"1]"),
    gzip.compress(gzip.compress(bytes(4 * MAX_CONTENT_BYTES))),
)


@dataclass
class Tally:
    """What came out so far."""

    executions: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    undocumented: dict[str, bytes] = field(default_factory=dict)
    """The first message that caused each exception or answer nobody has documented."""

    @property
    def codes(self) -> int:
        """How many different return codes were answered."""
        return sum(1 for outcome in self.outcomes if outcome.startswith("code "))


class _Still:
    """A clock that stands still."""

    def now(self) -> datetime:
        return _NOW


class _Listener(logging.Handler):
    """Hears of exceptions that the simulator turned into codes 99 and 46."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        self.heard.append(f"{type(error).__name__}: {error}"[:300])


class Target:
    """A simulator with one seller, and everything it takes to send it sound messages."""

    def __init__(self, key: RSAPrivateKey) -> None:
        self.key = key
        self.world = World.open()
        pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        self.world.register(Taxpayer(tin=_TIN, legal_name="Fuzz Stall (fictitious)"), Device(_DEVICE, _TIN, pem))
        self.world.settings = self.world.settings.changed({"magic": False})
        self.session_key = self.world.registry.new_session_key(_DEVICE, _NOW)
        self.app = create_simulator(self.world, clock=_Still())

    async def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Send one request over ASGI."""
        sent: list[Any] = []
        inbox = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Any:  # noqa: ANN401 - ASGI messages are untyped
            return inbox.pop() if inbox else {"type": "http.disconnect"}

        async def send(message: Any) -> None:  # noqa: ANN401 - ASGI messages are untyped
            sent.append(message)

        await self.app({"type": "http", "method": "POST", "path": path, "headers": []}, receive, send)
        return sent[0]["status"], b"".join(part.get("body", b"") for part in sent[1:])


def main(
    seconds: Annotated[float, typer.Option(min=0.1, help="How long to go on.")] = SECONDS,
    seed: Annotated[int, typer.Option(help="Start of the random numbers; the same seed makes the same messages.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Send made-up and spoilt messages to the simulator for a while, and count what it answers.

    Exit code 1: an exception came out or was turned into a code, an answer had no documented code, or memory grew
    beyond its limit.

    Example: python -m bench.fuzz_simulator --seconds 60 --seed 7
    """
    chance = Chance(seed)
    fuzz_for(0.5, chance)  # whatever is loaded once is loaded now
    before = peak_mib()
    tally = fuzz_for(seconds, chance, said=lambda done: complain(f"fuzz: {done.executions} messages sent"))
    growth = peak_mib() - before
    if as_json:
        print_json(
            {
                "executions": tally.executions,
                "seed": seed,
                "outcomes": dict(tally.outcomes.most_common()),
                "distinct_codes": tally.codes,
                "undocumented": {kind: body[:2000].decode("latin-1") for kind, body in tally.undocumented.items()},
                "peak_memory_mib": peak_mib(),
                "memory_growth_mib": growth,
            }
        )
    else:
        print(f"fuzz: {tally.executions} messages in {seconds:g} s, seed {seed}")
        for outcome, count in tally.outcomes.most_common(20):
            print(f"  {count:>9}  {outcome}")
        print(f"  {tally.codes} different codes, {len(tally.undocumented)} undocumented outcomes")
        print(f"  peak memory {peak_mib()} MiB, {growth} MiB of it while reading (limit {MAX_GROWTH_MIB})")
        for kind, body in tally.undocumented.items():
            print(f"  UNDOCUMENTED {kind}\n    caused by {body[:500]!r}")
    if tally.undocumented:
        raise CommandError("something undocumented came out.", Exit.NO)
    if growth > MAX_GROWTH_MIB:
        raise CommandError(f"memory grew by {growth} MiB, more than {MAX_GROWTH_MIB}.", Exit.NO)


def fuzz_for(seconds: float, chance: Chance, said: Callable[[Tally], object] = lambda _: None) -> Tally:
    """Send messages for so many seconds."""
    return asyncio.run(_fuzz(seconds, chance, said))


async def _fuzz(seconds: float, chance: Chance, said: Callable[[Tally], object]) -> Tally:
    tally = Tally()
    key = generate_private_key(public_exponent=65537, key_size=2048)
    target = Target(key)
    begun = time.monotonic()
    next_word = begun + _PROGRESS_SECONDS
    with _listening() as listener:
        while (now := time.monotonic()) < begun + seconds:
            if now > next_word:
                said(tally)
                next_word += _PROGRESS_SECONDS
            await once(target, chance, tally, listener)
            if tally.executions % MESSAGES_PER_WORLD == 0:
                target.world.close()
                target = Target(key)
    target.world.close()
    return tally


async def once(target: Target, chance: Chance, tally: Tally, listener: _Listener) -> None:
    """Make one message, send it, and note what came of it."""
    body, path = a_message(target, chance), chance.choice(_PATHS)
    tally.executions += 1
    try:
        status, answer = await target.post(path, body)
        code = json.loads(answer)["returnStateInfo"]["returnCode"] if status == 200 else ""  # noqa: PLR2004 - OK
    except Exception as error:  # noqa: BLE001 - finding these is what it is for
        tally.outcomes[type(error).__name__] += 1
        tally.undocumented.setdefault(f"{type(error).__name__}: {error}"[:300], body)
        return
    for heard in listener.heard:
        tally.undocumented.setdefault(heard, body)
    listener.heard.clear()
    tally.outcomes[f"code {code}" if code else f"HTTP {status}"] += 1
    if code not in _CODES and status != 413:  # noqa: PLR2004 - the documented answer to what is too large
        tally.undocumented.setdefault(f"HTTP {status}, code {code!r}", body)


def a_message(target: Target, chance: Chance) -> bytes:
    """Return a request: sound with any content, or spoilt in its structure or its bytes, or mere noise."""
    kind = chance.random()
    if kind < 0.05:  # noqa: PLR2004 - shares
        return chance.choice((*ODD_JSON, chance.randbytes(chance.randrange(200))))
    message = _sound(target, chance)
    if kind < 0.35:  # noqa: PLR2004 - shares
        message = spoil_value(message, chance)
    try:
        body = json.dumps(message).encode("utf-8", "surrogatepass")
    except RecursionError:
        return b"[" * 100_000
    return spoil_bytes(body, chance) if kind > 0.85 else body  # noqa: PLR2004 - shares


def _sound(target: Target, chance: Chance) -> Any:  # noqa: ANN401 - any JSON
    content = _packed(_content(chance), chance)
    encrypted = chance.random() < 0.7  # noqa: PLR2004 - shares
    if encrypted:
        content = crypto.encrypt(target.session_key, content)
    if chance.random() < 0.05:  # noqa: PLR2004 - shares
        content = gzip.compress(content)
    text = encode_base64(content) if chance.random() < 0.97 else chance.choice(("%%%", "H4sI", "é", "A" * 5000))  # noqa: PLR2004
    signed = chance.random() < 0.95  # noqa: PLR2004 - shares
    return {
        "data": {
            "content": text,
            "signature": encode_base64(crypto.sign(target.key, text.encode()))
            if signed
            else chance.choice(("", "AA==")),
            "dataDescription": {
                "codeType": "1" if encrypted else "0",
                "encryptCode": "2" if encrypted else "1",
                "zipCode": chance.choice("01"),
            },
        },
        chance.choice(("globalInfo",) * 9 + ("global_info",)): _global_info(chance),
        "returnStateInfo": {"returnCode": "", "returnMessage": ""},
    }


def _global_info(chance: Chance) -> dict[str, object]:
    return {
        "appId": chance.choice(("AP04", "AP01")),
        "version": "1.1.20191201",
        "dataExchangeId": f"{chance.getrandbits(128):032x}",
        "interfaceCode": chance.choice((*SERVICES, "T999")),
        "requestCode": "TP",
        "requestTime": f"{kampala(_NOW):%Y-%m-%d %H:%M:%S}",
        "responseCode": "TA",
        "userName": "admin",
        "deviceMAC": "FFFFFFFFFFFF",
        "deviceNo": _DEVICE,
        "tin": _TIN,
        "brn": "",
        "taxpayerID": "1",
        "longitude": "32.5825",
        "latitude": "0.3476",
        "agentType": "0",
        "extendField": chance.choice(
            ({"responseDateFormat": "dd/MM/yyyy"}, {"referenceNo": "SIM-99"}, "", [], chance.choice(ODD_VALUES))
        ),
    }


def _packed(content: bytes, chance: Chance) -> bytes:
    share = chance.random()
    if share < 0.01:  # noqa: PLR2004 - shares
        return chance.choice(_BOMBS)
    return gzip.compress(content) if share < 0.1 else content  # noqa: PLR2004 - shares


def _content(chance: Chance) -> bytes:
    share = chance.random()
    if share < 0.1:  # noqa: PLR2004 - shares
        return chance.choice(ODD_JSON)
    value: object = {key: odd_value(chance, 3) for key in chance.sample(KEYS, chance.randrange(12))}
    if share < 0.35:  # noqa: PLR2004 - shares
        value = [value, odd_value(chance, 2)]
    text = json.dumps(value).encode("utf-8", "surrogatepass")
    return spoil_bytes(text, chance) if share > 0.9 else text  # noqa: PLR2004 - shares


@contextmanager
def _listening() -> Iterator[_Listener]:
    listener, log = _Listener(), logging.getLogger("risiti.simulator.calls")
    before = log.propagate
    log.addHandler(listener)
    log.propagate = False
    try:
        yield listener
    finally:
        log.removeHandler(listener)
        log.propagate = before


_CODES: Final = {row.code for row in catalogue()} - {"99", "46"}


app = command(main)

if __name__ == "__main__":
    run(app)
