import io
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import segno
from pypdf import PdfReader

from risiti.gateway.fiscal.wire import Seller
from risiti.gateway.receipts import pdf
from risiti.gateway.receipts.content import FiscalNumbers
from risiti.gateway.receipts.layout import Picture, place
from risiti.gateway.receipts.pdf import Paper
from tests.gateway.fiscal.bad_inputs import LINE
from tests.gateway.receipts.sample import HOSTILE_NAMES, LEGAL_FACTS, NUMBERS, receipt

MILLIMETRE = 72 / 25.4
PAPERS = list(Paper)


def read(content: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(content), strict=True)


def text_of(content: bytes) -> str:
    """Return the text of all pages with line breaks and blanks as single blanks."""
    return " ".join(" ".join(page.extract_text() for page in read(content).pages).split())


@pytest.mark.parametrize("paper", PAPERS)
def test_everything_the_law_wants_is_on_the_paper(paper: Paper) -> None:
    text = text_of(pdf.render(receipt(), paper))
    joined = text.replace(" ", "")
    assert [fact for fact in LEGAL_FACTS if fact.replace(" ", "") not in joined] == []


@pytest.mark.parametrize("paper", PAPERS)
def test_only_a_reprint_says_copy_and_on_every_page(paper: Paper) -> None:
    assert "COPY" not in text_of(pdf.render(receipt(), paper))
    reprint = pdf.render(receipt(is_copy=True, lines=[LINE] * 200), paper)
    assert all("COPY" in page.extract_text() for page in read(reprint).pages)


@pytest.mark.parametrize(("paper", "width"), [(Paper.A4, 210), (Paper.ROLL_80, 80), (Paper.ROLL_58, 58)])
def test_pages_are_as_wide_as_the_paper(paper: Paper, width: int) -> None:
    for page in read(pdf.render(receipt(lines=[LINE] * 100), paper)).pages:
        assert float(page.mediabox.width) == pytest.approx(width * MILLIMETRE, abs=0.1)


def test_a_roll_is_as_long_as_it_needs_to_be() -> None:
    short, long = (
        float(read(pdf.render(receipt(lines=[LINE] * count), Paper.ROLL_80)).pages[0].mediabox.height)
        for count in (1, 50)
    )
    assert long - short == pytest.approx(49 * 2 * 7.5 * 1.3, abs=1)


@pytest.mark.parametrize(("paper", "count"), [(Paper.A4, 300), (Paper.ROLL_80, 900), (Paper.ROLL_58, 900)])
def test_hundreds_of_lines_go_over_many_pages_and_none_is_lost(paper: Paper, count: int) -> None:
    lines = [LINE | {"name": f"Article{position:04d}"} for position in range(count)]
    content = pdf.render(receipt(lines=lines), paper)
    pages = read(content).pages
    assert len(pages) > 1
    assert re.findall(r"Article(\d{4})", text_of(content)) == [f"{position:04d}" for position in range(count)]
    for number, page in enumerate(pages, 1):
        assert f"page {number} of {len(pages)}" in page.extract_text()
        assert float(page.mediabox.height) <= 14_400


@pytest.mark.parametrize("paper", PAPERS)
def test_hostile_names_break_nothing(paper: Paper) -> None:
    for name in HOSTILE_NAMES:
        seller = Seller("1000000000", name, name, "a@b.cd", name[:30], name)
        buyer = {"type": "consumer", "name": name}
        lines = [LINE | {"name": name}, LINE]
        content = pdf.render(receipt(seller=seller, buyer=buyer, operator=name[:30], remarks=name, lines=lines), paper)
        text = text_of(content)
        assert "325000000001" in text
        assert b"/JavaScript" not in content
        assert b"/URI" not in content
        if name.isascii():
            assert "".join(name.split()) in text.replace(" ", "")


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("Tea \U0001f375 end", "Tea ? end"),
        ("\u8336", "?"),
        ("Eng'ombe \u014bamba", "Eng'ombe ng'amba"),
        ("D\u0175r", "Dwr"),
        ("Caf\u00e9 \u20ac\u201c1\u201d", "Caf\u00e9 \u20ac\u201c1\u201d"),
        ("a\tb\u00a0c", "a b c"),
    ],
)
def test_a_character_the_font_lacks_is_printed_plainer_or_as_a_question_mark(name: str, printed: str) -> None:
    assert f" {printed} " in text_of(pdf.render(receipt(lines=[LINE | {"name": name}])))


@pytest.mark.parametrize("paper", PAPERS)
def test_every_text_fits_into_its_column_and_every_column_onto_the_paper(paper: Paper) -> None:
    lines = [LINE | {"name": "w" * 200, "quantity": "99999.12345678", "unit_price": "999999.12345678"}]
    sheet = pdf._SHEETS[paper]
    pdf._register_fonts()
    for block in pdf._blocks(receipt(lines=lines, remarks="W" * 500), sheet):
        placed = place(block, pdf._measure)
        if isinstance(block, Picture):
            assert block.edge <= sheet.inner
            continue
        for cell, texts in zip(block.cells, placed.lines, strict=True):
            assert cell.left + cell.width <= sheet.inner + 0.001
            assert all(pdf._measure(cell.bold, block.size)(text) <= cell.width for text in texts)


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("text", [NUMBERS.qr, "x", "https://efris.example/?" + "a1" * 200])
def test_the_qr_code_on_the_paper_is_the_authoritys_text(paper: Paper, text: str) -> None:
    numbers = FiscalNumbers("325000000001", "12345678901234567890", text)
    content = read(pdf.render(receipt(numbers=numbers), paper)).pages[-1].get_contents()
    assert content is not None
    matrix = segno.make(text, error="m", micro=False, boost_error=False).matrix
    drawn = set()
    for found in re.findall(rb"(\d+) (\d+) (\d+) 1 re", content.get_data()):
        column, bottom, length = map(int, found)
        drawn |= {(column + step, len(matrix) - 1 - bottom) for step in range(length)}
    assert drawn == {(column, row) for row, line in enumerate(matrix) for column, dark in enumerate(line) if dark}


def test_without_a_qr_text_there_is_a_receipt_without_code() -> None:
    content = read(pdf.render(receipt(numbers=FiscalNumbers("1", "2", "")))).pages[0].get_contents()
    assert content is not None
    assert b" re" not in content.get_data()


def test_the_same_receipt_is_the_same_file_also_when_many_are_drawn_at_once() -> None:
    with ThreadPoolExecutor(8) as pool:
        drawn = set(pool.map(pdf.render, [receipt()] * 24))
    assert drawn == {pdf.render(receipt())}
