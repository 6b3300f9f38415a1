import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
import segno

from risiti.gateway.fiscal.wire import Seller
from risiti.gateway.receipts import html
from risiti.gateway.receipts.content import FiscalNumbers
from risiti.gateway.receipts.qr import QUIET_ZONE
from tests.gateway.fiscal.bad_inputs import LINE
from tests.gateway.receipts.sample import HOSTILE_NAMES, LEGAL_FACTS, NUMBERS, receipt


class Page(HTMLParser):
    """Collects what a browser would see: elements, attributes and text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.style = ""
        self.path = ""
        self._in_style = False
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self._in_style = tag == "style"
        if tag == "path" and dict(attrs).get("fill") == "#000":
            self.path = dict(attrs)["d"] or ""

    def handle_endtag(self, tag: str) -> None:
        self._in_style = self._in_style and tag != "style"

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.style += data
        else:
            self.text += data


@pytest.mark.parametrize("fact", LEGAL_FACTS)
def test_everything_the_law_wants_is_on_the_page(fact: str) -> None:
    assert fact in Page(html.render(receipt())).text


def test_only_a_reprint_says_copy() -> None:
    assert "COPY" not in Page(html.render(receipt())).text
    assert "COPY" in Page(html.render(receipt(is_copy=True))).text


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_hostile_names_are_shown_as_text_and_change_nothing(name: str) -> None:
    plain = Page(html.render(receipt()))
    seller = Seller("1000000000", name, name, "a@b.cd", name[:30], name)
    buyer = {"type": "consumer", "name": name}
    lines = [LINE | {"name": name, "tax": "zero"}, LINE | {"discount": {"percent": "1"}}]
    hostile = Page(html.render(receipt(seller=seller, buyer=buyer, operator=name[:30], remarks=name, lines=lines)))
    assert hostile.tags <= plain.tags
    assert hostile.attributes <= plain.attributes
    assert name.replace("\u200d", "") in hostile.text


def test_a_hostile_qr_text_is_only_drawn() -> None:
    numbers = FiscalNumbers("1", "2", "</svg><script>alert(1)</script>")
    page = Page(html.render(receipt(numbers=numbers)))
    assert "script" not in page.tags
    assert "script" not in page.text


def test_the_page_needs_nothing_from_anywhere() -> None:
    page = Page(html.render(receipt()))
    assert not page.tags & {"script", "link", "img", "iframe", "object", "base", "form", "image", "use"}
    assert not page.attributes & {"src", "href", "style", "onload", "xlink:href"}
    assert "url(" not in page.style
    assert "@import" not in page.style


def test_the_policy_allows_exactly_the_style_of_the_page() -> None:
    style = Page(html.render(receipt())).style
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in html.CONTENT_SECURITY_POLICY
    assert "default-src 'none'" in html.CONTENT_SECURITY_POLICY


def test_the_qr_code_on_the_page_is_the_authoritys_text() -> None:
    path = Page(html.render(receipt())).path
    drawn = set()
    for column, row, length in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", path):
        drawn |= {(int(column) + step - QUIET_ZONE, int(row) - QUIET_ZONE) for step in range(int(length))}
    matrix = segno.make(NUMBERS.qr, error="m", micro=False, boost_error=False).matrix
    assert drawn == {(column, row) for row, line in enumerate(matrix) for column, dark in enumerate(line) if dark}


def test_without_a_qr_text_there_is_no_code() -> None:
    assert "svg" not in Page(html.render(receipt(numbers=FiscalNumbers("1", "2", "")))).tags
