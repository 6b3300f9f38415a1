"""Accepting invoices beside bare commits of the same rows: how much of the database's speed does a caller get?"""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bench import tills
from bench.premises import Premises, body, furnish, new_database, postgres
from bench.result import Line
from bench.tills import Took, Wanted
from risiti.gateway.fiscal import intents, shapes, strict_json, totals, wire
from risiti.gateway.fiscal.closing import closure_of
from risiti.gateway.fiscal.intents import Shop, Till
from risiti.gateway.fiscal.payloads import NewInvoice
from risiti.gateway.fiscal.reckoning import reckon
from risiti.gateway.fiscal.terms import ANYBODY, settled
from risiti.gateway.fiscal.words import Rounding
from risiti.gateway.submissions.lanes import Priority
from risiti.gateway.tenancy.environment import Environment

COMPANIES: Final = 8
INVOICES: Final = 800
"""Of each process."""
PROCESSES: Final = (1, 2, 4)
PARTS_TIMES: Final = 300
SELLER: Final = wire.Seller("1000000000", "Bench (fictitious)", "", "books@bench.invalid", "", "")
SHOP: Final = Shop("", Environment.TEST, SELLER, True, Rounding.PER_LINE, (Till("", "1000000000_01", False),))


async def measure(folder: Path) -> list[Line]:
    """Compare on PostgreSQL with 1, 2 and 4 processes, and on SQLite with one; then the parts, processor time each."""
    lines = []
    with postgres() as server:
        await furnish(folder, f"sqlite:///{folder / 'first.db'}", None, how_many=1)
        for processes in PROCESSES:
            url = await new_database(server, f"accept_{processes}")
            premises = await furnish(folder, url, None, how_many=COMPANIES)
            lines.append(await _compare("PostgreSQL", premises, processes))
    premises = await furnish(folder, f"sqlite:///{folder / 'accept.db'}", None, how_many=COMPANIES)
    lines.append(await _compare("SQLite", premises, 1))
    return [*lines, *(_parts(rows) for rows in (3, 20))]


async def _compare(on: str, premises: Premises, processes: int) -> Line:
    bare = await tills.measure(premises, Wanted("bare", "BARE", INVOICES), processes)
    accept = await tills.measure(premises, Wanted("accept", "ACC", INVOICES), processes)
    grouped = await tills.measure(premises, Wanted("grouped", "GRP", INVOICES), processes)
    ratio = _rate(accept) / _rate(bare)
    return Line(
        f"accept, {on}, {processes} process{'es' if processes > 1 else ''}",
        f"{_rate(accept):.0f} invoices/s against {_rate(bare):.0f} bare commits/s of the same rows, one transaction "
        f"each: {ratio:.2f} (and {_rate(grouped):.0f}/s bare in groups of {tills.GROUP}: "
        f"{_rate(accept) / _rate(grouped):.2f}); {_cpu(accept):.2f} ms of the processes' CPU for each, "
        f"bare {_cpu(bare):.2f} ms",
        {
            "accepted_per_second": _rate(accept),
            "bare_per_second": _rate(bare),
            "ratio": ratio,
            "grouped_per_second": _rate(grouped),
            "cpu_milliseconds_each": _cpu(accept),
            "bare_cpu_milliseconds_each": _cpu(bare),
        },
    )


def _rate(took: list[Took]) -> float:
    return INVOICES * len(took) / max(one.seconds for one in took)


def _cpu(took: list[Took]) -> float:
    return 1000 * sum(one.cpu for one in took) / (INVOICES * len(took))


def _parts(lines: int) -> Line:
    """Say where the processor time of one invoice goes before its rows are handed to the database."""
    found = {name: 1_000_000 * _seconds(work) for name, work in _works(lines)}
    listed = ", ".join(f"{name} {microseconds:.0f}" for name, microseconds in found.items())
    return Line(
        f"accept, parts, {lines} lines",
        f"microseconds of CPU: {listed}",
        {name.replace(" ", "_"): microseconds for name, microseconds in found.items()},
    )


def _works(lines: int) -> Iterator[tuple[str, Callable[[], object]]]:
    raw, now = body("PART-1", lines=lines), datetime.now(UTC)
    document = strict_json.read_object(raw).document
    new = shapes.parse_invoice(raw, now=now)
    filled = settled(new, ANYBODY)
    reckoned = reckon(new, SHOP.terms({}))
    yield "read JSON", lambda: strict_json.read_object(raw)
    yield "validate", lambda: NewInvoice.model_validate(document, context={"now": now})
    yield "sums", lambda: totals.compute(filled)
    yield "read, check and add up", lambda: shapes.parse_invoice(raw, now=now)
    yield "fingerprint", new.fingerprint
    yield "bytes to send", lambda: wire.freeze(filled, reckoned.totals, SELLER, "1000000000_01", "PART-1")
    yield "content and closure", lambda: (filled.model_dump_json(), closure_of(reckoned).model_dump_json())
    yield "all that is frozen", lambda: intents.prepare(SHOP, new, "", Priority.SINGLE)


def _seconds(work: Callable[[], object]) -> float:
    """Return the processor time of one turn, the least of five rounds."""
    rounds = []
    for _ in range(5):
        begun = time.process_time()
        for _ in range(PARTS_TIMES // 5):
            work()
        rounds.append((time.process_time() - begun) / (PARTS_TIMES // 5))
    return min(rounds)
