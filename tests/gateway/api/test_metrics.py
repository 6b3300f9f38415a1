import asyncio

import pytest
from prometheus_client.parser import text_string_to_metric_families

from risiti.gateway.submissions.comparing import FindingKind
from risiti.gateway.submissions.findings import Finding, FindingState
from tests.gateway.api.door import Door
from tests.make import an_invoice

pytestmark = pytest.mark.anyio

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


async def scrape(door: Door) -> Samples:
    answer = await door.ask_bare("GET", "/metrics")
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(await answer.text())
        for sample in family.samples
    }


async def test_the_contract_s_numbers_are_told(door: Door) -> None:
    await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("METRIC-1"))
    numbers = await (await door.ask_bare("GET", "/api/metrics")).json()
    assert numbers["total_companies"] == 2
    assert numbers["active_users"] >= 1
    assert numbers["timestamp"].endswith("Z")
    assert set(numbers["documents"]) >= {"waiting", "in_doubt", "fiscalised", "held"}
    assert numbers["requests_in_flight"] == 1


async def test_requests_are_counted_by_route_and_never_by_path(door: Door) -> None:
    for number in range(3):
        await door.ask("GET", door.firm.path(f"/invoices/doc_{number:026d}"))
        await door.ask_bare("GET", f"/nowhere/{number}")
    found = await scrape(door)
    route = "/api/companies/{company_id}/invoices/{document_id}"
    asked = ("risiti_http_requests_total", (("method", "GET"), ("route", route), ("status", "404")))
    nowhere = ("risiti_http_requests_total", (("method", "GET"), ("route", "none"), ("status", "404")))
    assert found[asked] >= 3
    assert found[nowhere] >= 3
    assert found["risiti_http_request_seconds_count", (("method", "GET"), ("route", route))] >= 3


async def test_queue_memory_and_loop_are_told(door: Door) -> None:
    found = {name for name, _ in await scrape(door)}
    assert found >= {
        "risiti_documents",
        "risiti_oldest_document_age_seconds",
        "process_resident_memory_bytes",
        "process_open_fds",
        "python_gc_objects_collected_total",
        "risiti_event_loop_lag_seconds",
        "risiti_http_requests_in_flight",
    }


async def test_open_findings_are_counted_by_kind_until_somebody_has_dealt_with_them(door: Door) -> None:
    doubled, *_ = [await found(door, FindingKind.DOUBLED, number) for number in range(3)]
    await found(door, FindingKind.ORPHAN, 3)
    assert await findings_told(door) == {"doubled": 3, "orphan": 1, "missing": 0, "resurrected": 0}
    await door.ask("POST", door.firm.path(f"/reconciliation/{doubled}/close"), json={"reason": "credited"})
    assert await findings_told(door) == {"doubled": 2, "orphan": 1, "missing": 0, "resurrected": 0}


async def found(door: Door, kind: FindingKind, number: int) -> str:
    """Have the reconciliation's table say that something was found; return its id."""
    finding = Finding(
        id=door.runtime.ids.finding(),
        company_id=door.firm.id,
        kind=kind,
        fdn=f"3250430{number:05d}",
        reference=f"FOUND-{number}",
        state=FindingState.OPEN,
        detail="{}",
        found_at=door.clock.now(),
    )
    await door.runtime.database.write(lambda session: session.add(finding))
    return str(finding.id)


async def findings_told(door: Door) -> dict[str, float]:
    """Return what is told once the last count no longer serves."""
    door.app.state.census.forget()
    told = await scrape(door)
    return {dict(labels)["kind"]: value for (name, labels), value in told.items() if name == "risiti_findings_open"}


async def test_no_label_names_a_company_or_a_document(door: Door) -> None:
    text = await (await door.ask_bare("GET", "/metrics")).text()
    assert door.firm.id not in text
    assert door.firm.key not in text
    assert "doc_" not in text


async def test_what_a_caller_wished_to_wait_is_not_counted_as_our_time(door: Door) -> None:
    """Nobody works here, so the whole wish is waited; time passes only while somebody sleeps."""
    others = door.clock.asleep
    asked = asyncio.create_task(
        door.ask("POST", door.firm.path("/invoices"), json=an_invoice("WISH-1"), headers={"Prefer": "wait=5"})
    )
    while not asked.done():
        if door.clock.asleep > others:
            door.clock.advance(door.clock.next_waking() - door.clock.monotonic())
        await asyncio.sleep(0)
    assert (await asked).status == 202
    found = await scrape(door)
    route = "/api/companies/{company_id}/invoices"
    assert found["risiti_http_wished_wait_seconds_sum", (("route", route),)] == pytest.approx(5)
    assert found["risiti_http_request_seconds_sum", (("method", "POST"), ("route", route))] == pytest.approx(0)
