import pytest

from tests.gateway.api.door import Door
from tests.make import an_invoice

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def receipt(door: Door) -> str:
    """The address of a fiscalised document's receipt."""
    view = await (await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("R-1"))).json()
    await door.work()
    return f"{view['links']['self']}/receipt"


async def test_the_first_receipt_is_the_original_and_the_next_a_copy(door: Door, receipt: str) -> None:
    first = await door.ask("GET", receipt)
    second = await door.ask("GET", receipt)
    assert first.content_type == "text/html"
    assert "COPY" not in await first.text()
    assert "COPY" in await second.text()
    assert door.authority.documents("R-1")[0].fdn in await first.text()
    assert "style-src 'sha256-" in first.headers["Content-Security-Policy"]


@pytest.mark.parametrize("paper", ["a4", "80mm", "58mm"])
async def test_a_pdf_for_each_paper(door: Door, receipt: str, paper: str) -> None:
    answer = await door.ask("GET", receipt, params={"format": "pdf", "paper": paper})
    assert (answer.status, answer.content_type) == (200, "application/pdf")
    assert (await answer.read()).startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("application/pdf", "application/pdf"),
        ("text/html;q=0.5, application/pdf;q=0.9", "application/pdf"),
        ("text/html, application/pdf", "text/html"),
        ("*/*", "text/html"),
        ("application/pdf;q=much", "text/html"),
    ],
)
async def test_the_form_that_is_preferred(door: Door, receipt: str, accept: str, form: str) -> None:
    assert (await door.ask("GET", receipt, headers={"Accept": accept})).content_type == form


@pytest.mark.parametrize(("query", "path"), [("format=doc", "?format"), ("paper=a5", "?paper"), ("copy=1", "?copy")])
async def test_what_cannot_be_had_is_said(door: Door, receipt: str, query: str, path: str) -> None:
    answer = await door.ask("GET", f"{receipt}?{query}")
    assert (answer.status, (await answer.json())["errors"][0]["path"]) == (422, path)


async def test_there_is_no_receipt_without_a_fiscal_number(door: Door) -> None:
    view = await (await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("R-2"))).json()
    answer = await door.ask("GET", f"{view['links']['self']}/receipt")
    problem = await answer.json()
    assert (answer.status, problem["code"], problem["effect"]) == (409, "not_fiscalised", "none")
    assert problem["document_id"] == view["id"]
