"""Runs the trial: simulator and gateway as processes on loopback, every file mapped, posted and compared."""

import asyncio
import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

from risiti.cli.authority import Authority
from risiti.cli.erp import Answer, Erp, NoAnswerError
from risiti.cli.shop import SHOP
from risiti.cli.stage import Stage
from risiti.gateway.fiscal.adapters.ubl import uganda
from risiti.gateway.fiscal.adapters.ubl.options import Adaptations
from risiti.gateway.fiscal.adapters.ubl.uganda import UblSale
from risiti.gateway.kernel.errors import FieldError, GatewayError
from scripts.ubl.rows import Amounts, Outcome, Row, describe

CATEGORIES: Final = {
    "standard": "14111514",
    "zero": "10121504",
    "exempt": "50221101",
    "out_of_scope": "14111514",
}
"""Commodity categories of the simulator that carry each treatment."""
CURRENCIES: Final = frozenset({"UGX", "USD", "EUR", "GBP", "KES", "TZS", "RWF"})
"""What the simulator knows."""
STRICT: Final = {"check_categories": "strict"}
WAIT_SECONDS: Final = 15
AT_ONCE: Final = 4
_ACCEPTED_STATE: Final = "fiscalised"


@dataclass(frozen=True, slots=True)
class Options:
    """What is adapted; all of it is said in the row."""

    foreign_vat: bool = True
    seller: bool = True
    dates: bool = True
    currency: str = ""
    """For all documents; empty: the shilling where the authority does not know the document's."""

    def adaptations(self, now: datetime) -> Adaptations:
        """Return them as the adapter takes them."""
        return Adaptations(
            foreign_vat=self.foreign_vat,
            any_seller=self.seller,
            currencies=frozenset() if self.currency else CURRENCIES,
            currency=self.currency or "UGX",
            issued_at=now if self.dates else None,
            categories=CATEGORIES,
            unit="UN",
            item_codes=True,
        )


def files_of(folder: Path) -> list[Path]:
    """Return the XML files of a folder and the folders in it, in order; a file stands for itself."""
    return [folder] if folder.is_file() else sorted(path for path in folder.rglob("*") if path.suffix.lower() == ".xml")


async def run_trial(folder: Path, options: Options) -> list[Row]:
    """Try every file; return a row for each."""
    paths = {path.name if path == folder else str(path.relative_to(folder)): path for path in files_of(folder)}
    with tempfile.TemporaryDirectory(prefix="risiti-ubl-") as temporary:
        async with Stage(Path(temporary)) as stage, Authority(stage.simulator_url) as authority:
            await authority.change_settings(STRICT)
            await authority.change_taxpayer({**SHOP, "out_of_scope": True})
            async with Erp(stage.account) as erp:
                trial = _Trial(erp, authority, options.adaptations(datetime.now(UTC).replace(microsecond=0)))
                seats = asyncio.Semaphore(AT_ONCE)

                async def one(name: str, path: Path) -> Row:
                    row = Row(name)
                    async with seats:
                        await trial.run(path, row)
                    return row

                return list(await asyncio.gather(*(one(name, path) for name, path in paths.items())))


@dataclass(slots=True)
class _Trial:
    erp: Erp
    authority: Authority
    adaptations: Adaptations
    _taken: set[str]

    def __init__(self, erp: Erp, authority: Authority, adaptations: Adaptations) -> None:
        self.erp, self.authority, self.adaptations, self._taken = erp, authority, adaptations, set()

    async def run(self, path: Path, row: Row) -> None:
        """Try one file; whatever breaks is in its row."""
        try:
            await self._try(path, row)
        except GatewayError as error:
            row.needs = list(error.errors) or [FieldError("", error.code, error.detail)]
            is_other = error.code == "not_ubl"
            row.outcome = Outcome.SKIPPED if is_other else Outcome.NEEDS if row.stated else Outcome.FAILED
            if any(fault.code == "total_mismatch" for fault in row.needs):
                row.outcome = Outcome.WRONG
        except Exception as error:  # noqa: BLE001 - one file must not end the run, and its row says so
            row.outcome = Outcome.FAILED
            row.needs = [FieldError("", "broken", f"{type(error).__name__}: {error}")]

    async def _try(self, path: Path, row: Row) -> None:
        # Not in a thread: of documents with one number, the first file keeps it.
        body = path.read_bytes()  # noqa: ASYNC240
        file = uganda.look(body)
        describe(row, file)
        changes = replace(self.adaptations, reference=self._reference(file.document.id, row.file))
        sale = uganda.read(body, seller_tin=SHOP["tin"], adaptations=changes)
        row.notes = [*_seller_note(sale), *sale.adapted.notes]
        try:
            answer = await self.erp.post_invoice(
                sale.adapted.document, idempotency_key=hashlib.sha256(row.file.encode()).hexdigest(), wait=WAIT_SECONDS
            )
        except NoAnswerError as error:
            row.needs = [FieldError("", "no_answer", str(error))]
            return
        await self._settle(answer, sale, row)

    async def _settle(self, answer: Answer, sale: UblSale, row: Row) -> None:
        if not answer.accepted:
            row.needs = list(sale.adapted.places.faults(_faults(answer.body)))
            row.outcome = Outcome.NEEDS
            if any(fault.code in ("total_mismatch", "payments_do_not_add_up") for fault in row.needs):
                row.outcome = Outcome.WRONG
            return
        body = answer.body
        if body["state"] != _ACCEPTED_STATE:
            refusal = body.get("refusal")
            about = refusal if isinstance(refusal, dict) else {}
            message = f"{body['state']} {about.get('code', '')}: {about.get('message', body.get('held_reason'))}"
            where = sale.adapted.places.of(str(about.get("path") or ""))
            row.needs = [FieldError(where, "refused", message, str(about.get("fix") or ""))]
            row.outcome = Outcome.NEEDS if about else Outcome.FAILED
            return
        row.fdn = str(body["fdn"])
        row.fiscal = await self._at_the_authority(str(sale.adapted.document["reference"]))
        net, tax, gross = sale.expected
        found = (row.fiscal.net, row.fiscal.tax, row.fiscal.gross) if row.fiscal else ()
        row.outcome = Outcome.FISCALISED if found == (net, tax, gross) else Outcome.WRONG
        if row.outcome is Outcome.WRONG:
            message = f"Expected {net} + {tax} = {gross} at the authority, there is {row.fiscal}."
            row.needs = [FieldError("", "total_mismatch", message)]

    async def _at_the_authority(self, reference: str) -> Amounts | None:
        """Return the totals in the authority's own ledger, if it has the document once."""
        documents = await self.authority.documents(reference, SHOP["tin"])
        if len(documents) != 1:
            return None
        gross, tax = Decimal(str(documents[0]["gross"])), Decimal(str(documents[0]["tax"]))
        return Amounts(str(documents[0]["currency"]), gross - tax, tax, gross)

    def _reference(self, number: str, file: str) -> str:
        """Return the document's number, or one made of it where another file of this run has it already."""
        wanted = number if number.casefold() not in self._taken else f"{number[:30]}-{_digest(file)}"
        self._taken.add(wanted.casefold())
        return wanted


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def _seller_note(sale: UblSale) -> Sequence[FieldError]:
    party = sale.document.seller
    number = party.tax_ids[0][0] if party.tax_ids else "none"
    return [
        FieldError(party.path, "adapted_seller", f"The seller's tax number ({number}) was replaced by {SHOP['tin']}.")
    ]


def _faults(problem: Mapping[str, object]) -> list[FieldError]:
    errors = problem.get("errors")
    found = [
        FieldError(str(one.get("path", "")), str(one.get("code", "")), str(one["message"]), str(one.get("fix", "")))
        for one in (errors if isinstance(errors, list) else [])
        if isinstance(one, dict)
    ]
    return found or [FieldError("", str(problem.get("code")), str(problem.get("detail")))]
