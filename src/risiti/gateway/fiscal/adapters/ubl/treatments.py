"""VAT categories of UBL (UNCL 5305) in Uganda's terms: 18 percent, zero, exempt, out of scope, and nothing else."""

from typing import Final

from risiti.efris.amounts import plain
from risiti.gateway.fiscal.adapters.ubl.document import Category
from risiti.gateway.fiscal.adapters.ubl.options import Adaptations
from risiti.gateway.kernel.errors import FieldError

STANDARD: Final = "standard"
ZERO: Final = "zero"
EXEMPT: Final = "exempt"
OUT_OF_SCOPE: Final = "out_of_scope"
UGANDAN_PERCENT: Final = 18
_TAXED: Final = frozenset({"S", "AA", "H", "B", "L", "M"})
_DIRECT: Final = {"Z": ZERO, "E": EXEMPT, "O": OUT_OF_SCOPE, "G": ZERO}
_FOREIGN: Final = {
    "AE": "reverse charge",
    "K": "supplies within the European Union",
    "B": "split payment",
    "L": "the Canary Islands' tax",
    "M": "the tax of Ceuta and Melilla",
}
_FIX: Final = "Charge 18 percent (S), or state why not: Z (zero), E (exempt), O (out of scope), G (export)."


def treatment_of(
    category: Category | None, path: str, adaptations: Adaptations
) -> tuple[str, FieldError | None, FieldError | None]:
    """Return how VAT applies in Uganda, a fault, and a note.

    Args:
        category: The category of a line, allowance or charge; None if it has none.
        path: Where it stands, or should stand.
        adaptations: Whether a foreign rate may be replaced.
    """
    if category is None or not (category.letter or category.percent is not None):
        message = "It does not say how VAT applies."
        note = FieldError(path, "adapted_vat", f"{message} Taken as exempt.")
        fault = FieldError(path, "tax_missing", message, _FIX)
        return (EXEMPT, None, note) if adaptations.foreign_vat else (EXEMPT, fault, None)
    letter, percent = category.letter or "S", plain(category.rate)
    if letter in _DIRECT and not category.rate:
        return _DIRECT[letter], None, None
    if letter in ("S", "AA", "H") and category.rate == UGANDAN_PERCENT:
        return STANDARD, None, None
    becomes = STANDARD if category.rate else ZERO
    fault = FieldError(category.path, *_what(letter, percent), _FIX)
    if not adaptations.foreign_vat:
        return becomes, fault, None
    said = "18 %" if becomes == STANDARD else "zero-rated"
    return becomes, None, FieldError(category.path, "adapted_vat", f"{fault.message} Taken as {said}, net unchanged.")


def _what(letter: str, percent: str) -> tuple[str, str]:
    if letter in _FOREIGN:
        return "no_such_treatment", f"Uganda does not know {_FOREIGN[letter]} ({letter}, {percent} %)."
    if letter in _TAXED and percent == "0":
        return "no_such_rate", "A standard rate (S) of 0 % says nothing: zero-rated is Z, exempt is E."
    if letter in _TAXED:
        return "no_such_rate", f"Uganda has no {percent} % rate: VAT is 18 percent, zero or exempt."
    if letter in _DIRECT:
        return "no_such_rate", f"Category {letter} is not taxed; the file says {percent} %."
    return "no_such_treatment", f'Uganda does not know the tax category "{letter[:10]}" ({percent} %).'
