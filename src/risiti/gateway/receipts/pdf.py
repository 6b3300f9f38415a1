"""The receipt as PDF: A4 for files, 80 mm and 58 mm rolls for tills; as many pages as it takes."""

import io
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import chain
from typing import Final

from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from risiti.gateway.receipts.content import Receipt, ReceiptLine, money, number
from risiti.gateway.receipts.layout import (
    LEADING,
    RULE_HEIGHT,
    Align,
    Cell,
    Measure,
    Picture,
    Placed,
    Row,
    paginate,
    place,
)
from risiti.gateway.receipts.qr import QUIET_ZONE, qr_code

_REGULAR: Final = "RisitiVera"
_BOLD: Final = "RisitiVera-Bold"
_MISSING: Final = "?"
"""Printed for a character that the font lacks."""
_SPELLED: Final = {"\u014b": "ng'", "\u014a": "Ng'"}
"""Letters of Ugandan languages that the font lacks, as they are spelled without it."""
_FONTS_LOCK: Final = threading.Lock()
MAX_ROLL_HEIGHT: Final = 14_000.0
"""Highest page of a roll, in points: PDF readers take 14,400."""
_COLUMNS_WIDER_THAN: Final = 120 * mm


class Paper(StrEnum):
    """What a receipt is printed on."""

    A4 = "a4"
    ROLL_80 = "80mm"
    ROLL_58 = "58mm"


@dataclass(frozen=True, slots=True)
class _Sheet:
    """Measures of a paper in points; a height of None means as long as it takes."""

    width: float
    height: float | None
    margin: float
    size: float
    qr_edge: float

    @property
    def inner(self) -> float:
        return self.width - 2 * self.margin

    @property
    def has_columns(self) -> bool:
        return bool(self.width > _COLUMNS_WIDER_THAN)


_SHEETS: Final = {
    Paper.A4: _Sheet(210 * mm, 297 * mm, 18 * mm, 9, 42 * mm),
    Paper.ROLL_80: _Sheet(80 * mm, None, 4 * mm, 7.5, 40 * mm),
    Paper.ROLL_58: _Sheet(58 * mm, None, 3 * mm, 6.5, 36 * mm),
}


def render(receipt: Receipt, paper: Paper = Paper.A4) -> bytes:
    """Return the receipt as PDF; the same receipt gives the same bytes."""
    _register_fonts()
    sheet = _SHEETS[paper]
    head = [place(block, _measure) for block in _copy_mark(receipt, sheet)]
    body = [place(block, _measure) for block in _blocks(receipt, sheet)]
    foot_height = sheet.size * LEADING
    head_height = sum(block.height for block in head)
    room = (sheet.height or MAX_ROLL_HEIGHT) - 2 * sheet.margin - foot_height - head_height
    pages = paginate(body, room)
    target = io.BytesIO()
    canvas = Canvas(target, invariant=1, pageCompression=1)
    canvas.setTitle(f"{receipt.title} {receipt.numbers.fdn}")
    canvas.setAuthor(_printable(receipt.seller.legal_name))
    canvas.setCreator("Risiti")
    for page_no, page in enumerate(pages, 1):
        content = [*head, *page]
        used = sum(block.height for block in content) + 2 * sheet.margin + foot_height
        height = sheet.height or used
        canvas.setPageSize((sheet.width, height))
        _draw(canvas, sheet, height, content, receipt.numbers.qr)
        if len(pages) > 1:
            canvas.setFont(_REGULAR, sheet.size)
            foot = f"FDN {receipt.numbers.fdn}   page {page_no} of {len(pages)}"
            canvas.drawCentredString(sheet.width / 2, sheet.margin, foot)
        canvas.showPage()
    canvas.save()
    return target.getvalue()


# ---------------------------------------------------------------- what is on it


def _copy_mark(receipt: Receipt, sheet: _Sheet) -> Iterator[Row]:
    if receipt.is_copy:
        yield _text(sheet, "COPY", size=sheet.size * 2, align="center", bold=True)


def _blocks(receipt: Receipt, sheet: _Sheet) -> Iterator[Row | Picture]:
    return chain(
        _heading(receipt, sheet),
        _facts(receipt, sheet),
        _wide_lines(receipt, sheet) if sheet.has_columns else _narrow_lines(receipt, sheet),
        _wide_taxes(receipt, sheet) if sheet.has_columns else _narrow_taxes(receipt, sheet),
        _sums(receipt, sheet),
        _fiscal(receipt, sheet),
    )


def _heading(receipt: Receipt, sheet: _Sheet) -> Iterator[Row]:
    seller = receipt.seller
    yield _text(sheet, seller.business_name or seller.legal_name, size=sheet.size * 1.4, align="center", bold=True)
    others = [seller.legal_name if seller.business_name else "", seller.address, f"TIN: {seller.tin}"]
    for text in (*others, f"{seller.phone} {seller.email}".strip()):
        if text:
            yield _text(sheet, text, align="center")
    yield _text(sheet, receipt.title, size=sheet.size * 1.2, align="center", bold=True, rule=True)


def _facts(receipt: Receipt, sheet: _Sheet) -> Iterator[Row]:
    facts = (
        ("Reference", receipt.reference),
        ("Date", receipt.date),
        ("Time", receipt.time),
        ("Served by", receipt.operator),
        ("Buyer", receipt.buyer_name),
        ("Buyer's TIN", receipt.buyer_tin),
        ("Currency", receipt.currency),
    )
    for label, value in facts:
        if value:
            yield _pair(sheet, label, value)


def _wide_lines(receipt: Receipt, sheet: _Sheet) -> Iterator[Row]:
    shares = (0.36, 0.14, 0.07, 0.17, 0.2, 0.06)
    titles = ("Item", "Quantity", "Unit", "Unit price", "Total", "Tax")
    yield _columns(sheet, shares, titles, bold=True, rule=True)
    for position, line in enumerate(receipt.lines):
        yield _columns(sheet, shares, _texts(line), rule=position == 0)


def _texts(line: ReceiptLine) -> tuple[str, ...]:
    quantity = number(line.quantity) if line.quantity is not None else ""
    price = number(line.unit_price) if line.unit_price is not None else ""
    return line.name, quantity, "" if line.is_discount else line.unit, price, money(line.total), line.letter


def _columns(
    sheet: _Sheet, shares: Sequence[float], texts: Sequence[str], *, bold: bool = False, rule: bool = False
) -> Row:
    """Return a row of columns with the given shares of the width: the first to the left, the others to the right."""
    gap = 4.0
    cells = []
    left = 0.0
    for position, (text, share) in enumerate(zip(texts, shares, strict=True)):
        width = share * sheet.inner
        cells.append(Cell(_printable(text), left, width - gap, "left" if position == 0 else "right", bold))
        left += width
    return Row(tuple(cells), sheet.size, rule)


def _narrow_lines(receipt: Receipt, sheet: _Sheet) -> Iterator[Row]:
    for position, line in enumerate(receipt.lines):
        total = f"{money(line.total)} {line.letter}"
        if line.quantity is None or line.unit_price is None:
            yield _pair(sheet, line.name, total, right=True)
            continue
        yield _text(sheet, line.name, rule=position == 0)
        yield _pair(sheet, f"{number(line.quantity)} ({line.unit}) x {number(line.unit_price)}", total, right=True)


def _wide_taxes(receipt: Receipt, sheet: _Sheet) -> Iterator[Row]:
    shares = (0.4, 0.2, 0.2, 0.2)
    yield _columns(sheet, shares, ("Tax category", "Net", "Tax", "Gross"), bold=True, rule=True)
    for row in receipt.taxes:
        texts = (row.label, money(row.net), money(row.tax), money(row.gross))
        yield _columns(sheet, shares, texts)


def _narrow_taxes(receipt: Receipt, sheet: _Sheet) -> Iterator[Row]:
    for position, row in enumerate(receipt.taxes):
        yield _text(sheet, f"Tax {row.label}", rule=position == 0)
        for label, amount in (("Net", row.net), ("Tax", row.tax), ("Gross", row.gross)):
            yield _pair(sheet, label, money(amount), right=True)


def _sums(receipt: Receipt, sheet: _Sheet) -> Iterator[Row]:
    yield _pair(sheet, "Net amount", money(receipt.net), right=True, rule=True)
    yield _pair(sheet, "Tax amount", money(receipt.tax), right=True)
    yield _pair(sheet, f"TOTAL {receipt.currency}", money(receipt.gross), right=True, bold=True)
    for payment in receipt.payments:
        yield _pair(sheet, f"Paid: {payment.method}", money(payment.amount), right=True)
    if receipt.remarks:
        yield _text(sheet, receipt.remarks, rule=True)


def _fiscal(receipt: Receipt, sheet: _Sheet) -> Iterator[Row | Picture]:
    facts = (
        ("Fiscal document number", receipt.numbers.fdn),
        ("Verification code", receipt.numbers.verification_code),
        ("Device number", receipt.device_no),
    )
    for position, (label, value) in enumerate(facts):
        if sheet.has_columns:
            yield _pair(sheet, label, value, bold=True, rule=position == 0)
        else:
            yield _text(sheet, f"{label}:", rule=position == 0)
            yield _text(sheet, value, size=sheet.size * 1.1, bold=True)
    if receipt.numbers.qr:
        yield Picture(sheet.qr_edge)


def _text(
    sheet: _Sheet, text: str, *, size: float = 0, align: Align = "left", bold: bool = False, rule: bool = False
) -> Row:
    return Row((Cell(_printable(text), 0, sheet.inner, align, bold),), size or sheet.size, rule)


def _pair(sheet: _Sheet, label: str, value: str, *, right: bool = False, bold: bool = False, rule: bool = False) -> Row:
    split = sheet.inner * (0.5 if right else 0.4)
    align: Align = "right" if right else "left"
    cells = (
        Cell(_printable(label), 0, split - 2, "left", bold),
        Cell(_printable(value), split, sheet.inner - split, align, bold),
    )
    return Row(cells, sheet.size, rule)


# ---------------------------------------------------------------- how it gets there


def _draw(canvas: Canvas, sheet: _Sheet, height: float, blocks: Sequence[Placed], qr: str) -> None:
    top = height - sheet.margin
    for placed in blocks:
        if isinstance(placed.block, Picture):
            _draw_qr(canvas, qr, (sheet.width - placed.block.edge) / 2, top - placed.block.edge, placed.block.edge)
        else:
            _draw_row(canvas, sheet, placed.block, placed.lines, top)
        top -= placed.height


def _draw_row(canvas: Canvas, sheet: _Sheet, row: Row, lines: Sequence[Sequence[str]], top: float) -> None:
    if row.rule:
        canvas.setLineWidth(0.5)
        canvas.line(sheet.margin, top - RULE_HEIGHT / 2, sheet.width - sheet.margin, top - RULE_HEIGHT / 2)
        top -= RULE_HEIGHT
    for cell, texts in zip(row.cells, lines, strict=True):
        canvas.setFont(_BOLD if cell.bold else _REGULAR, row.size)
        left = sheet.margin + cell.left
        for position, text in enumerate(texts):
            baseline = top - row.size - position * row.size * LEADING
            match cell.align:
                case "left":
                    canvas.drawString(left, baseline, text)
                case "right":
                    canvas.drawRightString(left + cell.width, baseline, text)
                case "center":
                    canvas.drawCentredString(left + cell.width / 2, baseline, text)


def _draw_qr(canvas: Canvas, text: str, left: float, bottom: float, edge: float) -> None:
    """Draw the code as rectangles, one unit a module, so that it stays sharp at any size."""
    code = qr_code(text)
    module = edge / (code.size + 2 * QUIET_ZONE)
    canvas.saveState()
    canvas.translate(left + QUIET_ZONE * module, bottom + QUIET_ZONE * module)
    canvas.scale(module, module)
    canvas.setFillGray(0)
    path = canvas.beginPath()
    for column, row, length in code.runs():
        path.rect(column, code.size - 1 - row, length, 1)
    canvas.drawPath(path, stroke=0, fill=1)
    canvas.restoreState()


def _register_fonts() -> None:
    """Load Bitstream Vera, which comes with reportlab, once per process, whichever thread draws first."""
    with _FONTS_LOCK:
        if _BOLD not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(_REGULAR, "Vera.ttf"))
            pdfmetrics.registerFont(TTFont(_BOLD, "VeraBd.ttf"))


@lru_cache(maxsize=1)
def _glyphs() -> frozenset[int]:
    """Characters that both weights have."""
    _register_fonts()
    regular, bold = (pdfmetrics.getFont(name).face.charToGlyph for name in (_REGULAR, _BOLD))
    return frozenset(regular) & frozenset(bold)


def _printable(text: str) -> str:
    """Return the text as the font can print it.

    A character that the font lacks gives way to its plain letter (w with circumflex to w, the eng of Luganda to ng'),
    and where there is none to a question mark, so that nobody takes the text for complete.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_drawn(char) for char in text)


@lru_cache(maxsize=1024)
def _drawn(char: str) -> str:
    if ord(char) in _glyphs() and char.isprintable():
        return char
    if char.isspace():
        return " "
    plain = _SPELLED.get(char) or unicodedata.normalize("NFKD", char)
    kept = "".join(part for part in plain if ord(part) in _glyphs() and part.isprintable())
    return kept or ("" if unicodedata.combining(char) else _MISSING)


def _measure(bold: bool, size: float) -> Measure:  # noqa: FBT001 - layout asks for a weight and a size
    font = _BOLD if bold else _REGULAR
    return lambda text: float(pdfmetrics.stringWidth(text, font, size))
