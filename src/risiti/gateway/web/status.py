"""GET /: how the service stands, on one page: numbers of all companies together and nothing of any one.

A demo may show its own company's last documents there; nothing else may.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, cast

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from risiti.gateway.api.dependencies import Running
from risiti.gateway.api.health import DATABASE_SECONDS, VERSION
from risiti.gateway.db.database import Database, DatabaseUnavailable
from risiti.gateway.db.session import SystemSession
from risiti.gateway.fiscal import invoices
from risiti.gateway.fiscal.shapes import InvoiceView
from risiti.gateway.kernel.fresh import Fresh
from risiti.gateway.kernel.secrets import Secret
from risiti.gateway.resilience.breaker import Phase
from risiti.gateway.submissions.gates import CallClass
from risiti.gateway.submissions.overview import Overview, overview
from risiti.gateway.submissions.protection import ProtectionView
from risiti.gateway.submissions.states import DocumentState
from risiti.gateway.web.render import page, render

FRESH_SECONDS: Final = 2.0
"""How long one count serves everybody who looks."""
SHOWN_DOCUMENTS: Final = 12
"""Documents of the demo company on the page."""
STALLED_AFTER: Final = timedelta(seconds=60)
"""When documents have waited that long, and nothing was sent for as long, something is in the way."""
_UNAVAILABLE: Final = 503

_log = structlog.get_logger(__name__)

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Showcase:
    """The demo company: its last documents are shown to everybody who opens the page, with the key to try it."""

    company_id: str
    key: Secret


@dataclass(frozen=True, slots=True)
class _Sight:
    """What the page shows."""

    overview: Overview
    documents: Sequence[InvoiceView]
    protection: ProtectionView


class Board:
    """Looks things up for the page: at most once every `FRESH_SECONDS`, for at most `DATABASE_SECONDS`."""

    def __init__(
        self, database: Database, showcase: Showcase | None, protection: Callable[[SystemSession], ProtectionView]
    ) -> None:
        self._database = database
        self._protection = protection
        self.showcase = showcase
        self._sight = Fresh(self._look, FRESH_SECONDS)

    async def sight(self) -> _Sight | None:
        """Return how things stand; None if the database does not say."""
        try:
            return await self._sight.get()
        except (DatabaseUnavailable, TimeoutError) as error:
            _log.warning("status.database_unavailable", reason=type(error).__name__)
            return None

    def forget(self) -> None:
        """Look again the next time."""
        self._sight.forget()

    async def _look(self) -> _Sight:
        async with asyncio.timeout(DATABASE_SECONDS):
            return _Sight(
                await self._database.read(overview),
                await self._documents(),
                await self._database.read(self._protection),
            )

    async def _documents(self) -> Sequence[InvoiceView]:
        if self.showcase is None:
            return ()
        query = invoices.InvoiceQuery(limit=SHOWN_DOCUMENTS)
        found = await self._database.read_as(self.showcase.company_id, lambda session: invoices.page(session, query))
        return found.items


@router.get("/")
async def status(request: Request, running: Running) -> HTMLResponse:
    """Show how the service stands."""
    board = cast("Board", request.app.state.board)
    sight = await board.sight()
    now = running.clock.now()
    if sight is None:
        text = render("status.html", version=VERSION, sight=None, state=_headline(None, now))
        return page(text, _UNAVAILABLE)
    text = render(
        "status.html",
        version=VERSION,
        sight=sight,
        state=_headline(sight.overview, now, is_away=sight.protection.is_away),
        upstreams=list(_breakers(sight.protection, now)),
        tiles=[(state, sight.overview.documents[state], _TILES[state]) for state in DocumentState],
        oldest=_age(sight.overview.oldest_unsettled, now),
        last_sent=_age(sight.overview.last_sent_at, now),
        showcase=board.showcase,
        address=f"http://localhost:{running.settings.port}",
    )
    return page(text)


@dataclass(frozen=True, slots=True)
class _Headline:
    tone: str
    text: str
    more: str


_TILES: Final = {
    DocumentState.WAITING: "safe here, next to be sent",
    DocumentState.SENDING: "on the wire now",
    DocumentState.IN_DOUBT: "being asked about, never re-sent blindly",
    DocumentState.FISCALISED: "have their fiscal number",
    DocumentState.REFUSED: "by the authority, with the reason",
    DocumentState.HELD: "need a person",
    DocumentState.WITHDRAWN: "taken back before sending",
}


_TELLS: Final = {
    Phase.CLOSED: "",
    Phase.OPEN: "known to be away; tried again every now and then",
    Phase.HALF_OPEN: "being tried now, one message at a time",
}


_CALLS: Final = {CallClass.SUBMIT: "documents", CallClass.QUERY: "questions"}
_CALLS_TELL: Final = _TELLS | {Phase.OPEN: "known to fail, while others are answered; tried again every now and then"}


def _breakers(protection: ProtectionView, now: datetime) -> Iterator[tuple[str, str, str, str]]:
    """Return name, phase, since when, and what that means, of each breaker of the addresses."""
    for one in protection.upstreams:
        yield one.environment, one.breaker.replace("_", " "), _age(one.since, now), _TELLS[one.breaker]
        for calls in one.calls:
            name = f"{one.environment}, {_CALLS[calls.calls]}"
            yield name, calls.breaker.replace("_", " "), _age(calls.since, now), _CALLS_TELL[calls.breaker]


def _headline(overview: Overview | None, now: datetime, *, is_away: bool = False) -> _Headline:
    if overview is None:
        return _Headline("bad", "The database does not answer", "Documents cannot be accepted until it does.")
    if overview.documents[DocumentState.HELD]:
        return _Headline("warn", "A person is needed", "Some documents are held; everything else goes on.")
    if is_away:
        return _Headline("warn", "The authority does not answer", _KEPT)
    if _stalled(overview, now):
        return _Headline("warn", "Nothing gets through to the authority", _KEPT)
    if overview.authority_answers is False:
        return _Headline("warn", "The authority does not answer", _KEPT)
    open_documents = overview.oldest_unsettled is not None
    more = f"The oldest open document is {_age(overview.oldest_unsettled, now)} old." if open_documents else ""
    return _Headline("good", "All is well", more or "No document is waiting.")


_KEPT: Final = "Documents are accepted and kept; they are sent when it answers again."


def _stalled(overview: Overview, now: datetime) -> bool:
    waiting, sent = overview.oldest.get(DocumentState.WAITING), overview.last_sent_at
    return waiting is not None and now - waiting > STALLED_AFTER and (sent is None or now - sent > STALLED_AFTER)


def _age(moment: datetime | None, now: datetime) -> str:
    """Return how long ago something was, in the largest unit that fits; empty if it never was."""
    if moment is None:
        return ""
    passed = max(now - moment, timedelta())
    for unit, length in (("days", timedelta(days=2)), ("hours", timedelta(hours=2)), ("minutes", timedelta(minutes=2))):
        if passed >= length:
            return f"{passed // (length / 2)} {unit}"
    seconds = int(passed.total_seconds())
    return "1 second" if seconds == 1 else f"{seconds} seconds"
