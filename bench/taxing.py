"""The tax engine beside pydantic: what does adding a document up cost, as a share of reading the same document?"""

import asyncio
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Final

from bench.result import Line
from risiti.gateway.fiscal import strict_json, totals
from risiti.gateway.fiscal.payloads import NewInvoice

NOW: Final = datetime(2026, 3, 31, 11, 5, tzinfo=UTC)
SIZES: Final = (20, 200)
ROUNDS: Final = 15
SECONDS_A_ROUND: Final = 0.1


async def measure(folder: Path) -> list[Line]:
    """Time both in turns on the same documents, one of plain lines and one of everything mixed."""
    del folder  # nothing is written
    return await asyncio.to_thread(lambda: [_compare(lines, mixed=mixed) for mixed in (False, True) for lines in SIZES])


def _compare(lines: int, *, mixed: bool) -> Line:
    document = strict_json.parse_object(json.dumps(_document(lines, mixed=mixed)).encode())
    invoice = NewInvoice.model_validate(document, context={"now": NOW})

    def read() -> None:
        NewInvoice.model_validate(document, context={"now": NOW})

    def add_up() -> None:
        totals.compute(invoice)

    pairs = [(_seconds(read), _seconds(add_up)) for _ in range(ROUNDS)]
    reading, adding = median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)
    kind = "of everything mixed" if mixed else "standard-rated"
    return Line(
        "tax",
        f"{lines} lines {kind}: the engine takes {adding * 1e3:.2f} ms, pydantic's validation of the same document "
        f"{reading * 1e3:.2f} ms, ratio {adding / reading:.2f} (medians of {ROUNDS} rounds in turns)",
        {
            "lines": lines,
            "engine_seconds": adding,
            "validation_seconds": reading,
            "ratio": adding / reading,
        },
    )


def _seconds(work: Callable[[], None]) -> float:
    """Return how long one run takes, from as many as fit into a round."""
    runs, begun = 0, time.perf_counter()
    while (spent := time.perf_counter() - begun) < SECONDS_A_ROUND:
        work()
        runs += 1
    return spent / runs


def _document(lines: int, *, mixed: bool) -> dict[str, object]:
    plain: dict[str, object] = {
        "name": "Exercise book, 96 pages",
        "category": "14111514",
        "unit": "102",
        "quantity": "3",
        "unit_price": "1799.99",
        "tax": "standard",
    }
    extras: list[dict[str, object]] = [
        {},
        {"tax": "zero"},
        {"tax": "exempt", "discount": {"percent": "12.5"}},
        {"discount": {"amount": "99.5"}},
        {"excise": {"code": "LED070100", "name": "Soft drinks", "percent": "10"}},
        {"excise": {"code": "LED080600", "name": "Fuel additives", "amount": "650", "per": "litre"}},
    ]
    rows = [{**plain, "code": f"STA-{row}", **(extras[row % len(extras)] if mixed else {})} for row in range(lines)]
    whole: dict[str, object] = {"reference": "BENCH-1", "lines": rows}
    if mixed:
        whole |= {"rounding": "per_document", "prices": "tax_exclusive", "discounts": [{"percent": "3"}]}
    return whole
