"""QR codes of receipts: rendered once per text and kept, for it is the slowest part of a receipt."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import segno

KEPT: Final = 512
"""Codes kept per process; the least recently used makes room."""
QUIET_ZONE: Final = 4
"""Light modules around the code (ISO/IEC 18004)."""


@dataclass(frozen=True, slots=True)
class QrCode:
    """A code as dark and light modules, without its quiet zone."""

    rows: tuple[tuple[bool, ...], ...]

    @property
    def size(self) -> int:
        """Modules along one edge."""
        return len(self.rows)

    def runs(self) -> list[tuple[int, int, int]]:
        """Return the dark modules as horizontal runs: column, row (from the top) and length."""
        found = []
        for row, modules in enumerate(self.rows):
            column = 0
            while column < self.size:
                length = 0
                while column + length < self.size and modules[column + length]:
                    length += 1
                if length:
                    found.append((column, row, length))
                column += length or 1
        return found


@lru_cache(maxsize=KEPT)
def qr_code(text: str) -> QrCode:
    """Return the QR code of a text (medium error correction), at most 500 characters of which the authority gives.

    Raises:
        ValueError: the text is empty or too long for any QR code.
    """
    if not text:
        raise ValueError("there is no text to make a QR code of")
    try:
        code = segno.make(text, error="m", micro=False, boost_error=False)
    except segno.DataOverflowError as error:
        raise ValueError("the text is too long for a QR code") from error
    return QrCode(tuple(tuple(bool(module) for module in row) for row in code.matrix))
