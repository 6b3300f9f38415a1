"""send(): speak once for a claimed document, then settle. No transaction is open while speaking."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial

import structlog
from sqlalchemy.exc import IntegrityError

from risiti.efris import (
    AsyncClient,
    EfrisError,
    Exchange,
    NotReady,
    NotSent,
    Refused,
    TimedOut,
    Unreachable,
    Verdict,
    witnessed,
)
from risiti.gateway.observability.tracing import Attribute
from risiti.gateway.submissions.broken import Broken, BrokenBefore
from risiti.gateway.submissions.claim import Claim
from risiti.gateway.submissions.engine import Engine
from risiti.gateway.submissions.kind import Found
from risiti.gateway.submissions.settle import Desk, Outcome, Settlement, is_plain, settle, settle_all
from risiti.gateway.submissions.traces import SENT, within_trace

_log = structlog.get_logger()


WriteDown = Callable[[Settlement], Awaitable[bool]]
"""Writes down what became of an attempt; False if another worker has taken the document since."""


async def send(engine: Engine, client: AsyncClient, claim: Claim, write_down: WriteDown) -> None:
    """Send a claimed document once and write down what came of it."""
    told: dict[Attribute, str | int] = {
        Attribute.COMPANY: claim.company_id,
        Attribute.DEVICE: claim.device_id,
        Attribute.ATTEMPT: claim.attempt_id,
        Attribute.FENCE: claim.fence,
    }
    async with within_trace(
        engine.tracing, engine.database, SENT, claim.document_id, told=told, now=engine.clock.now()
    ):
        await _send(engine, client, claim, write_down)


async def _send(engine: Engine, client: AsyncClient, claim: Claim, write_down: WriteDown) -> None:
    outcome = await _speak(engine, client, claim)
    if isinstance(outcome.result, Unreachable | NotReady):
        engine.connections.lost(claim.device_id)
    if await write_down(Settlement(claim, outcome)):
        engine.announce(claim.document_id)


async def settle_together(engine: Engine, settlements: Sequence[Settlement]) -> list[bool]:
    """Write down what became of many attempts in one commit; whether each was still ours to write."""
    desk = Desk(engine.clock.now(), engine.timing, engine.ids, engine.random)
    all_of_them = partial(settle_all, desk=desk, settlements=settlements)
    try:
        if all(map(is_plain, settlements)):
            return await engine.write_down_at_once(all_of_them)
        return await engine.write_down(all_of_them)
    except IntegrityError:
        if len(settlements) > 1:
            raise
        only = settlements[0]
        return [await engine.write_down(partial(settle, desk=desk, claim=only.claim, outcome=only.outcome))]


async def _speak(engine: Engine, client: AsyncClient, claim: Claim) -> Outcome:
    with witnessed() as wire:
        outcome = await _ask(engine, client, claim, wire)
    return replace(outcome, wire=[one for one in wire if one.exchange_id == claim.stamp.exchange_id])


async def _ask(engine: Engine, client: AsyncClient, claim: Claim, wire: Sequence[Exchange]) -> Outcome:
    try:
        await _make_ready(client, claim)
        if engine.clock.monotonic() - claim.claimed > engine.timing.send_window:
            return Outcome(NotSent("the claim was too old to be sent: this worker was held up"))
        async with asyncio.timeout(engine.timing.answer):
            return Outcome(await _send_once(engine, client, claim, wire))
    except TimeoutError:
        return Outcome(TimedOut(f"no answer within {engine.timing.answer:g} s"))
    except Refused as refusal:
        return _refused(engine, claim, refusal)
    except EfrisError as error:
        return Outcome(error)


async def _make_ready(client: AsyncClient, claim: Claim) -> None:
    """See to it that there is a session; what breaks here is not the document's fault, and it has not left."""
    try:
        await client.ready()
    except (EfrisError, TimeoutError):
        raise
    except Exception as error:
        _log.exception("attempt.not_ready", document_id=claim.document_id)
        raise NotSent(f"{type(error).__name__} before anything was sent") from error


async def _send_once(engine: Engine, client: AsyncClient, claim: Claim, wire: Sequence[Exchange]) -> Found:
    """Send; where something of ours breaks, bytes may have left, unless the witness has seen none leave."""
    before = len(wire)
    try:
        return await engine.kinds[claim.kind].send(client, claim.payload, claim.stamp)
    except (EfrisError, TimeoutError):
        raise
    except Exception as error:
        _log.exception("attempt.broken", document_id=claim.document_id)
        raise (Broken(error) if len(wire) > before else BrokenBefore(error)) from error


def _refused(engine: Engine, claim: Claim, refusal: Refused) -> Outcome:
    """Add to a refusal what it means for the seller; it stands without that, too."""
    try:
        kind = engine.kinds[claim.kind]
        hints = kind.named_in(refusal) if refusal.verdict is Verdict.SEEN else ()
        return Outcome(refusal, hints, kind.explain(refusal, claim.payload, claim.content))
    except Exception:  # noqa: BLE001 - logged in full
        _log.exception("refusal.unexplained", document_id=claim.document_id)
        return Outcome(refusal)
