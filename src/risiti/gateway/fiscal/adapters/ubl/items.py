"""What is sold, as Uganda names it: item code, commodity category, unit - from a UBL line, or made up for a trial."""

import re
from dataclasses import dataclass, field
from typing import Final

from risiti.gateway.fiscal.adapters.ubl.document import AllowanceCharge, Line
from risiti.gateway.fiscal.adapters.ubl.options import Adaptations
from risiti.gateway.fiscal.adapters.ubl.parties import cut
from risiti.gateway.fiscal.adapters.ubl.units import unit_of
from risiti.gateway.fiscal.fields import MAX_ITEM_CODE_CHARACTERS, MAX_NAME_BYTES
from risiti.gateway.fiscal.strict_json import JsonObject, shown
from risiti.gateway.kernel.errors import FieldError

LONGEST_NAME: Final = MAX_NAME_BYTES - len(" (Discount)")
"""A discounted line repeats its name with an addition."""
_UNSPSC: Final = ("TST", "UNSPSC", "MP", "")
"""Lists (UNCL 7143) under which the code may be one of the authority's commodity categories, which are UNSPSC's."""
_CATEGORY = re.compile(r"[0-9]{8}", re.ASCII)
_ODD = re.compile(r"[^A-Z0-9]+")
_CHARGE_UNIT: Final = "UN"


@dataclass(slots=True)
class Items:
    """Names the items of one document."""

    adaptations: Adaptations
    places: dict[str, str]
    fixes: dict[str, str]
    notes: list[FieldError]
    _by_code: dict[str, tuple[str, str, str]] = field(default_factory=dict)

    def of(self, line: Line, treatment: str, pointer: str) -> JsonObject:
        """Return the item of a line that will stand at `pointer`; what is lacking is left out of it."""
        item_path = f"{line.path}/cac:Item"
        self.places |= {
            pointer: line.path,
            f"{pointer}/name": f"{item_path}/cbc:Name",
            f"{pointer}/code": f"{item_path}/cac:SellersItemIdentification/cbc:ID",
            f"{pointer}/category": f"{item_path}/cac:CommodityClassification/cbc:ItemClassificationCode",
            f"{pointer}/unit": f"{line.path}/cbc:InvoicedQuantity/@unitCode",
            f"{pointer}/tax": f"{item_path}/cac:ClassifiedTaxCategory",
        }
        self.fixes |= {
            f"{pointer}/code": "Add cac:SellersItemIdentification/cbc:ID: the code under which the item is registered.",
            f"{pointer}/category": "Add cac:CommodityClassification/cbc:ItemClassificationCode, listID TST (UNSPSC).",
            f"{pointer}/unit": "Give unitCode a unit that the authority knows, as in KGM, LTR, EA or its own code.",
        }
        unit = unit_of(line.unit) if line.unit else None
        if line.unit and unit is None and self.adaptations.unit is None:
            unit = line.unit  # the check of units will name it
        category = next(
            (code for list_id, code in line.classifications if list_id in _UNSPSC and _CATEGORY.fullmatch(code)), None
        )
        code = line.seller_code or line.standard_code or line.buyer_code
        return self._item(pointer, line.name, code, category, unit or "", treatment, line.unit)

    def of_charge(self, change: AllowanceCharge, treatment: str, pointer: str) -> JsonObject:
        """Return the item that a charge on the whole document is."""
        self.places |= {
            pointer: change.path,
            f"{pointer}/code": f"{change.path}/cbc:AllowanceChargeReasonCode",
        }
        self.fixes[f"{pointer}/category"] = "Register an item for this charge, or send the charge as a line of its own."
        name = change.reason or "Charge"
        return self._item(pointer, name, _made_up(name), None, _CHARGE_UNIT, treatment, "")

    def _item(  # noqa: PLR0917 - one of the two callers each
        self, pointer: str, name: str, code: str, category: str | None, unit: str, treatment: str, stated_unit: str
    ) -> JsonObject:
        changes, short = self.adaptations, cut(name, LONGEST_NAME)
        if short != name:
            self._note(pointer, "name", f"The name was cut to {LONGEST_NAME} bytes.", "shortened")
        if changes.categories and category != changes.categories.get(treatment):
            stated, category = category, changes.categories.get(treatment)
            message = f"No commodity category is given: {category} was taken."
            if stated is not None:
                message = f'The commodity category "{shown(stated)}" was replaced by {category}.'
            self._note(pointer, "category", message, "adapted_category")
        if changes.unit and not unit:
            unit = changes.unit
            self._note(pointer, "unit", f'The unit "{shown(stated_unit)}" was replaced by {unit}.', "adapted_unit")
        if changes.item_codes:
            code = self._own_code(pointer, code, (short, category or "", unit))
        item: JsonObject = {"name": short, "code": code, "unit": unit, "tax": treatment}
        if category is not None:
            item["category"] = category
        for name_of_field in ("name", "code", "unit"):
            if not item[name_of_field]:
                del item[name_of_field]
        return item

    def _own_code(self, pointer: str, code: str, item: tuple[str, str, str]) -> str:
        """Return a code that belongs to this item alone."""
        wanted = code[:MAX_ITEM_CODE_CHARACTERS] or _made_up(item[0])
        chosen, number = wanted, 1
        while self._by_code.setdefault(chosen, item) != item:
            number += 1
            chosen = f"{wanted[: MAX_ITEM_CODE_CHARACTERS - 5]}-{number}"
        if chosen != code:
            self._note(pointer, "code", f'The item code "{shown(code)}" was replaced by {chosen}.', "adapted_code")
        return chosen

    def _note(self, pointer: str, field_name: str, message: str, code: str) -> None:
        place = self.places.get(f"{pointer}/{field_name}", self.places[pointer])
        self.notes.append(FieldError(place, code, message))


def _made_up(name: str) -> str:
    return _ODD.sub("-", name.upper()).strip("-")[:40] or "ITEM"
