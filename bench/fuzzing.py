"""What the fuzzers share: odd values and spoilt bytes, how much memory was needed, how they are run as a command."""

import random
import resource
import sys
from collections.abc import Callable
from typing import Any, Final

import typer

from risiti.cli.console import CommandError, complain
from risiti.efris import INTERFACES

Chance = random.Random


def peak_mib() -> int:
    """Return the most memory that this process has had so far, in MiB."""
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(kilobytes / (1024 * 1024 if sys.platform == "darwin" else 1024))


def command(main: Callable[..., None]) -> typer.Typer:
    """Make a command of a function."""
    app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
    app.command()(main)
    return app


def run(app: typer.Typer) -> None:
    """Run it, and end the process with its exit code."""
    try:
        app()
    except CommandError as error:
        complain(str(error))
        raise SystemExit(error.code) from None


def odd_value(chance: Chance, depth: int) -> object:
    """Return any JSON value, often one that looks like what the authority sends."""
    if depth and chance.random() < 0.3:  # noqa: PLR2004 - shares
        keys = chance.sample(KEYS, 4)
        rows: list[object] = [{key: odd_value(chance, depth - 1) for key in keys} for _ in range(chance.randrange(3))]
        return rows[0] if rows and chance.random() < 0.5 else rows  # noqa: PLR2004 - a coin
    return chance.choice(ODD_VALUES)


def spoil_value(message: Any, chance: Chance) -> Any:  # noqa: ANN401 - any JSON
    """Replace, remove, or double one member somewhere inside."""
    place = message
    for _ in range(chance.randrange(3)):
        inner = [member for member in place.values() if isinstance(member, dict) and member]
        if not inner:
            break
        place = chance.choice(inner)
    key = chance.choice(list(place))
    match chance.randrange(3):
        case 0:
            del place[key]
        case 1:
            place[key] = chance.choice(ODD_VALUES)
        case _:
            place[key + " "] = place[key]
    return message


def spoil_bytes(body: bytes, chance: Chance) -> bytes:
    """Change, remove, insert or double some bytes."""
    spoilt = bytearray(body)
    for _ in range(chance.randrange(1, 8)):
        at = chance.randrange(len(spoilt) + 1)
        match chance.randrange(4):
            case 0:
                spoilt[at : at + 1] = chance.randbytes(1)
            case 1:
                del spoilt[at : at + chance.randrange(1, 50)]
            case 2:
                spoilt[at:at] = chance.choice(ODD_JSON)
            case _:
                spoilt[at:at] = spoilt[:at][-20:]
    return bytes(spoilt)


ODD_VALUES: Final[tuple[object, ...]] = (
    None, True, False, 0, 1, -1, 10**30, 1.5, 1e300, "", " ", "-", "0", "1", "00", "101", "1,000.00", "1,00", "1e5",
    "1e999999999", "NaN", "Infinity", "9" * 50, "0" * 5000, "02/03/2026 12:00:30", "2026-03-02", "32/13/2026",
    "0001-01-01 00:00:00", "99999999", "\x00", "\ud800", "é" * 300, "A" * 5000, [], {}, [[]],
    [None], {"": ""}, {"a": {}}, "VGVzdA==", "====", "H4sI", "é",
)  # fmt: skip
ODD_JSON: Final = (
    b"", b" ", b"null", b"[]", b"{}", b'""', b"0", b"[" * 100_000, b'{"a":' * 50_000, b"1e9999999999999999999",
    b"-" + b"9" * 5000, b'{"a":1,"a ":2}', b"NaN", b"\xef\xbb\xbf{}", b"\xff\xfe", b'"\\ud800"', b'{"a":1}x',
    b'{"invoiceNo":1e400}', b'{"page":{"pageCount":1e-400}}', b"\x1f\x8b", b"\x00",
)  # fmt: skip
KEYS: Final = sorted({
    info.alias or name
    for interface in INTERFACES.values()
    for model in (interface.answer, interface.request)
    for name, info in model.model_fields.items()
} | {"invoiceNo", "grossAmount", "returnCode", "pageCount", "existInvoiceList", "issuedDate"})  # fmt: skip
