"""Translates a refusal of the authority's into the seller's document: which line and field, what is wrong, what to do.

The authority names its own field and, at the end of its message, a row of its own list, in which each discount is a row
too. What a code means for a seller is said here; the code table of the protocol says what it means on the wire.
"""

import json
from typing import Final

from risiti.efris.errors import Malformed, Refused
from risiti.efris.interfaces import UPLOAD_INVOICE
from risiti.efris.models.codes import DiscountFlag
from risiti.gateway.fiscal import wire
from risiti.gateway.submissions.kind import Explanation

_LINES: Final = "/lines"
_OPERATOR: Final = "Nothing in the document can mend this: tell whoever runs this gateway, with the document's id."

_COMPANY: Final = "Complete the company's own data as it is registered with the authority."
_OF_COMPANY: Final = frozenset(
    f"sellerDetails.{name}"
    for name in ("tin", "ninBrn", "legalName", "businessName", "address", "mobilePhone", "emailAddress")
)

_OFTEN: Final[dict[str, tuple[str, str]]] = {
    "1208": ("The authority does not know this unit.", "Send the code of a unit from its list, as in 101."),
    "1209": ("The authority misses the tax of this line.", "Say how it is taxed."),
    "1305": ("The document has more lines than the authority takes.", "Split it into several documents."),
    "1316": ("Quantity times unit price does not come to the line's total for the authority.", _OPERATOR),
    "1318": ("The authority does not know this commodity category.", "Look the category up in its list."),
    "1326": ("You are not registered for VAT, so you issue receipts.", 'Send "kind": "receipt".'),
    "1327": ("The authority does not know this excise duty code.", "Look the code up in its list."),
    "1329": ("This commodity category has been deleted.", "Register the item under a category that is in use."),
    "1330": ("This commodity category is disabled.", "Register the item under a category that is in use."),
    "1331": ("This commodity category is a heading; only the categories below it are sold.", "Choose one below it."),
    "1332": ("This category is not exempt from VAT.", 'Send "tax": "standard", or the right category.'),
    "1333": ("This category is not exempt on the day of the sale.", 'Send "tax": "standard".'),
    "1334": ("This category is not zero-rated.", 'Send "tax": "standard", or the right category.'),
    "1335": ("This category is not zero-rated on the day of the sale.", 'Send "tax": "standard".'),
    "1336": ("This tax does not fit the category.", "Tax the line as its category is taxed."),
    "1337": ("This excise duty code has been deleted.", "Use the code that has replaced it."),
    "1338": ("This excise duty code is a heading.", "Use one of the codes below it."),
    "1339": ("This excise duty code is not in force on the day of the sale.", "Use the code in force on that day."),
    "1600": ("The authority has too little of this item in your stock.", "Report the stock that came in, then revise."),
    "2048": ("This tax does not fit the line.", "Tax the line as its category is taxed."),
    "2075": (
        "The document comes to more than you may invoice.",
        "Split it, or have the limit raised by the authority.",
    ),
    "2122": ("This item is not registered with the authority.", "Register it, or correct code and name."),
    "2123": ("Code and name of this item are not as registered.", "Send the name under which it is registered."),
    "2124": ("This item is registered under another category.", "Send the category under which it is registered."),
    "2180": ("The authority does not take this currency.", "Use a currency from its list."),
    "2197": (
        "Something about this item is not as registered.",
        "Compare unit, category and name with its registration.",
    ),
    "2198": (
        "Something about this item is not as registered.",
        "Compare unit, category and name with its registration.",
    ),
    "2199": (
        "Something about this item is not as registered.",
        "Compare unit, category and name with its registration.",
    ),
    "2240": ("You are registered for VAT, so you issue invoices.", 'Send "kind": "invoice".'),
    "2246": ("The buyer's name is missing.", "Send the name under which the buyer is registered."),
    "2247": ("The buyer's name is missing.", "Send the name under which the buyer is registered."),
    "2248": ("The buyer's name is not the registered one.", "Send the name under which the TIN is registered."),
    "2249": ("The authority does not know the buyer's TIN.", "Check the TIN with the buyer."),
    "2270": ("The payments do not add up to the document's total.", "Make them add up to it."),
    "2778": ("You may not issue invoices for imported services.", "Ask the authority for the permission."),
    "2788": ("The authority has none of this item in your stock.", "Report the stock that came in, then revise."),
    "2796": ("A line cannot be exempt and deemed.", "Choose one of both."),
    "2809": ("A foreign buyer cannot have deemed lines.", "Tax the lines, or correct the buyer's type."),
    "2816": ("A duty-free seller sells at zero or at the standard rate.", 'Send "tax": "zero" or "standard".'),
    "2820": ("Here only services are sold; this category is one of goods.", "Choose a category of services."),
    "2821": ("This buyer may not receive deemed supplies.", "Tax the lines, or check the buyer's TIN."),
    "2839": ("The buyer's TIN is that of a company.", 'Send "type": "business" with its registered name.'),
    "2840": ("You may not sell outside the scope of VAT.", "Tax the lines, or ask the authority for the permission."),
    "2848": ("This item is registered with excise duty.", "Add the duty to the line."),
    "2849": ("This excise duty is not the one that the item is registered with.", "Send the duty of its registration."),
    "2850": ("This item is registered without excise duty.", "Take the duty from the line, or register it anew."),
    "2851": ("You are not registered for excise duty.", "Take the duty from the line."),
    "2852": ("Exports carry no excise duty.", "Take the duty from the line."),
    "2872": ("Customs do not take this unit.", "Give the pieces in a unit that customs take."),
    "2887": ("Nothing is known about the buyer.", "Send a name, TIN, phone or national id."),
    "2888": ("Nothing is known about the foreign buyer.", "Send a name, passport or citizenship."),
    "3037": ("The buyer's project has less left than this line takes.", "Ask the buyer for the project's balance."),
    "3043": ("The buyer's project is not valid.", "Ask the buyer for the project's number."),
    "3046": ("The authority does not know the project's name.", "Send its name as the authority has it."),
    "3047": ("The buyer's project uses another unit for this.", "Send the unit that the project is set up with."),
    "3077": ("A business buyer needs a TIN.", "Send the buyer's TIN."),
    "3082": ("A government buyer needs a TIN.", "Send the buyer's TIN."),
    "3083": ("This buyer is no government body.", 'Send "type": "business", or check the TIN.'),
    "3087": ("A receipt carries no VAT.", 'Send "tax": "exempt", or "kind": "invoice" if you are registered for VAT.'),
    "3114": ("The discount is more than the line.", "Check the discount."),
    "3196": ("Here only goods are sold; this category is one of services.", 'Send "industry": "export_of_services".'),
}
"""Codes that sellers meet, in a sentence, and what to do."""

_BY_RULE: Final[dict[str, tuple[str, str]]] = {
    "required": ("The authority misses this.", "Fill it in."),
    "max_length": ("This is longer than the authority takes.", "Shorten it."),
    "min_max_length": ("The authority does not take this length.", "Check it."),
    "max_digits": ("This has more digits than the authority takes.", "Check the number."),
    "max_value": ("This is more than the authority takes.", "Check the number."),
    "sign": ("The authority does not take this sign, or zero, here.", "Check the number."),
    "format": ("The authority does not take this form.", "Check how it is written."),
    "permission": ("The authority does not permit you this.", "Ask the authority for the permission."),
}


def explain(refusal: Refused, payload: bytes, content: str) -> Explanation:
    """Say what a refusal means for the seller's document.

    Args:
        refusal: What the authority answered.
        payload: What it answered to.
        content: The seller's document that it was made from, as accepted (JSON).
    """
    path = _path(refusal, payload, content)
    code, meaning = refusal.code, f"{refusal.return_code.meaning.rstrip('.')}."
    if code in _OFTEN:
        return Explanation(path, *_OFTEN[code])
    if path is None:
        return Explanation(None, meaning, _COMPANY if refusal.field in _OF_COMPANY else _OPERATOR)
    message, fix = _BY_RULE.get(refusal.return_code.rule, ("", "Compare it with what the authority has registered."))
    return Explanation(path, message or meaning, fix)


def _path(refusal: Refused, payload: bytes, content: str) -> str | None:
    field, row = refusal.field or "", refusal.row
    document = json.loads(content)
    if field.startswith("payWay"):
        in_short = document.get("payments") is None
        within = "" if row is None or in_short else f"/{row}"
        return "/payment" if in_short else f"/payments{within}"
    if not field.startswith("goodsDetails"):
        path = wire.pointer_of(field)
        return None if path is None else _nearest(document, path)
    place = _place_of_row(payload, row, len(document["lines"]))
    if place is None:
        return _LINES
    name = wire.field_of_line(field)
    return _nearest(document, f"{place}/{name}") if name else place


def _place_of_row(payload: bytes, row: int | None, line_count: int) -> str | None:
    """Return the line (or charge) that a wire row was made from: a discount belongs to the row before it."""
    if row is None:
        return None
    try:
        rows = UPLOAD_INVOICE.parse(payload).goods_details
    except Malformed:
        return None
    if row >= len(rows):
        return None
    index = sum(one.discount_flag != DiscountFlag.DISCOUNT for one in rows[: row + 1]) - 1
    return f"{_LINES}/{index}" if index < line_count else f"/charges/{index - line_count}"


def _nearest(document: object, path: str) -> str:
    """Return a place, or what would hold it: the seller has left out what the refusal is about."""
    found, value = "", document
    for step in path.split("/")[1:]:
        if isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        elif isinstance(value, dict) and step in value:
            value = value[step]
        else:
            break
        found = f"{found}/{step}"
    return found or path
