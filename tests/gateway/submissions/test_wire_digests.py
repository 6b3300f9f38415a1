"""The journal holds the SHA-256 of the exact bytes of each message about a document, and of what came back."""

import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from risiti.efris import Reply, Transport
from risiti.gateway.events import Event
from risiti.gateway.submissions.tables import Evidence
from risiti.simulator import Fault
from tests.gateway.submissions.world import World, open_world

pytestmark = pytest.mark.anyio


class Tap:
    """A wire that somebody listens to: every message and its answer, byte for byte."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self.heard: dict[str, tuple[str, str | None]] = {}
        """By the digest of the message: its interface, and the digest of the answer."""

    async def post(self, url: str, body: bytes, *, timeout: float, limit: int) -> Reply:  # noqa: ASYNC109 - Transport's
        interface = json.loads(body)["globalInfo"]["interfaceCode"]
        sent = hashlib.sha256(body).hexdigest()
        self.heard[sent] = (interface, None)
        reply = await self._inner.post(url, body, timeout=timeout, limit=limit)
        self.heard[sent] = (interface, hashlib.sha256(reply.body).hexdigest())
        return reply


class Tapped:
    def __init__(self, world: World, tap: Tap) -> None:
        self.world, self.tap = world, tap

    async def told(self, document_id: str) -> list[tuple[str, list[dict[str, Any]]]]:
        """Return the events of a document, each with what it says of the wire."""

        def unit(session: Session) -> list[tuple[str, list[dict[str, Any]]]]:
            found = session.scalars(select(Event).where(Event.document_id == document_id).order_by(Event.position))
            return [(one.name, json.loads(one.data).get("wire", [])) for one in found]

        return await self.world.runtime.database.read(unit)

    def is_what_was_heard(self, wire: list[dict[str, Any]]) -> bool:
        return all(self.tap.heard[one["sent"]] == (one["interface"], one["answer"]) for one in wire)


@pytest.fixture
async def tapped(database_url: str) -> AsyncIterator[Tapped]:
    taps: list[Tap] = []

    def through(inner: Transport) -> Transport:
        taps.append(Tap(inner))
        return taps[0]

    async with open_world(database_url, through=through) as world:
        await world.trust_duplicate_check()
        yield Tapped(world, taps[0])


async def test_a_good_answer_and_what_it_answers_stand_in_the_event_that_tells_of_it(tapped: Tapped) -> None:
    accepted = await tapped.world.post()
    await tapped.world.work()
    (_, before), (name, wire) = await tapped.told(accepted.invoice.id)
    assert (name, before) == ("invoice.fiscalised", [])
    assert [one["interface"] for one in wire] == ["T109"]
    assert wire[0]["answer"] is not None
    assert tapped.is_what_was_heard(wire)
    (attempt,) = await tapped.world.attempts(accepted.invoice.id)
    assert wire[0]["exchange"] == attempt.exchange_id


@pytest.mark.parametrize("fault", ["garbage_after", "http_500_after", "empty_body_after"])
async def test_an_answer_that_nobody_can_read_is_digested_as_it_came(tapped: Tapped, fault: str) -> None:
    tapped.world.break_authority(Fault(fault, "T109", times=1))
    accepted = await tapped.world.post()
    await tapped.world.work()
    name, wire = (await tapped.told(accepted.invoice.id))[-1]
    assert (name, [one["interface"] for one in wire]) == ("invoice.in_doubt", ["T109"])
    assert wire[0]["answer"] is not None
    assert tapped.is_what_was_heard(wire)


async def test_a_message_without_an_answer_has_the_digest_of_what_was_sent(tapped: Tapped) -> None:
    tapped.world.break_authority(Fault("drop_after", "T109", times=1))
    accepted = await tapped.world.post()
    await tapped.world.work()
    _, wire = (await tapped.told(accepted.invoice.id))[-1]
    assert [one["answer"] for one in wire] == [None]
    assert wire[0]["sent"] in tapped.tap.heard

    await tapped.world.work(10)  # then it is asked about, and found
    name, wire = (await tapped.told(accepted.invoice.id))[-1]
    assert name == "invoice.fiscalised"
    assert {one["interface"] for one in wire} == {"T106", "T108"}
    assert tapped.is_what_was_heard(wire)


async def test_what_was_not_shown_is_evidence_with_the_digests_of_question_and_answer(tapped: Tapped) -> None:
    tapped.world.break_authority(Fault("drop_before", "T109", times=1))
    accepted = await tapped.world.post()
    await tapped.world.work(1_000, step=60)

    def unit(session: Session) -> list[dict[str, Any]]:
        found = session.scalars(select(Evidence.detail).where(Evidence.document_id == accepted.invoice.id))
        return [json.loads(detail) for detail in found]

    details = await tapped.world.runtime.database.read(unit)
    assert details
    assert all(detail["wire"] and tapped.is_what_was_heard(detail["wire"]) for detail in details)


async def test_a_refusal_is_told_with_its_bytes(tapped: Tapped) -> None:
    tapped.world.break_authority(Fault("refuse", "T109", times=1, code="1316"))
    accepted = await tapped.world.post()
    await tapped.world.work()
    name, wire = (await tapped.told(accepted.invoice.id))[-1]
    assert name == "invoice.refused"
    assert tapped.is_what_was_heard(wire)
    assert wire[0]["answer"] is not None


async def test_of_what_never_left_nothing_is_said(tapped: Tapped) -> None:
    tapped.world.break_authority(Fault("http_503", "T104"))
    accepted = await tapped.world.post()
    await tapped.world.work()
    assert [wire for _, wire in await tapped.told(accepted.invoice.id)] in ([[]], [[], []])
