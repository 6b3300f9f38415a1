"""Rounding: what a company wants to become of fractions of a cent; the arithmetic is in `fiscal.tax.rounding`."""

from enum import StrEnum


class Rounding(StrEnum):
    """What becomes of the fractions of a cent; see `docs/tax.md`."""

    PER_LINE = "per_line"
    """Each line is rounded on its own, and everything above is their sum: the authority's own way."""
    PER_DOCUMENT = "per_document"
    """The sums are rounded once, and the cents that this moves are spread over the lines, one each at most."""
    LARGEST_LINE = "largest_line"
    """The gross is rounded once (or is the one you state), and the largest line takes up the difference."""
    REFUSE = "refuse"
    """Nothing may be moved: where the sums differ by a cent, the document is refused."""
