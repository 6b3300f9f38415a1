"""Applications for credit notes and for cancelling debit notes: who asked for what, and what was decided when."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from risiti.simulator.clock import kampala
from risiti.simulator.store import Store

APPROVED, SUBMITTED, REJECTED, VOIDED = "101", "102", "103", "104"
"""Values of approveStatus."""

FOR_CREDIT_NOTE, FOR_CANCELLATION = "101", "103"
"""Values of invoiceApplyCategoryCode that start an application."""

FIRST_ID = 10**17
FIRST_TASK = 2 * 10**17
"""Ids have 18 digits, as the authority's."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS applications (
    number INTEGER PRIMARY KEY,
    reference TEXT NOT NULL UNIQUE,
    category TEXT NOT NULL,
    tin TEXT NOT NULL,
    device_no TEXT NOT NULL,
    buyer_tin TEXT NOT NULL,
    original_fdn TEXT NOT NULL,
    note_fdn TEXT NOT NULL,
    body TEXT NOT NULL,
    applied_at TEXT NOT NULL,
    due_at TEXT NOT NULL,
    due_status TEXT NOT NULL,
    status TEXT NOT NULL,
    decided_at TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    remark TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS applications_by_tin ON applications (tin);
CREATE INDEX IF NOT EXISTS applications_by_buyer ON applications (buyer_tin);
CREATE INDEX IF NOT EXISTS applications_by_original ON applications (original_fdn);
CREATE INDEX IF NOT EXISTS applications_due ON applications (due_at) WHERE status = '102' AND due_at <> '';
"""

_COLUMNS = (
    "number, reference, category, tin, device_no, buyer_tin, original_fdn, note_fdn, body, applied_at, due_at, "
    "due_status, status, decided_at, decided_by, remark"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a taxpayer applies for.

    Attributes:
        category: `FOR_CREDIT_NOTE` or `FOR_CANCELLATION`.
        tin: The applicant, seller of the documents concerned.
        device_no: The applicant's device.
        buyer_tin: The counter-party, or "".
        original_fdn: The document a credit note or debit note is about, or "".
        note_fdn: The debit note to cancel; "" for a credit note, which has no number before its approval.
        blocks: The request as sent.
    """

    category: str
    tin: str
    device_no: str
    buyer_tin: str
    original_fdn: str
    note_fdn: str
    blocks: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Application(Request):
    """An application in the store.

    Attributes:
        number: Its number, counting from 1.
        reference: `referenceNo`, the key the applicant is given.
        applied_at: When it came in, aware.
        due_at: When the authority's clock decides it, aware; None for never.
        due_status: What the clock decides.
        status: One of `APPROVED`, `SUBMITTED`, `REJECTED`, `VOIDED`.
        decided_at: When it left `SUBMITTED`, aware; None before.
        decided_by: TIN of who decided or voided it; "" for the authority.
        remark: Text of the decision.
    """

    number: int
    reference: str
    applied_at: datetime
    due_at: datetime | None
    due_status: str
    status: str
    decided_at: datetime | None
    decided_by: str
    remark: str

    @property
    def id(self) -> str:
        """`id` of T111, `businessKey` of T120."""
        return str(FIRST_ID + self.number)

    @property
    def task_id(self) -> str:
        """`taskId` of T111 and T113."""
        return str(FIRST_TASK + self.number)


class Applications:
    """Applications in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        with store.reading() as db:
            db.executescript(_SCHEMA)

    def submit(self, request: Request, now: datetime, due_at: datetime | None, due_status: str) -> Application:
        """Store an application and give it its reference."""
        with self._store.transaction() as db:
            number: int = db.execute("SELECT coalesce(max(number), 0) + 1 FROM applications").fetchone()[0]
            reference = f"{kampala(now).year % 100:02d}PL01{number:08d}"
            places = ", ".join("?" * len(_COLUMNS.split(",")))
            db.execute(
                f"INSERT INTO applications ({_COLUMNS}) VALUES ({places})",  # noqa: S608 - constants
                (
                    number,
                    reference,
                    request.category,
                    request.tin,
                    request.device_no,
                    request.buyer_tin,
                    request.original_fdn,
                    request.note_fdn,
                    json.dumps(request.blocks, ensure_ascii=False),
                    now.isoformat(),
                    "" if due_at is None else _utc(due_at),
                    due_status,
                    SUBMITTED,
                    "",
                    "",
                    "",
                ),
            )
        return self._one("number = ?", (number,))

    def decide(
        self, application: Application, status: str, *, by: str, remark: str, note_fdn: str, now: datetime
    ) -> None:
        """Store what became of an application."""
        with self._store.transaction() as db:
            db.execute(
                "UPDATE applications SET status = ?, decided_at = ?, decided_by = ?, remark = ?, note_fdn = ? "
                "WHERE number = ?",
                (status, now.isoformat(), by, remark, note_fdn, application.number),
            )

    def by_id(self, identity: str) -> Application | None:
        """Find an application by its id."""
        return self._by_number(identity, FIRST_ID)

    def by_task(self, task_id: str) -> Application | None:
        """Find an application by its task."""
        return self._by_number(task_id, FIRST_TASK)

    def by_reference(self, reference: str) -> Application | None:
        """Find an application by its reference."""
        found = self._select("reference = ?", (reference,))
        return found[0] if found else None

    def of(self, tin: str) -> list[Application]:
        """List the applications a taxpayer made, oldest first."""
        return self._select("tin = ?", (tin,))

    def decided_by(self, tin: str) -> list[Application]:
        """List the applications a taxpayer decided, oldest first."""
        return self._select("decided_by = ? AND status <> ?", (tin, VOIDED))

    def pending_with(self, buyer_tin: str) -> list[Application]:
        """List the applications that wait for a counter-party, oldest first."""
        return self._select("buyer_tin = ? AND status = ?", (buyer_tin, SUBMITTED))

    def pending_for(self, original_fdn: str, category: str) -> list[Application]:
        """List the undecided applications of a category that are about a document."""
        return self._select("original_fdn = ? AND category = ? AND status = ?", (original_fdn, category, SUBMITTED))

    def every(self) -> list[Application]:
        """List all applications, oldest first."""
        return self._select("number > ?", (0,))

    def due(self, now: datetime) -> list[Application]:
        """List the applications whose time is over, in the order in which it ended."""
        found = self._select("status = '102' AND due_at <> '' AND due_at <= ?", (_utc(now),))
        return sorted(found, key=lambda application: (application.due_at or now, application.number))

    def _by_number(self, identity: str, first: int) -> Application | None:
        if not (identity.isascii() and identity.isdigit()):
            return None
        number = int(identity) - first
        found = self._select("number = ?", (number,)) if 0 < number < first else []
        return found[0] if found else None

    def _one(self, where: str, values: tuple[object, ...]) -> Application:
        return self._select(where, values)[0]

    def _select(self, where: str, values: tuple[object, ...]) -> list[Application]:
        with self._store.reading() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM applications WHERE {where} ORDER BY number",  # noqa: S608 - fixed texts only
                values,
            ).fetchall()
        return [_from_row(row) for row in rows]


def _from_row(row: tuple[object, ...]) -> Application:
    reference, category, tin, device_no, buyer_tin, original_fdn, note_fdn, body = (str(text) for text in row[1:9])
    applied_at, due_at, due_status, status, decided_at, decided_by, remark = (str(text) for text in row[9:16])
    return Application(
        number=int(str(row[0])),
        reference=reference,
        category=category,
        tin=tin,
        device_no=device_no,
        buyer_tin=buyer_tin,
        original_fdn=original_fdn,
        note_fdn=note_fdn,
        blocks=json.loads(body),
        applied_at=datetime.fromisoformat(applied_at),
        due_at=datetime.fromisoformat(due_at) if due_at else None,
        due_status=due_status,
        status=status,
        decided_at=datetime.fromisoformat(decided_at) if decided_at else None,
        decided_by=decided_by,
        remark=remark,
    )


def _utc(moment: datetime) -> str:
    """Write a moment so that texts compare as the moments do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
