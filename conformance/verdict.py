"""What the rows of a run amount to: the printed table, the counts, and whether the simulator stands."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass

from conformance.cases import Outcome, Row

INTERFACE_WIDTH, CALL_WIDTH, OUTCOME_WIDTH = 10, 48, 21


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of one client.

    Attributes:
        client: Name and version of its package.
        rows: One for each call.
        needed: Interfaces of which at least one call must have passed.
    """

    client: str
    rows: Sequence[Row]
    needed: Collection[str]

    @property
    def missing(self) -> list[str]:
        """The needed interfaces of which no call passed."""
        passed = {row.interface for row in self.rows if row.outcome is Outcome.PASSED}
        return sorted(set(self.needed) - passed)

    @property
    def is_good(self) -> bool:
        """Whether nothing failed but by the client's own fault, and all that is needed passed."""
        return not self.missing and not any(row.outcome is Outcome.FAILED for row in self.rows)

    @property
    def summary(self) -> str:
        """The counts, and what is wrong if anything is."""
        counts = Counter(row.outcome for row in self.rows)
        told = ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome])
        return f"{self.client}: {told}" + (
            f"; must pass but did not: {', '.join(self.missing)}" if self.missing else ""
        )

    def as_json(self) -> dict[str, object]:
        """Return the result as plain values."""
        rows = [asdict(row) for row in self.rows]
        return {"client": self.client, "good": self.is_good, "missing": self.missing, "calls": rows}


def line(row: Row) -> str:
    """Return a row of the table."""
    return f"{row.interface:<{INTERFACE_WIDTH}}{row.call:<{CALL_WIDTH}}{row.outcome:<{OUTCOME_WIDTH}}{row.reason}"


def heading() -> str:
    """Return the head of the table."""
    return f"{'interface':<{INTERFACE_WIDTH}}{'call':<{CALL_WIDTH}}{'outcome':<{OUTCOME_WIDTH}}what came back, or why"


def all_good(verdicts: Iterable[Verdict]) -> bool:
    """Whether every client found what it was promised."""
    return all(verdict.is_good for verdict in verdicts)
