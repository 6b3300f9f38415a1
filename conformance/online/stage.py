"""The client on its stage: what its calls told so far, and how an answer of it is looked at."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from conformance import sales
from conformance.cases import Unexpected, expect
from conformance.door import Door

KAMPALA = timezone(timedelta(hours=3))


@dataclass
class Stage:
    """The client, and what earlier calls have told it."""

    sdk: Any
    """The client's package."""
    client: Any
    door: Door
    certificate: str
    """A certificate for the client's key: PEM, base64."""
    known: dict[str, str] = field(default_factory=dict)

    def now(self) -> str:
        """Return the time in Kampala as documents have it."""
        return datetime.now(KAMPALA).strftime("%Y-%m-%d %H:%M:%S")

    def today(self) -> str:
        """Return the day in Kampala."""
        return self.now()[:10]

    def sell(self, name: str, document: Mapping[str, Any]) -> str:
        """Have a document fiscalised; remember its numbers under a name."""
        issued = content(self.client.fiscalise_invoice(dict(document)))["basicInformation"]
        self.known |= {f"{name}.fdn": issued["invoiceNo"], f"{name}.id": issued["invoiceId"]}
        return f"FDN {issued['invoiceNo']}"

    def apply(self, name: str, sold: str, quantity: str = "3") -> str:
        """Apply for a credit note on a document sold before; remember reference, id and task under a name."""
        asked = sales.credit_note(self.known[f"{sold}.fdn"], self.known[f"{sold}.id"], self.now(), quantity)
        reference = content(self.client.apply_credit_note(asked))["referenceNo"]
        row = self.application(reference)
        self.known |= {f"{name}.reference": reference, f"{name}.id": row["id"], f"{name}.task": row["taskId"]}
        return f"application {reference}"

    def application(self, reference: str) -> dict[str, Any]:
        """Return the one application with a reference."""
        rows = records(self.client.query_credit_note_status(sales.PAGE | {"referenceNo": reference, "queryType": "1"}))
        expect(len(rows), 1, "number of applications with the reference")
        row: dict[str, Any] = rows[0]
        return row


def content(answer: Mapping[str, Any]) -> Any:  # noqa: ANN401 - whatever JSON the client read
    """Return what an answer carries."""
    return answer["data"]["content"]


def records(answer: Mapping[str, Any]) -> list[Any]:
    """Return the rows of a page.

    Raises:
        Unexpected: the page has none.
    """
    rows: list[Any] = content(answer)["records"]
    if not rows:
        raise Unexpected("the page is empty")
    return rows


def rows_of(value: object, what: str) -> str:
    """Say how many rows a list has.

    Raises:
        Unexpected: it is no list, or empty.
    """
    if not isinstance(value, list) or not value:
        raise Unexpected(f"{what}: no rows")
    return f"{len(value)} {what}"


def done(answer: Mapping[str, Any]) -> str:
    """Demand success of a call whose answer has no content."""
    expect(answer["returnStateInfo"]["returnCode"], "00", "return code")
    return "done"


def all_rows_taken(answer: Mapping[str, Any]) -> str:
    """Demand that no row of a list was refused."""
    done(answer)
    if content(answer):
        raise Unexpected(f"rows refused: {content(answer)}")
    return "every row taken"


def refused(at: Stage, call: Callable[[], object], code: str) -> str:
    """Demand that a call is refused with a code.

    Raises:
        Unexpected: it is not.
    """
    try:
        call()
    except at.sdk.APIException as error:
        expect(error.error_type, code, "return code")
        return f"refused with {code}, as it must be"
    raise Unexpected(f"not refused; {code} was due")
