"""Seeded bugs: each breaks the real engine in one place, and the simulation must find it; a test of the test.

A mutant replaces functions or values of the engine by name. One whose place is gone fails loudly: it has to be moved
to where the engine does that thing now, or the simulation has gone blind there.
"""

import dataclasses
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from risiti.efris import NoAnswer, NotSent, Verdict
from risiti.gateway.submissions.states import DocumentState
from risiti.gateway.submissions.tables import Attempt, AttemptOutcome, Document

Patch = Callable[[Any], Any]
"""Makes the broken thing of the sound one."""

_GATEWAY = "risiti.gateway"
_SUBMISSIONS = f"{_GATEWAY}.submissions"
_KIND = f"{_GATEWAY}.fiscal.kinds:FiscalDocumentKind"


class NoSuchPlace(Exception):
    """What a mutant would break is not there any more."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A bug to be found.

    Attributes:
        name: Short, for the table and the command line.
        says: What the broken engine does.
        seed: A seed that finds it.
        patches: What is replaced: `module:attribute` (dots lead into classes), and by what.
    """

    name: str
    says: str
    seed: int
    patches: tuple[tuple[str, Patch], ...]

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Have the engine broken while the block runs.

        Raises:
            NoSuchPlace: the engine has changed under the mutant.
        """
        undo = []
        try:
            for place, patch in self.patches:
                owner, name = _find(place)
                sound = vars(owner)[name]
                undo.append((owner, name, sound))
                setattr(owner, name, patch(sound))
            yield
        finally:
            for owner, name, sound in reversed(undo):
                setattr(owner, name, sound)


def _find(place: str) -> tuple[Any, str]:
    module, _, path = place.partition(":")
    *classes, name = path.split(".")
    try:
        owner: Any = import_module(module)
        for one in classes:
            owner = getattr(owner, one)
    except (ImportError, AttributeError) as error:
        raise NoSuchPlace(f"{place} is not there any more") from error
    if name not in vars(owner):
        raise NoSuchPlace(f"{place} is not there any more")
    return owner, name


# the wire


def _change_payload(change: Callable[[dict[str, Any], Any], None]) -> Patch:
    def patch(send: Any) -> Any:  # noqa: ANN401
        async def broken(self: Any, client: Any, payload: bytes, stamp: Any) -> Any:  # noqa: ANN401
            content = json.loads(payload)
            change(content, stamp)
            return await send(self, client, json.dumps(content).encode(), stamp)

        return broken

    return patch


def _fresh_reference(content: dict[str, Any], stamp: Any) -> None:  # noqa: ANN401
    content["sellerDetails"]["referenceNo"] += f"-{stamp.exchange_id[:6]}"


def _no_check(content: dict[str, Any], stamp: Any) -> None:  # noqa: ANN401
    del stamp
    content["sellerDetails"]["isCheckReferenceNo"] = "0"


def _stamp_anew(send: Any) -> Any:  # noqa: ANN401
    async def broken(self: Any, client: Any, payload: bytes, stamp: Any) -> Any:  # noqa: ANN401
        later = dataclasses.replace(stamp, request_time=stamp.request_time + timedelta(seconds=90))
        return await send(self, client, payload, later)

    return broken


def _no_differences(compare: Any) -> Any:  # noqa: ANN401
    def broken(payload: bytes, details: Any) -> Any:  # noqa: ANN401
        return dataclasses.replace(compare(payload, details), differences=())

    return broken


def _verdict(code: str, verdict: Verdict) -> Patch:
    def patch(lookup: Any) -> Any:  # noqa: ANN401
        def broken(given: str, interface: str) -> Any:  # noqa: ANN401
            row = lookup(given, interface)
            return dataclasses.replace(row, verdict=verdict) if given.strip() == code else row

        return broken

    return patch


def _timeout_is_not_sent(speak: Any) -> Any:  # noqa: ANN401
    outcome = import_module(f"{_SUBMISSIONS}.settle").Outcome

    async def broken(*given: Any) -> Any:  # noqa: ANN401
        said = await speak(*given)
        unsent = outcome(NotSent("it timed out"))
        return [unsent if type(one.result).__name__ == "TimedOut" else one for one in said]

    return broken


def _only_the_first_left(speak: Any) -> Any:  # noqa: ANN401
    outcome = import_module(f"{_SUBMISSIONS}.settle").Outcome

    async def broken(*given: Any) -> Any:  # noqa: ANN401
        first, *others = await speak(*given)
        unsent = outcome(NotSent("it waited behind another one"))
        return [first, *(unsent if isinstance(one.result, NoAnswer) else one for one in others)]

    return broken


def _in_another_order(send_together: Any) -> Any:  # noqa: ANN401
    async def broken(*given: Any) -> Any:  # noqa: ANN401
        return (await send_together(*given))[::-1]

    return broken


# claiming and settling


def _rolled_back(claim: Any) -> Any:  # noqa: ANN401
    def broken(session: Session, *given: Any, **named: Any) -> Any:  # noqa: ANN401
        with session.begin_nested() as part:
            claims = claim(session, *given, **named)
            session.flush()
            part.rollback()
        return claims

    return broken


def _any_fence(settle_all: Any) -> Any:  # noqa: ANN401
    def broken(session: Session, desk: Any, settlements: Any, **named: Any) -> Any:  # noqa: ANN401
        renewed = []
        for one in settlements:
            document = session.get(Document, one.claim.document_id)
            if document is None or document.state is DocumentState.FISCALISED:
                renewed.append(one)
                continue
            if document.state is DocumentState.IN_DOUBT:
                document.state, document.lease_until = DocumentState.SENDING, desk.now
            renewed.append(dataclasses.replace(one, claim=dataclasses.replace(one.claim, fence=document.fence)))
        session.flush()
        return settle_all(session, desk, renewed, **named)

    return broken


def _any_fence_when_asking(conclude: Any) -> Any:  # noqa: ANN401
    def broken(session: Session, desk: Any, question: Any, **named: Any) -> Any:  # noqa: ANN401
        document = session.get(Document, question.document_id)
        if document is not None:
            question = dataclasses.replace(question, fence=document.fence)
        return conclude(session, desk, question, **named)

    return broken


def _number_without_fence(settle_all: Any) -> Any:  # noqa: ANN401
    def broken(session: Session, desk: Any, settlements: Any, **named: Any) -> Any:  # noqa: ANN401
        results = settle_all(session, desk, settlements, **named)
        for one, is_ours in zip(settlements, results, strict=True):
            document = session.get(Document, one.claim.document_id)
            original = getattr(one.outcome.result, "original", None)
            if is_ours or document is None or original is None or document.state is DocumentState.FISCALISED:
                continue
            document.state, document.fdn, document.held_reason = DocumentState.FISCALISED, original.fdn, None
        return results

    return broken


def _rerun(after: float) -> Patch:
    """Send again what a dead worker was sending, once its lease has been over for `after` seconds."""

    def patch(sweep: Any) -> Any:  # noqa: ANN401
        def broken(session: Session, desk: Any) -> list[str]:  # noqa: ANN401
            before: datetime = desk.now - timedelta(seconds=after)
            stalled = select(Document).where(Document.state == DocumentState.SENDING, Document.lease_until <= before)
            for document in session.scalars(stalled):
                document.fence += 1
                document.state, document.due_at, document.lease_until = DocumentState.WAITING, desk.now, None
                open_ones = select(Attempt).where(
                    Attempt.document_id == document.id, Attempt.outcome == AttemptOutcome.OPEN
                )
                for attempt in session.scalars(open_ones):
                    attempt.outcome = AttemptOutcome.NOT_SENT
            session.flush()
            return [] if after else sweep(session, desk)

        return broken

    return patch


# deciding


def _one_negative_is_enough(decide: Any) -> Any:  # noqa: ANN401
    def broken(doubt: Any, found: Any, timing: Any) -> Any:  # noqa: ANN401
        if found is not None and not found and not doubt.seen:
            doubt = dataclasses.replace(doubt, age=1e9, negatives=99)
        return decide(doubt, found, timing)

    return broken


def _a_minute_is_enough(decide: Any) -> Any:  # noqa: ANN401
    def broken(doubt: Any, found: Any, timing: Any) -> Any:  # noqa: ANN401
        hasty = dataclasses.replace(timing, request_validity=60.0, clock_error=0.0, processing=0.0, query_lag=0.0)
        return decide(doubt, found, hasty)

    return broken


def _always_believe(believe: Any) -> Any:  # noqa: ANN401
    refuse = import_module(f"{_SUBMISSIONS}.settle").refuse

    def broken(session: Session, desk: Any, document: Document, error: Any, *_: Any) -> None:  # noqa: ANN401
        document.refusal_code, document.refusal_field = error.code, error.field
        document.refusal_message = error.return_code.meaning
        refuse(session, desk, document)

    return broken if believe else believe


def _never_suspicious(lookup: Any) -> Any:  # noqa: ANN401
    def broken(given: str, interface: str) -> Any:  # noqa: ANN401
        return dataclasses.replace(lookup(given, interface), suspicious_after_attempt=False)

    return broken


def _not_suspicious(decide: Any) -> Any:  # noqa: ANN401
    believe = import_module(f"{_SUBMISSIONS}.decide").BelieveRefusal

    def broken(doubt: Any, found: Any, timing: Any) -> Any:  # noqa: ANN401
        if doubt.pending_refusal is not None and found is not None and not found:
            return believe()
        return decide(doubt, found, timing)

    return broken


# accepting


def _nothing(result: Any) -> Patch:  # noqa: ANN401
    return lambda _: lambda *_given, **_named: result


def _as_held_by_nobody(withdraw: Any) -> Any:  # noqa: ANN401
    def broken(session: Session, desk: Any, document: Document) -> None:  # noqa: ANN401
        if document.state in (DocumentState.SENDING, DocumentState.IN_DOUBT):
            document.state, document.due_at = DocumentState.WITHDRAWN, None
            document.lease_until = None
            return
        withdraw(session, desk, document)

    return broken


MUTANTS: Final = (
    Mutant(
        "uncommitted-intent",
        "sends before the attempt is committed",
        1,
        ((f"{_GATEWAY}.worker.loop:claim_to_send", _rolled_back),),
    ),
    Mutant(
        "blind-resend",
        "takes a time-out for unsent and sends again",
        1,
        ((f"{_SUBMISSIONS}.send:_speak", _timeout_is_not_sent),),
    ),
    Mutant(
        "doubt-for-one",
        "puts only the first document of a batch in doubt when its answer is lost",
        20,
        ((f"{_SUBMISSIONS}.send:_speak", _only_the_first_left),),
    ),
    Mutant(
        "rows-mixed-up",
        "gives the documents of a batch each other's answers",
        6,
        ((f"{_KIND}.send_together", _in_another_order),),
    ),
    Mutant(
        "no-fence-sending",
        "writes an answer down without its fence",
        1,
        ((f"{_SUBMISSIONS}.send:settle_all", _any_fence),),
    ),
    Mutant(
        "no-fence-asking",
        "concludes a question without its fence",
        3,
        ((f"{_SUBMISSIONS}.reconcile:conclude", _any_fence_when_asking),),
    ),
    Mutant(
        "number-without-fence",
        "writes a fiscal number down although the document is another worker's",
        85,
        ((f"{_SUBMISSIONS}.send:settle_all", _number_without_fence),),
    ),
    Mutant(
        "rerun-stalled",
        "runs the job of a dead worker again, as queues do",
        3,
        ((f"{_GATEWAY}.worker.loop:sweep", _rerun(0.0)),),
    ),
    Mutant(
        "late-reaper-resends",
        "sends again what a dead worker was sending, twenty minutes later, without asking",
        5,
        ((f"{_GATEWAY}.worker.loop:sweep", _rerun(1200.0)),),
    ),
    Mutant(
        "one-negative",
        "believes the first answer that does not show the document",
        1,
        ((f"{_SUBMISSIONS}.decide:decide", _one_negative_is_enough),),
    ),
    Mutant(
        "short-quiet",
        "takes a request for dead after a minute",
        1,
        ((f"{_SUBMISSIONS}.decide:decide", _a_minute_is_enough),),
    ),
    Mutant(
        "exists-is-refusal",
        "takes 2253 for a refusal",
        7,
        (("risiti.efris.exchange:lookup", _verdict("2253", Verdict.REFUSED)),),
    ),
    Mutant(
        "no-comparing",
        "adopts what is under the reference without comparing it",
        27,
        ((f"{_GATEWAY}.fiscal.kinds:_compare", _no_differences),),
    ),
    Mutant(
        "unknown-is-unprocessed",
        "takes 99 for not processed",
        194,
        (("risiti.efris.exchange:lookup", _verdict("99", Verdict.NOT_PROCESSED)),),
    ),
    Mutant(
        "suspicion-dropped",
        "believes a refusal that its own first copy can have caused",
        119,
        (
            (f"{_SUBMISSIONS}.settle:_believe_unless_sent_before", _always_believe),
            (f"{_SUBMISSIONS}.decide:decide", _not_suspicious),
        ),
    ),
    Mutant(
        "copy-forgotten",
        "believes a shortage at once that a copy of the same message can have caused",
        6,
        (("risiti.efris.exchange:lookup", _never_suspicious),),
    ),
    Mutant(
        "fresh-reference",
        "sends every attempt under a reference of its own",
        1,
        ((f"{_KIND}.send", _change_payload(_fresh_reference)),),
    ),
    Mutant(
        "no-reference-check",
        "switches the authority's duplicate check off",
        1,
        ((f"{_KIND}.send", _change_payload(_no_check)),),
    ),
    Mutant("other-time", "sends a time that is not the attempt's", 1, ((f"{_KIND}.send", _stamp_anew),)),
    Mutant(
        "key-ignored",
        "ignores the Idempotency-Key",
        3,
        ((f"{_GATEWAY}.idempotency:find", _nothing(None)), (f"{_GATEWAY}.idempotency:keep", _nothing(None))),
    ),
    Mutant(
        "withdrawn-in-flight",
        "lets a document be taken back while it may be on its way",
        5,
        ((f"{_SUBMISSIONS}.operations:withdraw", _as_held_by_nobody),),
    ),
)
"""All of them."""
