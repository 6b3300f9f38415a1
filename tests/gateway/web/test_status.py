from html.parser import HTMLParser
from pathlib import Path

import pytest

from risiti.gateway.app import create_app
from risiti.gateway.db.database import DatabaseUnavailable
from risiti.gateway.kernel.secrets import Secret
from risiti.gateway.web.status import Showcase
from risiti.simulator import Fault
from tests.gateway.api.door import Door, open_door
from tests.make import a_line, an_invoice

pytestmark = pytest.mark.anyio


class Page(HTMLParser):
    """Reads a page: its text, and everything that it would fetch or run."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.fetched: list[str] = []
        self.run: list[str] = []
        self.feed(html)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "src" or (tag == "link" and name == "href"):
                self.fetched.append(value or "")
            if tag == "script" or name.startswith("on") or name == "style":
                self.run.append(f"{tag} {name}")

    def handle_data(self, data: str) -> None:
        self.text += data + " "


async def look(door: Door, path: str = "/") -> Page:
    door.app.state.board.forget()
    return Page(await (await door.ask_bare("GET", path)).text())


async def test_the_page_counts_documents_of_all_companies_and_names_none(door: Door) -> None:
    for firm in (door.firm, door.other):
        await door.ask("POST", firm.path("/invoices"), firm, json=an_invoice("S-1"))
    waiting = await look(door)
    assert "All is well" in waiting.text
    assert "waiting 2" in waiting.text
    assert "nothing sent yet" in waiting.text
    await door.work()
    done = await look(door)
    assert "fiscalised 2" in done.text
    assert "answers (last 0 seconds ago)" in done.text
    for hidden in (door.firm.id, door.other.id, "S-1", door.firm.key):
        assert hidden not in done.text


async def test_an_authority_that_is_away_and_an_old_queue_are_said(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door:
        door.authority.faults.set([Fault("http_500")])
        await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("S-2"))
        await door.work()
        door.clock.advance(300)
        page = await look(door)
        assert "Nothing gets through to the authority" in page.text
        assert "oldest document: 5 minutes" in page.text


async def test_an_answer_that_was_lost_is_seen_at_once(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door:
        door.authority.faults.set([Fault("drop_after", interface="T109")])
        await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("S-3"))
        await door.work()
        page = await look(door)
        assert "The authority does not answer" in page.text
        assert "in doubt 1" in page.text


async def test_a_database_that_is_away_is_said(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(_: object) -> None:
        raise DatabaseUnavailable("gone")

    monkeypatch.setattr(door.runtime.database, "read", away)
    door.app.state.board.forget()
    answer = await door.ask_bare("GET", "/")
    assert answer.status == 503
    assert "The database does not answer" in await answer.text()


async def test_only_a_demo_shows_documents_and_what_is_in_them_stays_text(door: Door) -> None:
    evil = "<script>alert(1)</script>"
    invoice = an_invoice(evil, lines=[a_line(name=evil)])
    assert (await door.ask("POST", door.other.path("/invoices"), door.other, json=invoice)).status == 202
    create_app(door.runtime)  # a second app over the same runtime is a door of its own
    door.app.state.board.showcase = Showcase(door.other.id, Secret(door.other.key))
    try:
        page = await look(door)
    finally:
        door.app.state.board.showcase = None
    assert evil in page.text
    assert page.run == []
    assert f"Bearer {door.other.key}" in page.text
    assert door.firm.id not in page.text


@pytest.mark.parametrize("path", ["/", "/docs"])
async def test_a_page_fetches_only_from_here_and_runs_nothing(door: Door, path: str) -> None:
    answer = await door.ask_bare("GET", path)
    page = Page(await answer.text())
    assert page.run == []
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert page.fetched
    for address in page.fetched:
        assert address.startswith("/static/")
        file = await door.ask_bare("GET", address)
        assert file.status == 200
        again = await door.ask_bare("GET", address, headers={"If-None-Match": file.headers["ETag"]})
        assert again.status == 304


@pytest.mark.parametrize("name", ["other.css", "..%2fstatus.py", "%2e%2e/__init__.py", "risiti.css%00"])
async def test_there_is_no_other_file_to_be_had(door: Door, name: str) -> None:
    assert (await door.ask_bare("GET", f"/static/{name}")).status == 404
