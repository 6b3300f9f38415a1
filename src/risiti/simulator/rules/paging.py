"""pageNo and pageSize of the queries (codes 1521-1526), and the page object of their answers."""

from collections.abc import Sequence
from dataclasses import dataclass

from risiti.simulator.rules.block import Block

MOST_ROWS = 99
"""The document says 100; working clients report that 100 is refused."""


@dataclass(frozen=True, slots=True)
class Page:
    """Which rows are wanted; `number` counts from 1."""

    number: int
    size: int

    def cut(self, rows: Sequence[dict[str, object]]) -> dict[str, object]:
        """Return the answer: the page's rows, and how many there are."""
        start = (self.number - 1) * self.size
        return {
            "page": {
                "pageNo": self.number,
                "pageSize": self.size,
                "totalSize": len(rows),
                "pageCount": -(-len(rows) // self.size),
            },
            "records": list(rows[start : start + self.size]),
        }


def read_page(asked: Block) -> Page:
    """Read the paging of a query, or refuse."""
    asked.required("pageNo", "1521")
    asked.fits("pageNo", 20, "1522")
    number = asked.number("pageNo", 20, 0, "1522")
    asked.required("pageSize", "1524")
    asked.fits("pageSize", 3, "1525")
    size = asked.number("pageSize", 3, 0, "1525")
    if number is None or number < 1:
        asked.refuse("1523")
    if size is None or size < 1:
        asked.refuse("1525")
    if size > MOST_ROWS:
        asked.refuse("1526")
    return Page(int(number), int(size))
