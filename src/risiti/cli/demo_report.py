"""What the demo has to show at its end: the table, the figures as JSON, and the lines to try next."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console, Group
from rich.table import Table

from risiti.cli.books import FISCALISED, REFUSED, Books
from risiti.cli.erp import Account


@dataclass(frozen=True, slots=True)
class Rejection:
    """An invoice that was turned down: by us at the door (nothing was sent) or by the authority."""

    reference: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of the day."""

    posted: int
    books: Books
    rejected: tuple[Rejection, ...]
    refused: tuple[Rejection, ...]
    doubts: Mapping[str, int]
    """How many documents were in doubt, by how that was settled."""
    restarts: int
    seconds: float
    receipt: Path | None

    @property
    def is_good(self) -> bool:
        """Whether nothing was lost, doubled or left unsettled."""
        return self.books.agree

    def as_json(self) -> dict[str, object]:
        """Return the report as plain values."""
        return {
            "posted": self.posted,
            **self.books.as_json(),
            "rejected": [_as_json(rejection) for rejection in self.rejected],
            "refused_by_authority": [_as_json(rejection) for rejection in self.refused],
            "in_doubt_settled": dict(self.doubts),
            "simulator_restarts": self.restarts,
            "seconds": round(self.seconds, 1),
            "receipt": str(self.receipt) if self.receipt else None,
            "verdict": self.books.verdict,
        }


def print_report(report: Report, console: Console) -> None:
    """Print the table and the verdict."""
    table = Table(title="A shop's day", title_justify="left", show_header=False)
    table.add_column(justify="left")
    table.add_column(justify="right")
    books = report.books
    table.add_row("invoices posted", str(report.posted))
    table.add_row("accepted", str(books.accepted))
    table.add_row("fiscalised", str(books.states.get(FISCALISED, 0)))
    table.add_row("rejected at the door, nothing sent", str(len(report.rejected)))
    table.add_row("refused by the authority", str(books.states.get(REFUSED, 0)))
    table.add_row("fiscal numbers at the simulator", str(books.fiscal_numbers))
    table.add_row("in doubt, all settled" if not books.unsettled else "in doubt", str(sum(report.doubts.values())))
    for how, count in report.doubts.items():
        table.add_row(f"  {how}", str(count))
    table.add_row("restarts of the simulator", str(report.restarts))
    table.add_row("seconds", f"{report.seconds:.1f}")
    console.print(Group(table, *_reasons("Rejected at the door:", report.rejected)))
    console.print(Group(*_reasons("Refused by the authority:", report.refused)))
    for title, references in (
        ("lost", books.lost),
        ("doubled", books.doubled),
        ("different", books.different),
        ("unsettled", books.unsettled),
    ):
        if references:
            console.print(f"{title}: {', '.join(references)}", style="bold red")
    if report.receipt is not None:
        console.print(f"A receipt: {report.receipt}", highlight=False, soft_wrap=True)
    console.print(books.verdict, style="bold green" if report.is_good else "bold red", highlight=False)


def print_next_steps(account: Account, console: Console) -> None:
    """Print where the status page is and how to post an invoice of one's own."""
    invoice = (
        '{"reference": "MY-0001", "lines": [{"name": "Soft drink, 500 ml", "code": "SUP-004", "category": "50202306", '
        '"unit": "PCE", "quantity": "2", "unit_price": "1500", "tax": "standard"}]}'
    )
    url = account.url.replace("127.0.0.1", "localhost")
    lines = [
        "",
        f"The gateway runs at {url} (its status page is there). Ctrl-C ends everything. In another terminal:",
        "",
        f"export RISITI_KEY={account.key} RISITI_COMPANY={account.company_id}",
        f"curl {url}/api/companies/$RISITI_COMPANY/invoices -H 'Prefer: wait=10' \\",
        f"  -H \"Authorization: Bearer $RISITI_KEY\" -H 'Content-Type: application/json' -d {shlex.quote(invoice)}",
    ]
    console.print("\n".join(lines), highlight=False, markup=False, soft_wrap=True)


def _reasons(title: str, rejections: tuple[Rejection, ...]) -> list[Table | str]:
    if not rejections:
        return []
    table = Table(show_header=False, box=None, pad_edge=False)
    for rejection in rejections:
        table.add_row(f"  {rejection.reference}", rejection.code, rejection.reason)
    return [title, table]


def _as_json(rejection: Rejection) -> dict[str, str]:
    return {"reference": rejection.reference, "code": rejection.code, "reason": rejection.reason}
