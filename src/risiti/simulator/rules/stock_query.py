"""Rules about the filters of the stock queries (T128, T145, T147, T149, T183)."""

from dataclasses import dataclass
from datetime import date

from risiti.simulator.registry import Taxpayer
from risiti.simulator.rules.block import Block
from risiti.simulator.rules.readings import demand
from risiti.simulator.settings import Settings
from risiti.simulator.stock_book import StockRecord

_KEYS = ("productionBatchNo", "invoiceNo", "referenceNo")


@dataclass(frozen=True, slots=True)
class Period:
    """First and last day asked for; None for no end."""

    start: date | None
    end: date | None

    def holds(self, day: str) -> bool:
        """Tell whether a day (yyyy-MM-dd) lies in it."""
        return (self.start is None or self.start.isoformat() <= day) and (
            self.end is None or day <= self.end.isoformat()
        )


def read_period(asked: Block) -> Period:
    """Read startDate and endDate, or refuse (1518, 1520)."""
    return Period(asked.day("startDate", "1518"), asked.day("endDate", "1520"))


def own_branch(asked: Block, seller: Taxpayer) -> str:
    """Return branchId, empty or one of the seller's, or refuse (2836, 2837)."""
    branch = asked.fits("branchId", 18, "2836")
    if branch and branch not in seller.branches:
        asked.refuse("2837")
    return branch


def read_keys(asked: Block, settings: Settings) -> list[tuple[str, str]]:
    """Return the keys of T145 that are given, at least one of three, or refuse."""
    demand(asked, "productionBatchNo", "2844", settings)
    asked.fits("productionBatchNo", 50, "2845")
    asked.fits("invoiceNo", 20, "1501")
    demand(asked, "referenceNo", "2846", settings)
    asked.fits("referenceNo", 20, "2847")
    given = [(name, asked.text(name)) for name in _KEYS if asked.text(name)]
    if not given:
        asked.refuse("2843")
    return given


def read_increase_filters(asked: Block, settings: Settings) -> Period:
    """Check the filters of T147, or refuse."""
    demand(asked, "combineKeywords", "2879", settings)
    asked.fits("combineKeywords", 50, "2880")
    return read_period(asked)


def matches_increase(asked: Block, record: StockRecord) -> bool:
    """Tell whether a record is what T147 asks for; texts match anywhere and in any case."""
    header = record.header
    words = asked.text("combineKeywords").casefold()
    supplier = header.get("supplierName", "").casefold()
    return (
        any(words in text.casefold() for text in (record.reference, supplier))
        and asked.text("stockInType") in ("", header.get("stockInType", ""))
        and asked.text("supplierTin") in ("", header.get("supplierTin", ""))
        and asked.text("supplierName").casefold() in supplier
    )
