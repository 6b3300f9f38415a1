"""Signing in: does the time of the answer tell whether there is such a person? And what does a login cost?"""

import random
import statistics
import time
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from bench.result import Line
from risiti.gateway.api.attempts import checked
from risiti.gateway.kernel.errors import Unauthenticated
from risiti.gateway.migrations.run import upgrade
from risiti.gateway.runtime import Runtime, open_database, open_runtime
from risiti.gateway.settings import Settings
from risiti.gateway.tenancy import users
from risiti.gateway.tenancy.passwords import Hashing
from risiti.gateway.tenancy.sign_ins import Origin

PAIRS: Final = 200
SHUFFLES: Final = 2_000
KNOWN: Final = "known@shop.invalid"
UNKNOWN: Final = "nobody@shop.invalid"


async def measure(folder: Path) -> list[Line]:
    """Log in with a wrong password, in turn with an address that exists and one that does not, in random order."""
    settings = Settings(database_url=f"sqlite:///{folder / 'bench.db'}")
    database = open_database(settings)
    await upgrade(database)
    await database.close()
    hashing = Hashing()
    times: dict[str, list[float]] = {KNOWN: [], UNKNOWN: []}
    cpu = 0.0
    async with open_runtime(settings) as runtime:
        kept = await hashing.hash("seven quiet herons at dusk")
        await runtime.database.write(lambda session: _add(session, runtime, kept))
        chance = random.Random(5)  # noqa: S311 - an order, nothing secret
        for email in (KNOWN, UNKNOWN):
            await _fail(runtime, hashing, email)
        for _ in range(PAIRS):
            for email in chance.sample((KNOWN, UNKNOWN), 2):
                before, began = time.process_time(), time.perf_counter()
                await _fail(runtime, hashing, email)
                times[email].append(time.perf_counter() - began)
                cpu += time.process_time() - before
    return [_line(times[KNOWN], times[UNKNOWN], cpu / (2 * PAIRS))]


def _line(known: list[float], unknown: list[float], cpu: float) -> Line:
    differences = [a - b for a, b in zip(known, unknown, strict=True)]
    observed = statistics.fmean(differences)
    chance = random.Random(6)  # noqa: S311 - a permutation test
    more_extreme = sum(
        abs(statistics.fmean([value if chance.random() < 0.5 else -value for value in differences])) >= abs(observed)  # noqa: PLR2004
        for _ in range(SHUFFLES)
    )
    p_value = (more_extreme + 1) / (SHUFFLES + 1)
    share = _share_larger(known, unknown)
    medians = statistics.median(known) * 1e3, statistics.median(unknown) * 1e3
    return Line(
        "login",
        f"wrong password: known user {medians[0]:.2f} ms, unknown {medians[1]:.2f} ms (medians of {PAIRS}); a known "
        f"one is the slower of two in {share:.1%} of all pairs (50 % tells nothing); mean difference "
        f"{observed * 1e3:+.3f} ms, p = {p_value:.2f} (paired permutation test, {SHUFFLES} shuffles); "
        f"{cpu * 1e3:.1f} ms of processor time a login",
        {
            "known_ms": medians[0],
            "unknown_ms": medians[1],
            "known_slower": share,
            "mean_difference_ms": observed * 1e3,
            "p_value": p_value,
            "cpu_ms": cpu * 1e3,
        },
    )


def _share_larger(first: list[float], second: list[float]) -> float:
    """Return in which share of all pairs the first is larger: what a guesser with one look could gain (AUC)."""
    wins = sum((a > b) + 0.5 * (a == b) for a in first for b in second)
    return wins / (len(first) * len(second))


async def _fail(runtime: Runtime, hashing: Hashing, email: str) -> None:
    try:
        await checked(runtime, hashing, None, email=email, password="not the password", origin=Origin("192.0.2.1"))  # noqa: S106
    except Unauthenticated:
        return
    raise AssertionError("a wrong password signed somebody in")


def _add(session: Session, runtime: Runtime, kept: str) -> None:
    user = users.add(session, runtime.ids, runtime.clock, email=KNOWN, name="Known (fictitious)")
    user.password_hash = kept
