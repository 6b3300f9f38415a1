"""send(): speak once for a claimed document, then settle. No transaction is open while speaking."""

import asyncio
from functools import partial

import structlog

from risiti.efris import AsyncClient, EfrisError, NotReady, NotSent, Refused, TimedOut, Unreachable, Verdict
from risiti.gateway.submissions.claim import Claim
from risiti.gateway.submissions.engine import Engine
from risiti.gateway.submissions.settle import Desk, Outcome, settle

_log = structlog.get_logger()


async def send(engine: Engine, client: AsyncClient, claim: Claim) -> None:
    """Send a claimed document once and write down what came of it."""
    outcome = await _speak(engine, client, claim)
    if isinstance(outcome.result, Unreachable | NotReady):
        engine.connections.lost(claim.device_id)
    desk = Desk(engine.clock.now(), engine.timing, engine.ids, engine.random)
    if await engine.write_down(partial(settle, desk=desk, claim=claim, outcome=outcome)):
        engine.announce(claim.document_id)


async def _speak(engine: Engine, client: AsyncClient, claim: Claim) -> Outcome:
    kind = engine.kinds[claim.kind]
    try:
        await client.ready()
        if engine.clock.monotonic() - claim.claimed > engine.timing.send_window:
            return Outcome(NotSent("the claim was too old to be sent: this worker was held up"))
        async with asyncio.timeout(engine.timing.answer):
            return Outcome(await kind.send(client, claim.payload, claim.stamp))
    except TimeoutError:
        return Outcome(TimedOut(f"no answer within {engine.timing.answer:g} s"))
    except Refused as refusal:
        hints = kind.named_in(refusal) if refusal.verdict is Verdict.SEEN else ()
        return Outcome(refusal, hints, kind.explain(refusal, claim.payload, claim.content))
    except EfrisError as error:
        return Outcome(error)
    except Exception as error:  # noqa: BLE001 - logged in full
        # Whatever broke on our side, the bytes may have left: it is asked about, never taken for unsent.
        _log.exception("attempt.broken", document=claim.document_id)
        return Outcome(EfrisError(f"{type(error).__name__} while sending"))
