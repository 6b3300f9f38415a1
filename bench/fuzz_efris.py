"""Fuzzes how the client reads answers: only the documented errors may come out, in bounded memory."""

import functools
import gzip
import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

import typer

from bench.fuzzing import (
    KEYS,
    ODD_JSON,
    Chance,
    command,
    odd_value,
    peak_mib,
    run,
    spoil_bytes,
    spoil_value,
)
from risiti.cli.console import CommandError, Exit, complain, print_json
from risiti.efris import INTERFACES, Interface, Refused, Unreadable, catalogue, crypto
from risiti.efris.envelope import Envelope, encode_base64
from risiti.efris.exchange import Reading, read
from risiti.efris.models.base import EfrisAnswer, EfrisRequest

SECONDS: Final = 60.0
MAX_BYTES: Final = 1024 * 1024
"""Most bytes of a message and of a content, small so that what exceeds it is made quickly."""
MAX_GROWTH_MIB: Final = 128
"""Most MiB the process may grow by while it reads."""

_KEY: Final = b"0123456789abcdef"
_EXCHANGE_ID: Final = "f" * 32
_READING: Final = Reading(_EXCHANGE_ID, _KEY, MAX_BYTES, MAX_BYTES)
_PROGRESS_SECONDS: Final = 10.0
_BOMB: Final = gzip.compress(bytes(64 * MAX_BYTES))


@dataclass
class Tally:
    """What came out so far."""

    executions: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    distinct: set[str] = field(default_factory=set)
    """Kind and text of every documented error, digits left out."""
    undocumented: dict[str, bytes] = field(default_factory=dict)
    """The first message that caused each exception nobody has documented."""


def main(
    seconds: Annotated[float, typer.Option(min=0.1, help="How long to go on.")] = SECONDS,
    seed: Annotated[int, typer.Option(help="Start of the random numbers; the same seed makes the same messages.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Read made-up and spoilt answers as the client would, for a while, and count what comes of it.

    Exit code 1: an exception that is not documented came out, or memory grew beyond its limit.

    Example: python -m bench.fuzz_efris --seconds 60 --seed 7
    """
    chance = Chance(seed)
    fuzz_for(0.5, chance)  # whatever is loaded once is loaded now
    before = peak_mib()
    tally = fuzz_for(seconds, chance, said=lambda done: complain(f"fuzz: {done.executions} messages read"))
    growth = peak_mib() - before
    result = {
        "executions": tally.executions,
        "seed": seed,
        "outcomes": dict(tally.outcomes.most_common()),
        "distinct_errors": len(tally.distinct),
        "undocumented": {kind: body[:2000].decode("latin-1") for kind, body in tally.undocumented.items()},
        "peak_memory_mib": peak_mib(),
        "memory_growth_mib": growth,
    }
    if as_json:
        print_json(result)
    else:
        print(f"fuzz: {tally.executions} messages in {seconds:g} s, seed {seed}")
        for outcome, count in tally.outcomes.most_common():
            print(f"  {count:>9}  {outcome}")
        print(f"  {len(tally.distinct)} distinct documented errors, {len(tally.undocumented)} undocumented exceptions")
        print(f"  peak memory {peak_mib()} MiB, {growth} MiB of it while reading (limit {MAX_GROWTH_MIB})")
        for kind, body in tally.undocumented.items():
            print(f"  UNDOCUMENTED {kind}\n    caused by {body[:500]!r}")
    if tally.undocumented:
        raise CommandError("an undocumented exception came out.", Exit.NO)
    if growth > MAX_GROWTH_MIB:
        raise CommandError(f"memory grew by {growth} MiB, more than {MAX_GROWTH_MIB}.", Exit.NO)


def fuzz_for(seconds: float, chance: Chance, said: Callable[[Tally], object] = lambda _: None) -> Tally:
    """Read messages for so many seconds."""
    tally = Tally()
    begun = time.monotonic()
    next_word = begun + _PROGRESS_SECONDS
    while (now := time.monotonic()) < begun + seconds:
        if now > next_word:
            said(tally)
            next_word += _PROGRESS_SECONDS
        once(chance, tally)
    return tally


def once(chance: Chance, tally: Tally) -> None:
    """Make one message, read it, and note what came of it."""
    interface = chance.choice(list(INTERFACES.values()))
    body = a_message(interface, chance)
    status = chance.choice((200,) * 20 + (400, 404, 429, 500))
    tally.executions += 1
    try:
        read(interface, status, body, _READING)
    except (Unreadable, Refused) as error:
        tally.outcomes[type(error).__name__] += 1
        tally.distinct.add(
            f"{type(error).__name__}: {''.join(letter for letter in error.detail if not letter.isdigit())}"
        )
    except Exception as error:  # noqa: BLE001 - finding these is what it is for
        tally.outcomes[type(error).__name__] += 1
        tally.undocumented.setdefault(f"{interface.code}: {type(error).__name__}: {error}"[:300], body)
    else:
        tally.outcomes["an answer"] += 1


def a_message(interface: Interface[EfrisRequest, EfrisAnswer], chance: Chance) -> bytes:
    """Return an answer: sound outside with any content, or spoilt in its structure or its bytes, or mere noise."""
    kind = chance.random()
    if kind < 0.05:  # noqa: PLR2004 - shares
        return chance.randbytes(chance.randrange(200))
    message = _sound(interface, chance)
    if kind < 0.3:  # noqa: PLR2004 - shares
        message = spoil_value(message, chance)
    try:
        body = json.dumps(message).encode("utf-8", "surrogatepass")
    except RecursionError:
        return b"[" * MAX_BYTES
    if kind > 0.85:  # noqa: PLR2004 - shares
        body = spoil_bytes(body, chance)
    return gzip.compress(body) if chance.random() < 0.1 else body  # noqa: PLR2004 - shares


def _sound(interface: Interface[EfrisRequest, EfrisAnswer], chance: Chance) -> Any:  # noqa: ANN401 - any JSON
    """Return a message that answers the call, its content anything at all."""
    content = _packed(_content(interface, chance), chance)
    encrypted = chance.random() < 0.5  # noqa: PLR2004 - a coin
    if encrypted:
        content = crypto.encrypt(_KEY, content)
    if chance.random() < 0.1:  # noqa: PLR2004 - shares
        content = gzip.compress(content)
    envelope = Envelope(
        content=encode_base64(content),
        code_type="1" if encrypted else "0",
        encrypt_code="2" if encrypted else "1",
        zip_code=chance.choice("01"),
        global_info={"interfaceCode": interface.code, "dataExchangeId": _EXCHANGE_ID},
        return_code=chance.choice(
            ("00", "00", "00", "00", "45", "402", "2253", chance.choice(_codes(interface.code)), "4711")
        ),
        return_message="said the authority",
    )
    return json.loads(envelope.to_bytes())


@functools.cache
def _codes(interface: str) -> list[str]:
    return [row.code for row in catalogue() if interface in row.interfaces] or ["99"]


def _packed(content: bytes, chance: Chance) -> bytes:
    share = chance.random()
    if share < 0.02:  # noqa: PLR2004 - shares
        return _BOMB
    return gzip.compress(content) if share < 0.2 else content  # noqa: PLR2004 - shares


def _content(interface: Interface[EfrisRequest, EfrisAnswer], chance: Chance) -> bytes:
    share = chance.random()
    if share < 0.1:  # noqa: PLR2004 - shares
        return chance.choice(ODD_JSON)
    document = {key: odd_value(chance, 3) for key in _known_keys(interface.answer, chance)}
    value: object = [document, odd_value(chance, 2)] if share < 0.25 else document  # noqa: PLR2004 - shares
    text = json.dumps(value).encode("utf-8", "surrogatepass")
    return spoil_bytes(text, chance) if share > 0.9 else text  # noqa: PLR2004 - shares


def _known_keys(model: type[EfrisAnswer], chance: Chance) -> list[str]:
    """Return most names of an answer's fields, and a few of anybody's."""
    own = [info.alias or name for name, info in model.model_fields.items() if chance.random() < 0.8]  # noqa: PLR2004
    return own + chance.sample(KEYS, 3)


app = command(main)

if __name__ == "__main__":
    run(app)
