"""A document with twelve mistakes, as it is shown in docs/validation.md, and lists as the authority might have them."""

from typing import Final

from risiti.gateway.api.examples import TWELVE_MISTAKES as TWELVE
from risiti.gateway.fiscal.validation.known import Category, CategoryState, Duty, Goods, Known

KNOWN: Final = Known(
    units={"101": "per stick", "102": "per litre", "103": "per kilogram", "PCE": "Piece", "BX": "Box"},
    currencies=frozenset({"UGX", "USD", "KES"}),
    categories={
        "14111514": Category(code="14111514", name="Notebooks"),
        "14111500": Category(code="14111500", name="Printing and writing paper", is_leaf=False),
        "10171605": Category(code="10171605", name="Compound fertilizers", is_zero_rated=True),
        "44121700": Category(code="44121700", name="Writing instruments", state=CategoryState.DISABLED),
    },
    duties={"LED070100": Duty(code="LED070100", name="Plastic bags")},
    goods={
        "EB-96": Goods(code="EB-96", name="Exercise book", category="14111514", units=("PCE", "BX")),
        "PEN-1": Goods(code="PEN-1", name="Ball pen", category="44121700", units=("PCE",)),
    },
)

__all__ = ["KNOWN", "TWELVE"]
