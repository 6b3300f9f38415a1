"""A seller's system as it should behave: it repeats each POST, unchanged, until it has an answer."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import aiohttp

from risiti.cli.books import Entry

JsonObject = Mapping[str, object]

ATTEMPT_SECONDS: Final = 35.0
"""Longer than any `Prefer: wait`, so that a repeat is never sent while the first may still be answered."""
PAUSE_SECONDS: Final = 0.1
PAGE: Final = 100
_TOO_MANY: Final = 429
_SERVER_ERROR: Final = 500


class NoAnswerError(Exception):
    """The gateway gave no answer that settles the POST within the time allowed; the invoice may have been accepted."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the gateway: its HTTP status, its JSON body, and whether it repeats an earlier answer."""

    status: int
    body: JsonObject
    replayed: bool
    sent: int
    """How often the request was sent until this answer came."""

    @property
    def accepted(self) -> bool:
        """Whether the gateway has taken the invoice into its keeping."""
        return self.status in (200, 201, 202)


@dataclass(frozen=True, slots=True)
class Account:
    """Where a seller posts: the gateway's address, the company and its API key."""

    url: str
    company_id: str
    key: str


class Erp:
    """Speaks to the gateway for one company. Use as an async context manager."""

    def __init__(self, account: Account, *, connections: int = 16) -> None:
        self.account = account
        self._session = aiohttp.ClientSession(
            base_url=account.url,
            headers={"Authorization": f"Bearer {account.key}"},
            connector=aiohttp.TCPConnector(limit=connections),
            timeout=aiohttp.ClientTimeout(total=ATTEMPT_SECONDS),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def post_invoice(
        self, invoice: JsonObject, *, idempotency_key: str, patience: float = 60.0, wait: int | None = None
    ) -> Answer:
        """Post an invoice; repeat it, byte for byte and under the same key, until there is an answer.

        Args:
            invoice: The JSON document.
            idempotency_key: Sent as `Idempotency-Key` with every repeat.
            patience: Seconds after which to give up.
            wait: Seconds for `Prefer: wait=N`; without it the gateway answers at once.

        Raises:
            NoAnswerError: no answer within `patience`.
        """
        headers = {"Content-Type": "application/json", "Idempotency-Key": idempotency_key}
        if wait is not None:
            headers["Prefer"] = f"wait={wait}"
        what = repr(invoice.get("reference"))
        return await self._post_until_answered(self._invoices, json.dumps(invoice).encode(), headers, patience, what)

    async def import_table(self, table: bytes, *, patience: float = 60.0) -> Answer:
        """Hand in a CSV file with invoices; repeat it, byte for byte, until there is an answer.

        Raises:
            NoAnswerError: no answer within `patience`.
        """
        path = f"/api/companies/{self.account.company_id}/imports"
        return await self._post_until_answered(path, table, {"Content-Type": "text/csv"}, patience, "a table")

    async def read(self, document_id: str, *, wait: int | None = None) -> JsonObject:
        """Return the document as the gateway shows it; `wait` seconds for it to settle."""
        query = {"wait": str(wait)} if wait is not None else {}
        return await self._get_json(f"{self._invoices}/{document_id}", query)

    async def events(self, document_id: str) -> list[JsonObject]:
        """Return what happened to the document, oldest first."""
        page = await self._get_json(f"{self._invoices}/{document_id}/events", {})
        return _objects(page, "items")

    async def all_invoices(self) -> list[JsonObject]:
        """Return every document of the company, page by page."""
        found: list[JsonObject] = []
        query = {"limit": str(PAGE)}
        while True:
            page = await self._get_json(self._invoices, query)
            found.extend(_objects(page, "items"))
            cursor = page.get("next_cursor")
            if not isinstance(cursor, str):
                return found
            query["cursor"] = cursor

    async def receipt_pdf(self, document_id: str, paper: str = "a4") -> bytes:
        """Return the document's receipt as PDF."""
        query = {"format": "pdf", "paper": paper}
        async with self._session.get(f"{self._invoices}/{document_id}/receipt", params=query) as answer:
            answer.raise_for_status()
            return await answer.read()

    @property
    def _invoices(self) -> str:
        return f"/api/companies/{self.account.company_id}/invoices"

    async def _post_until_answered(
        self, path: str, body: bytes, headers: Mapping[str, str], patience: float, what: str
    ) -> Answer:
        sent = 0
        try:
            async with asyncio.timeout(patience):
                while True:
                    sent += 1
                    answer = await self._try_post(path, body, headers, sent)
                    if answer is not None:
                        return answer
                    await asyncio.sleep(PAUSE_SECONDS)
        except TimeoutError:
            raise NoAnswerError(f"no answer to {what} within {patience:g} s ({sent} tries)") from None

    async def _try_post(self, path: str, body: bytes, headers: Mapping[str, str], sent: int) -> Answer | None:
        try:
            async with self._session.post(path, data=body, headers=headers) as answer:
                if answer.status == _TOO_MANY or answer.status >= _SERVER_ERROR:
                    return None
                replayed = answer.headers.get("Idempotency-Replayed") == "true"
                return Answer(answer.status, _object(await answer.json(content_type=None)), replayed, sent)
        except (aiohttp.ClientError, TimeoutError, OSError):
            return None

    async def _get_json(self, path: str, query: Mapping[str, str]) -> JsonObject:
        async with self._session.get(path, params=query) as answer:
            answer.raise_for_status()
            return _object(await answer.json())


def entries(invoices: list[JsonObject]) -> dict[str, Entry]:
    """Return the documents as entries of our books, by reference."""
    books: dict[str, Entry] = {}
    for invoice in invoices:
        fdn = invoice.get("fdn")
        reference = str(invoice["reference"])
        books[reference] = Entry(reference, str(invoice["state"]), fdn if isinstance(fdn, str) else None)
    return books


def _object(value: object) -> JsonObject:
    if isinstance(value, dict):
        return value
    message = f"the gateway answered {type(value).__name__} where a JSON object was due"
    raise TypeError(message)


def _objects(page: JsonObject, name: str) -> list[JsonObject]:
    items = page.get(name)
    return [_object(item) for item in items] if isinstance(items, list) else []
