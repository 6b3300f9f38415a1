"""API processes are restarted one after the other behind nginx while callers go on; none may notice."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from scripts.drills.front import Front
from scripts.drills.house import House
from scripts.drills.traffic import Call, Caller, Heard, invoice, steadily


@dataclass(frozen=True, slots=True)
class Restarts:
    """What callers heard while so many restarts were made."""

    heard: Heard
    restarts: int


async def play(house: House, front: Front, *, rate: float, rounds: int) -> Restarts:
    """Restart each process of the house in turn, so many times, under so many requests a second."""
    over, heard = asyncio.Event(), Heard()
    async with Caller(front.url, heard, front.trust) as caller:
        calling = asyncio.create_task(steadily(caller, calls(house), rate, over))
        try:
            for _ in range(rounds):
                for place in range(len(house.apis)):
                    await house.restart(place)
        finally:
            over.set()
            await calling
    return Restarts(heard, rounds * len(house.apis))


def calls(house: House) -> Sequence[Call]:
    """Return what callers ask: half of it writes, and some of that no proxy may send a second time."""
    own = house.headers
    terms = '{"rounding": "per_line"}'
    return (
        Call("create", "POST", house.path("/invoices"), invoice("RESTART"), own),
        Call("list", "GET", house.path("/invoices?limit=20"), headers=own),
        Call("create", "POST", house.path("/invoices"), invoice("RESTART"), own),
        Call("health", "GET", "/health"),
        Call("validate", "POST", house.path("/invoices/validate"), invoice("CHECK"), own),
        Call("change", "PATCH", f"/api/companies/{house.account.company_id}", terms, own),
    )
