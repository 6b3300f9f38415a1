"""send(): speak once for what was claimed together, then settle each. No transaction is open while speaking."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial

import structlog
from sqlalchemy.exc import IntegrityError

from risiti.efris import (
    AsyncClient,
    EfrisError,
    Exchange,
    NoAnswer,
    NotReady,
    NotSent,
    Refused,
    RefusedForGood,
    TimedOut,
    Unreachable,
    Verdict,
    witnessed,
)
from risiti.gateway.db.signals import Channel
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


async def send(engine: Engine, client: AsyncClient, claims: Sequence[Claim], write_down: WriteDown) -> None:
    """Send claimed documents once, in the one message that they were claimed for, and write down what came of each."""
    async with AsyncExitStack() as traces:
        for claim in claims:
            told: dict[Attribute, str | int] = {
                Attribute.COMPANY: claim.company_id,
                Attribute.DEVICE: claim.device_id,
                Attribute.ATTEMPT: claim.attempt_id,
                Attribute.FENCE: claim.fence,
            }
            trace = within_trace(
                engine.tracing, engine.database, SENT, claim.document_id, told=told, now=engine.clock.now()
            )
            await traces.enter_async_context(trace)
        await _send(engine, client, claims, write_down)


async def _send(engine: Engine, client: AsyncClient, claims: Sequence[Claim], write_down: WriteDown) -> None:
    outcomes = await _speak(engine, client, claims)
    if isinstance(outcomes[0].result, Unreachable | NotReady):
        engine.connections.lost(claims[0].device_id)
    if len(claims) > 1:
        _adapt_batches(engine, claims[0].device_id, outcomes)
    written = [
        _write_one_down(engine, Settlement(claim, outcome), write_down)
        for claim, outcome in zip(claims, outcomes, strict=True)
    ]
    if len(written) == 1:
        await written[0]
        return
    for failed in await asyncio.gather(*written, return_exceptions=True):
        if failed is not None:
            raise failed


async def _write_one_down(engine: Engine, settlement: Settlement, write_down: WriteDown) -> None:
    if await write_down(settlement):
        engine.announce(settlement.claim.document_id)


def _adapt_batches(engine: Engine, device_id: str, outcomes: Sequence[Outcome]) -> None:
    """Have messages carry more documents where they were answered quickly, fewer where nothing came of one.

    A document that is refused for good is an answer, too. That a signer did not get through with all of them in time
    is a reason for fewer; that a message was held back is none.
    """
    results = [outcome.result for outcome in outcomes]
    if isinstance(results[0], NotSent) and not isinstance(results[0], NotReady):
        return
    is_answered = any(isinstance(result, Found | RefusedForGood) for result in results)
    seconds = next((one.seconds for one in outcomes[0].wire), None)
    engine.connections.upstreams.answered_batch(device_id, len(results), seconds if is_answered else None)


async def settle_together(engine: Engine, settlements: Sequence[Settlement]) -> list[bool]:
    """Write down what became of many attempts in one commit; whether each was still ours to write."""
    desk = Desk(engine.clock.now(), engine.timing, engine.ids, engine.random)
    all_of_them = partial(settle_all, desk=desk, settlements=settlements)
    try:
        if all(map(is_plain, settlements)):
            aloud = len(settlements) == 1 and engine.signals.is_quiet(Channel.MOVED)
            written = await engine.write_down_at_once(partial(all_of_them, aloud=aloud))
            if aloud and written == [True]:
                engine.signals.was_said(Channel.MOVED, settlements[0].claim.document_id)
            return written
        return await engine.write_down(all_of_them)
    except IntegrityError:
        if len(settlements) > 1:
            raise
        only = settlements[0]
        return [await engine.write_down(partial(settle, desk=desk, claim=only.claim, outcome=only.outcome))]


async def _speak(engine: Engine, client: AsyncClient, claims: Sequence[Claim]) -> list[Outcome]:
    with witnessed() as heard:
        results = await _ask(engine, client, claims, heard)
    exchange_id = claims[0].stamp.exchange_id
    wire = [one for one in heard if one.exchange_id == exchange_id]
    return [_outcome(engine, claim, result, wire) for claim, result in zip(claims, results, strict=True)]


async def _ask(
    engine: Engine, client: AsyncClient, claims: Sequence[Claim], wire: Sequence[Exchange]
) -> Sequence[Found | EfrisError]:
    first = claims[0]
    try:
        await _make_ready(client, first)
        if engine.clock.monotonic() - first.claimed > engine.timing.send_window:
            raise NotSent("the claim was too old to be sent: this worker was held up")
        async with asyncio.timeout(engine.timing.answer):
            return await _send_once(engine, client, claims, wire)
    except TimeoutError:
        if not any(one.exchange_id == first.stamp.exchange_id for one in wire):
            return [NotReady(f"not ready to be sent within {engine.timing.answer:g} s")] * len(claims)
        return [TimedOut(f"no answer within {engine.timing.answer:g} s")] * len(claims)
    except EfrisError as error:
        return [error] * len(claims)


async def _make_ready(client: AsyncClient, claim: Claim) -> None:
    """See to it that there is a session; what breaks here is not the document's fault, and it has not left."""
    try:
        await client.ready()
    except (EfrisError, TimeoutError):
        raise
    except Exception as error:
        _log.exception("attempt.not_ready", document_id=claim.document_id)
        raise NotSent(f"{type(error).__name__} before anything was sent") from error


async def _send_once(
    engine: Engine, client: AsyncClient, claims: Sequence[Claim], wire: Sequence[Exchange]
) -> Sequence[Found | Refused | NoAnswer]:
    """Send; where something of ours breaks, bytes may have left, unless the witness has seen none leave."""
    before, first = len(wire), claims[0]
    kind = engine.kinds[first.kind]
    try:
        if len(claims) == 1:
            return [await kind.send(client, first.payload, first.stamp)]
        return await kind.send_together(client, [claim.payload for claim in claims], first.stamp)
    except (EfrisError, TimeoutError):
        raise
    except Exception as error:
        for claim in claims:
            _log.exception("attempt.broken", document_id=claim.document_id)
        raise (Broken(error) if len(wire) > before else BrokenBefore(error)) from error


def _outcome(engine: Engine, claim: Claim, result: Found | EfrisError, wire: Sequence[Exchange]) -> Outcome:
    """Add to a refusal what it means for the seller; it stands without that, too."""
    if not isinstance(result, Refused):
        return Outcome(result, wire=wire)
    try:
        kind = engine.kinds[claim.kind]
        hints = kind.named_in(result) if result.verdict is Verdict.SEEN else ()
        return Outcome(result, hints, kind.explain(result, claim.payload, claim.content), wire)
    except Exception:  # noqa: BLE001 - logged in full
        _log.exception("refusal.unexplained", document_id=claim.document_id)
        return Outcome(result, wire=wire)
