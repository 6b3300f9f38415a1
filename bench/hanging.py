"""While the authority hangs for 30 s on 20 invoices: how soon do GET /health and a POST of an invoice answer?"""

import asyncio
import time
from pathlib import Path
from typing import Final

import aiohttp

from bench.result import Line, at
from risiti.cli.authority import Authority
from risiti.cli.console import CommandError
from risiti.cli.erp import Account, Erp
from risiti.cli.shop import DEVICE_NO, SHOP
from risiti.cli.stage import Stage, Tempo
from risiti.efris import UPLOAD_INVOICE

HANG_SECONDS: Final = 30
REQUESTS: Final = 100
LIMIT_MILLISECONDS: Final = 100.0
ON_DEVICE: Final = (8, 8, 4)
"""A device has at most 8 invoices on the wire at once, so 20 need three."""
EVERY_SECONDS: Final = 0.2
"""Pause between two requests: 100 of them are spread over 20 of the 30 seconds."""
PATIENCE_SECONDS: Final = 20.0
LOOK_SECONDS: Final = 0.1


async def measure(folder: Path) -> list[Line]:
    """Hang 20 submissions, ask for health 100 times in a row while invoices keep coming in, and count."""
    tempo = Tempo(timeout=HANG_SECONDS + 5)
    async with Stage(folder, tempo=tempo, settings={"WORKER_CONCURRENCY": str(sum(ON_DEVICE))}) as stage:
        others = [await stage.add_device(f"{SHOP['tin']}_{number:02d}") for number in range(2, len(ON_DEVICE) + 1)]
        async with Erp(stage.account) as erp, Authority(stage.simulator_url) as authority:
            devices = [await _first_device(stage.account), *others]
            before = int(str((await authority.calls()).get(UPLOAD_INVOICE.code, 0)))
            await authority.set_faults([{"fault": "hang", "interface": UPLOAD_INVOICE.code, "seconds": HANG_SECONDS}])
            for device, count in zip(devices, ON_DEVICE, strict=True):
                for number in range(count):
                    await _post(erp, f"HANG-{device}-{number}"[-40:], device)
            await _until_on_the_wire(authority, before + sum(ON_DEVICE))
            accepting = asyncio.create_task(_accept_meanwhile(erp, devices[0]))
            health = sorted(await _health_times(stage.gateway_url))
            accepting.cancel()
            accepted = sorted(await accepting)
            still_hanging = int(str((await authority.calls())[UPLOAD_INVOICE.code])) - before
    return [_line("GET /health", health, still_hanging), _line("POST .../invoices", accepted, still_hanging)]


def _line(what: str, times: list[float], hanging: int) -> Line:
    if not times:
        raise CommandError(f"{what}: nothing was answered while the authority hung")
    within = sum(value <= LIMIT_MILLISECONDS for value in times)
    figures = {"p50_ms": at(0.5, times), "p99_ms": at(0.99, times), "max_ms": times[-1]}
    sentence = (
        f"{within} of {len(times)} within {LIMIT_MILLISECONDS:.0f} ms while {hanging} submissions hang for "
        f"{HANG_SECONDS} s (p50 {figures['p50_ms']:.1f} ms, p99 {figures['p99_ms']:.1f} ms, "
        f"max {figures['max_ms']:.1f} ms)"
    )
    return Line(what, sentence, {**figures, "within": within, "of": len(times)})


async def _health_times(url: str) -> list[float]:
    """Return how many milliseconds each request took, connecting included for each."""
    times = []
    connector = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(url, connector=connector) as session:
        for _ in range(REQUESTS):
            begun = time.perf_counter()
            async with session.get("/health") as answer:
                await answer.read()
                answer.raise_for_status()
            times.append(1000 * (time.perf_counter() - begun))
            await asyncio.sleep(EVERY_SECONDS)
    return times


async def _accept_meanwhile(erp: Erp, device: str) -> list[float]:
    """Post invoices one after the other until cancelled; return how many milliseconds each took."""
    times: list[float] = []
    try:
        while True:
            begun = time.perf_counter()
            await _post(erp, f"MORE-{len(times):04d}", device)
            times.append(1000 * (time.perf_counter() - begun))
            await asyncio.sleep(EVERY_SECONDS)
    except asyncio.CancelledError:
        return times


async def _post(erp: Erp, reference: str, device: str) -> None:
    line = {
        "name": "Soft drink, 500 ml",
        "code": "SUP-004",
        "category": "50202306",
        "unit": "PCE",
        "quantity": "1",
        "unit_price": "1500",
        "tax": "standard",
    }
    answer = await erp.post_invoice(
        {"reference": reference, "device": device, "lines": [line]}, idempotency_key=reference
    )
    if not answer.accepted:
        raise CommandError(f"{reference} was turned down ({answer.status}): {answer.body}")


async def _until_on_the_wire(authority: Authority, calls: int) -> None:
    """Wait until the authority has that many submissions in its hands."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while int(str((await authority.calls()).get(UPLOAD_INVOICE.code, 0))) < calls:  # noqa: ASYNC110 - over HTTP
            await asyncio.sleep(LOOK_SECONDS)


async def _first_device(account: Account) -> str:
    headers = {"Authorization": f"Bearer {account.key}"}
    path = f"/api/companies/{account.company_id}/devices"
    async with aiohttp.ClientSession(account.url, headers=headers) as session, session.get(path) as answer:
        items = (await answer.json())["items"]
    return next(str(item["id"]) for item in items if item["device_no"] == DEVICE_NO)
