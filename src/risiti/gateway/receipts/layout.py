"""Rows of text for a page: what fits into a width, how high it gets, and how it breaks into pages."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Align = Literal["left", "right", "center"]
Measure = Callable[[str], float]
"""Width of a text in points, in one font and size."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A text in a column: where the column begins and how wide it is, in points from the left margin."""

    text: str
    left: float
    width: float
    align: Align = "left"
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Cells side by side, `size` points high a line; with `rule` a line is drawn above."""

    cells: tuple[Cell, ...]
    size: float
    rule: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """Room for the QR code, square, `edge` points."""

    edge: float


@dataclass(frozen=True, slots=True)
class Placed:
    """A row with its wrapped lines, or a picture, and how high it is in points."""

    block: Row | Picture
    lines: tuple[tuple[str, ...], ...]
    height: float


LEADING = 1.3
"""Distance of lines as a multiple of their size."""
RULE_HEIGHT = 5.0
"""Room for a rule, in points."""


def wrap(text: str, width: float, measure: Measure) -> tuple[str, ...]:
    """Break a text into lines that fit; a word that is too long for a line of its own is cut."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if measure(longer) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        *full, line = _pieces(word, width, measure)
        lines.extend(full)
    return (*lines, line)


def _pieces(word: str, width: float, measure: Measure) -> Iterator[str]:
    piece = ""
    for char in word:
        if piece and measure(piece + char) > width:
            yield piece
            piece = ""
        piece += char
    yield piece


def place(block: Row | Picture, measure: Callable[[bool, float], Measure]) -> Placed:
    """Wrap a block's texts; `measure` gives the measure of a weight (bold or not) and size."""
    if isinstance(block, Picture):
        return Placed(block, (), block.edge)
    lines = tuple(wrap(cell.text, cell.width, measure(cell.bold, block.size)) for cell in block.cells)
    height = max(map(len, lines)) * block.size * LEADING
    return Placed(block, lines, height + (RULE_HEIGHT if block.rule else 0))


def paginate(blocks: Iterable[Placed], height: float) -> list[Sequence[Placed]]:
    """Fill pages of a height; a block goes to the next page whole, unless it is higher than a page by itself."""
    pages: list[list[Placed]] = [[]]
    left = height
    for block in blocks:
        if block.height > left and pages[-1]:
            pages.append([])
            left = height
        pages[-1].append(block)
        left -= block.height
    return list(pages)
