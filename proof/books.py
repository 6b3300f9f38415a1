"""The books: what was posted, told, sent and issued, kept beside the gateway; every step is held against them."""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from proof.authority import UPLOADS
from proof.processes import START, Process
from proof.sales import FOREIGN, Sale, sale_number
from proof.trace import Trace
from risiti.efris.clock import write_time

if TYPE_CHECKING:
    from proof.authority import Upload
    from proof.network import Call
    from risiti.simulator.ledger import Document as Issued

QUIET = 600.0 + 60.0 + 240.0
"""Seconds after which no copy of a request can take effect: validity, error of clocks, processing (the design)."""
LEASE = 60.0
"""A process that stood still for longer between the gate and its first byte sends late; what makes that harmless is
the time in the request, not the attempt, which others may have taken for lost by then. Where clocks of ours are set,
one process may take another's lease for ended as much earlier."""
SLACK = 12.0
"""Between claim and send lie at most ten seconds (the design's send window) and the way to the network."""

_INDEFINITE = frozenset({None, "", "00", "99", "45", "46", "23", "2125", "0815", "2253", "1613"})
"""Answers after which that very request, or one before it, may be at the authority; None: no answer was read."""
_SETTLED = frozenset({"fiscalised", "refused", "held", "withdrawn"})
_FINAL_OUTCOMES = frozenset(
    {"not_sent", "not_processed", "fiscalised", "seen", "refused", "superseded", "presumed_absent"}
)
_ANSWERED = frozenset({"not_sent", "not_processed", "fiscalised", "seen", "refused"})
_NEEDS_EVIDENCE = frozenset({"superseded", "presumed_absent"})
_TELLING = {
    "fiscalised": "invoice.fiscalised",
    "refused": "invoice.refused",
    "held": "invoice.held",
    "withdrawn": "invoice.withdrawn",
}

_DOCUMENTS = "SELECT id, canonical_reference, state, fence, fdn, revision, seen, asked, due_at FROM documents"
_ATTEMPTS = "SELECT id, document_id, fence, outcome, evidence_id, exchange_id FROM attempts"
_ATTEMPT_ON_THE_WIRE = """
    SELECT attempts.document_id, attempts.outcome, attempts.request_time, attempts.payload_digest, revisions.payload,
        attempts.started_at
    FROM attempts JOIN revisions ON revisions.document_id = attempts.document_id
        AND revisions.number = attempts.revision
    JOIN documents ON documents.id = attempts.document_id
    WHERE attempts.exchange_id = ? AND documents.wire_reference = ?
"""
_EVENTS = "SELECT count(*) FROM events WHERE document_id = ? AND name = ?"


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that was broken."""

    invariant: str
    """As the design numbers them: I1 to I15, L1; E1 is an error that nobody expected."""
    text: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.text}"

    @property
    def is_promise(self) -> bool:
        """Whether it is a promise of the design, and not an error that nobody expected."""
        return not self.invariant.startswith("E")


@dataclass(frozen=True, slots=True)
class Row:
    """A document as the gateway's table has it."""

    id: str
    reference: str
    state: str
    fence: int
    fdn: str | None
    revision: int
    seen: bool
    asked: int
    due_at: int | None


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """An attempt as the gateway's table has it."""

    id: str
    document_id: str
    fence: int
    outcome: str
    evidence_id: str | None
    exchange_id: str


@dataclass(slots=True)
class Sent:
    """One upload that left a process."""

    exchange_id: str
    doubtful_from: float
    """From when it is counted until no copy of it can take effect any more."""
    code: str | None = None
    """The return code that the sender read; None: it read none."""


class Books:
    """Holds every commit, every message and every answer to callers against the promises; keeps the first breach."""

    def __init__(
        self,
        raw: sqlite3.Connection,
        trace: Trace,
        now: Callable[[], float],
        stop: Callable[[], None],
        *,
        disagreement: float = 0.0,
    ) -> None:
        """Begin with empty books; `disagreement` is by how many seconds the clocks of our processes may differ."""
        self.sales: dict[int, Sale] = {}
        self.violation: Violation | None = None
        self.documents: dict[str, Row] = {}
        self._raw = raw
        self._trace = trace
        self._now = now
        self._stop = stop
        self._lease = LEASE - disagreement
        self._attempts: dict[str, AttemptRow] = {}
        self._begun: dict[str, float] = {}
        """When the attempt of each call on the wire was written ahead."""
        self._sent: dict[int, list[Sent]] = {}
        self._issued: dict[int, list[Issued]] = {}
        self._numbers: dict[str, Issued] = {}
        self._claimed_by: dict[str, tuple[int, Process]] = {}
        self._changes = 0

    def begin(self) -> None:
        """Look at the database as it is before anything happens."""
        self._changes = self._raw.total_changes

    def breach(self, invariant: str, text: str) -> None:
        """Take down that a promise was broken; the first one ends the simulation."""
        self._trace.note("BOOKS", f"{invariant} broken: {text}")
        if self.violation is None:
            self.violation = Violation(invariant, text)
            self._stop()

    def is_ours(self, reference: str) -> bool:
        """Whether the authority has issued one of our documents under a reference."""
        return any(document.reference == reference for issued in self._issued.values() for document in issued)

    def is_bad(self, upload: "Upload") -> bool:
        """Whether the authority finds fault with what an upload carries."""
        sale = self._sale(upload.gross)
        return sale is not None and sale.is_bad and upload.gross == sale.gross(1)

    # what goes over the wire

    def sent(self, call: "Call") -> None:
        """Hold a message against I6 and I7 as its first byte leaves."""
        if call.interface not in UPLOADS:
            return
        if not call.uploads:
            self.breach("I7", f"#{call.number} carries an upload that cannot be read")
        for upload in call.uploads:
            self._document_sent(call, upload)

    def _document_sent(self, call: "Call", upload: "Upload") -> None:
        number = sale_number(upload.gross)
        if number not in self.sales:
            self.breach("I7", f"#{call.number} carries {upload.gross}, which nobody has posted")
            return
        self._is_written_ahead(call, upload)
        earlier = self._sent.setdefault(number, [])
        for one in earlier:
            age = call.sent_at - one.doubtful_from
            if one.code in _INDEFINITE and age < QUIET - SLACK:
                self.breach("I6", f"#{call.number} sends {upload.reference} again {age:.0f} s after a send in doubt")
        begun_at = self._begun.get(call.exchange_id, call.sent_at)
        # A process that stood still after it had looked at its watch lets a message go that carries an old time. How
        # long the authority takes such a message for valid is counted from that time.
        is_late = call.sent_at - begun_at > SLACK
        earlier.append(Sent(call.exchange_id, begun_at if is_late else call.sent_at))

    def answered(self, call: "Call", code: str) -> None:
        """Take down what a sender has read."""
        for upload in call.uploads:
            for one in self._sent.get(sale_number(upload.gross) or 0, []):
                if one.exchange_id == call.exchange_id:
                    one.code = code

    def issued(self, document: "Issued") -> None:
        """Hold a document that the authority has issued against I2."""
        self._numbers[document.fdn] = document
        self._trace.note("authority", f"issues {document.fdn} for {document.reference}", count="end: issued")
        if document.gross >= FOREIGN:
            return
        sale = self._sale(document.gross)
        if sale is None:
            self.breach("I7", f"the authority has issued {document.gross} for {document.reference}: nobody posted it")
            return
        twins = self._issued.setdefault(sale.number, [])
        twins.append(document)
        if len(twins) > 1:
            numbers = ", ".join(twin.fdn for twin in twins)
            self.breach("I2", f"{sale.reference} has {len(twins)} fiscal numbers: {numbers}")
        if sale.told_withdrawn:
            self.breach("I4", f"{sale.reference} was called withdrawn, and {document.fdn} was issued for it")

    def _is_written_ahead(self, call: "Call", upload: "Upload") -> None:
        row = self._raw.execute(_ATTEMPT_ON_THE_WIRE, (call.exchange_id, upload.reference)).fetchone()
        if row is None:
            self.breach("I7", f"#{call.number} leaves with {upload.reference} without a committed attempt")
            return
        document_id, outcome, request_time, digest, payload, started_at = row
        wire = json.loads(call.body)["globalInfo"]["requestTime"]
        if outcome != "open" and self._now() - _seconds(started_at) < self._lease:
            self.breach("I7", f"#{call.number} leaves although its attempt is {outcome}")
        if wire != write_time(_moment(request_time)):
            self.breach("I7", f"#{call.number} carries the time {wire}, which its attempt has not")
        if digest != hashlib.sha256(payload).hexdigest():
            self.breach("I7", f"the payload of {document_id} is not the one of its attempt")
        if upload.content != json.loads(payload):
            self.breach("I7", f"#{call.number} carries another content than its revision of {document_id}")

    # what the database holds

    def committed(self, process: Process) -> None:
        """Hold what a process has just committed against all promises about documents and attempts."""
        if self._raw.total_changes == self._changes:
            return
        self._changes = self._raw.total_changes
        self._compare_documents(process)
        self._compare_attempts()

    def _compare_documents(self, process: Process) -> None:
        rows: dict[str, Row] = {row[0]: Row(*row) for row in self._raw.execute(_DOCUMENTS)}
        for document_id, before in self.documents.items():
            if document_id not in rows:
                self.breach("I1", f"{before.reference} is gone")
        for row in rows.values():
            known = self.documents.get(row.id)
            if row != known:
                self._hold(known, row, process)
        self.documents = rows

    def _hold(self, before: Row | None, row: Row, process: Process) -> None:
        was = before.state if before else "new"
        moved = f"move: {was} -> {row.state}" if row.state != was else None
        self._trace.note(process.name, f"{row.reference} {was} -> {row.state}, fence {row.fence}", count=moved)
        if before is None:
            return
        self._check_fence(before, row, process)
        if was == "fiscalised" and (row.state, row.fdn) != (was, before.fdn):
            self.breach("I9", f"{row.reference} was fiscalised as {before.fdn}, and is {row.state} {row.fdn}")
        if row.state == was:
            return
        sale = self._sale_of(row.reference)
        match row.state:
            case "fiscalised":
                self._check_number(row, sale)
            case "refused":
                self._check_refusal(row, sale)
            case "withdrawn" if self._sent.get(sale.number):
                self.breach("I4", f"{row.reference} is withdrawn, and was sent")
            case _:
                pass
        told = _TELLING.get(row.state)
        if told is not None and not self._raw.execute(_EVENTS, (row.id, told)).fetchone()[0]:
            self.breach("I14", f"{row.reference} is {row.state}, and no event says so")

    def _check_fence(self, before: Row, row: Row, process: Process) -> None:
        if row.fence < before.fence:
            self.breach("I8", f"the fence of {row.reference} went back from {before.fence} to {row.fence}")
        if row.fence > before.fence:
            self._claimed_by[row.id] = (row.fence, process)
            return
        fence, holder = self._claimed_by.get(row.id, (0, process))
        by_worker = process.name.startswith("worker")
        if by_worker and (fence != row.fence or holder is not process):
            self.breach("I8", f"{process.name} wrote {row.reference} {row.state}; {holder.name} holds it")

    def _check_number(self, row: Row, sale: Sale) -> None:
        document = self._numbers.get(row.fdn or "")
        if document is None:
            self.breach("I3", f"{row.reference} is fiscalised as {row.fdn}, which the authority has not issued")
        elif document.reference != sale.reference or document.gross != sale.gross(row.revision):
            self.breach(
                "I3",
                f"{row.reference} is fiscalised as {row.fdn}, which is {document.reference} of {document.gross}",
            )

    def _check_refusal(self, row: Row, sale: Sale) -> None:
        if self._issued.get(sale.number):
            self.breach("I4", f"{row.reference} is called refused, and exists as {self._issued[sale.number][0].fdn}")
        if not any(one.code in {"1316", "1600"} for one in self._sent.get(sale.number, [])):
            self.breach("I4", f"{row.reference} is called refused, and the authority has refused nothing")

    def _compare_attempts(self) -> None:
        rows = {row[0]: AttemptRow(*row) for row in self._raw.execute(_ATTEMPTS)}
        for attempt_id, before in self._attempts.items():
            if attempt_id not in rows:
                self.breach("I9", f"an attempt of {before.document_id} is gone")
        for row in rows.values():
            self._begun.setdefault(row.exchange_id, self._now())
            old = self._attempts.get(row.id)
            if old is not None and row.outcome != old.outcome:
                self._ended(old, row)
            if row != old and row.outcome in _NEEDS_EVIDENCE and row.evidence_id is None:
                self.breach("I10", f"an attempt is called {row.outcome} without evidence")
        self._attempts = rows

    def _ended(self, before: AttemptRow, row: AttemptRow) -> None:
        self._trace.counts[f"attempt: {before.outcome} -> {row.outcome}"] += 1
        if before.outcome in _FINAL_OUTCOMES:
            self.breach("I9", f"an attempt that was {before.outcome} became {row.outcome}")
        if row.outcome == "presumed_absent":
            self._check_absence(row)
        if before.outcome == "open" and row.outcome in _ANSWERED:
            document = self.documents.get(row.document_id)
            if document is not None and document.fence != row.fence:
                self.breach("I8", f"an answer was written down under fence {row.fence}, not {document.fence}")

    def _check_absence(self, row: AttemptRow) -> None:
        for sent in self._sent.values():
            for one in sent:
                age = self._now() - one.doubtful_from
                if one.exchange_id == row.exchange_id and age < QUIET - SLACK:
                    self.breach("I6", f"an attempt is called absent {age:.0f} s after it was sent")

    # what callers are told

    def told(self, sale: Sale, document_id: str) -> None:
        """Hold what a caller was told when it posted a sale against I1 and I12."""
        if document_id not in self.documents:
            self.breach("I1", f"{sale.reference} was accepted as {document_id}, and is not there")
        if sale.told_id is not None and sale.told_id != document_id:
            self.breach("I12", f"{sale.reference} was accepted as {sale.told_id}, and again as {document_id}")
        sale.told_id = document_id

    def shown(self, sale: Sale, state: str, fdn: str | None, revision: int) -> None:
        """Hold what a caller was shown against I3, I4 and I9."""
        if sale.told_fdn is not None and fdn != sale.told_fdn:
            self.breach("I9", f"the number of {sale.reference} was shown as {sale.told_fdn}, and now as {fdn}")
        if state == "fiscalised":
            if fdn not in self._numbers:
                self.breach("I3", f"{sale.reference} is shown with the number {fdn}, which was never issued")
            sale.told_fdn = fdn
        if state == "refused":
            sale.told_refused.add(revision)
        if state == "withdrawn":
            sale.told_withdrawn = True

    # at the end

    def is_sending(self, process: Process) -> bool:
        """Whether a process has a document under its hands that may be on the wire."""
        return any(
            self.documents[document_id].state == "sending" and holder is process
            for document_id, (_, holder) in self._claimed_by.items()
        )

    def unsettled(self) -> list[Row]:
        """Return the documents that are neither settled nor held."""
        return [row for row in self.documents.values() if row.state not in _SETTLED]

    def close(self, *, healed: bool) -> None:
        """Compare the two sides at the end; once all faults are over, everything must also be known here (I5)."""
        for row in self.documents.values():
            sale = self._sale_of(row.reference)
            issued = self._issued.get(sale.number, [])
            if row.state in {"refused", "withdrawn"} and issued:
                self.breach("I4", f"{row.reference} is called {row.state}, and exists as {issued[0].fdn}")
            if healed and issued and row.state not in {"fiscalised", "held"}:
                self.breach("I5", f"{issued[0].fdn} exists, and {row.reference} is {row.state}")
        for sale in self.sales.values():
            if sale.told_id is not None and sale.told_id not in self.documents:
                self.breach("I1", f"{sale.reference} was accepted as {sale.told_id}, and is not there")
            if healed and sale.told_id is None:
                self.breach("L1", f"{sale.reference} was posted again and again, and never accepted")

    def counts(self) -> Mapping[str, int]:
        """Return how many documents ended in which state."""
        found: dict[str, int] = {}
        for row in self.documents.values():
            found[f"end: {row.state}"] = found.get(f"end: {row.state}", 0) + 1
        return found

    def _sale(self, gross: Decimal) -> Sale | None:
        return self.sales.get(sale_number(gross) or 0)

    def _sale_of(self, reference: str) -> Sale:
        return next(sale for sale in self.sales.values() if sale.reference.casefold() == reference.casefold())


def _moment(microseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)


def _seconds(microseconds: int) -> float:
    return (_moment(microseconds) - START).total_seconds()
