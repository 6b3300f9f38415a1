"""How far a UBL document may be changed on the way into Uganda's terms: not at all, or for trying it out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Adaptations:
    """What may be replaced; each replacement is listed among the notes. The default replaces nothing."""

    foreign_vat: bool = False
    """A rate that Uganda does not have becomes 18 percent on the same net amount; reverse charge and the like zero."""
    any_seller: bool = False
    """The seller's own tax number need not be the company's."""
    currencies: frozenset[str] | None = None
    """Currencies that stay; None: all do."""
    currency: str = "UGX"
    """What stands in place of the others; the amounts stay as they are."""
    reference: str | None = None
    """In place of the document's number."""
    issued_at: datetime | None = None
    """In place of its date."""
    categories: Mapping[str, str] = field(default_factory=dict)
    """Commodity category code of every item, by tax treatment: which treatment one may carry is Uganda's to say."""
    unit: str | None = None
    """Unit for units that have no counterpart."""
    item_codes: bool = False
    """An item without a code gets one made of its name; different items of one code get different codes."""


STRICT = Adaptations()
