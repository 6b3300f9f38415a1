"""Where a page stands in its list; shared by everything that is listed."""

from risiti.efris.models.base import EfrisAnswer, WireNumber

MAX_PAGE_SIZE = 99
"""Rows a page may have: 100 by the document, 99 in practice (code 1526)."""


class Page(EfrisAnswer):
    """Where a page stands in its list. No pages means that nothing was found."""

    page_no: WireNumber = None
    page_size: WireNumber = None
    total_size: WireNumber = None
    page_count: WireNumber = None
