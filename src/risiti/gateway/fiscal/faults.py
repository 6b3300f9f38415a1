"""The faults of a caller's document: how a validator raises one, and how pydantic's findings become ours."""

import difflib
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Final, LiteralString

from pydantic import ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from risiti.gateway.fiscal.strict_json import pointer, shown
from risiti.gateway.kernel.errors import FieldError, Invalid

MAX_LISTED: Final = 200
"""Faults named in one answer; what is beyond is counted."""
_MAX_GUESSES: Final = 20
"""Unknown fields for which the nearest known name is looked up."""

Place = tuple[str | int, ...]
KnownNames = Callable[[Place], Collection[str]]
"""Names of the fields that the object at a place may have."""

# What other systems call our fields, where spelling alone would not lead there.
_ALSO_KNOWN_AS: Final = {
    "amount_paid": "payments",
    "customer": "buyer",
    "date": "issued_at",
    "document_no": "reference",
    "invoice_date": "issued_at",
    "invoice_no": "reference",
    "invoice_number": "reference",
    "item_name": "name",
    "item_code": "code",
    "items": "lines",
    "number": "reference",
    "price": "unit_price",
    "products": "lines",
    "qty": "quantity",
    "sku": "code",
    "tax_category": "tax",
    "tax_rate": "tax",
    "type": "kind",
    "uom": "unit",
    "vat": "tax",
}


def fault(code: LiteralString, message: str, fix: str = "") -> PydanticCustomError:
    """Return the error a validator raises: its code, one sentence, and what to do instead."""
    return PydanticCustomError(code, "{message}", {"message": message, "fix": fix})


def raise_if_any(faults: Iterable[FieldError]) -> None:
    """Raise what is wrong with a document, all of it in one error.

    Raises:
        Invalid: there is at least one fault; the first 200 are listed.
    """
    found = list(faults)
    if not found:
        return
    listed = found[:MAX_LISTED]
    if len(found) > MAX_LISTED:
        message = f"There are {len(found) - MAX_LISTED} more faults."
        listed.append(FieldError("", "more_faults", message, "Correct these first, then send it again."))
    what = "one fault" if len(found) == 1 else f"{len(found)} faults"
    raise Invalid(f"The document has {what}; nothing was sent.", errors=listed)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that pydantic found: as our fault, and as it was found."""

    fault: FieldError
    kind: str
    """pydantic's name for it, or the code that one of our validators raised."""
    place: Place
    value: object
    """What stands there."""


def faults_of(error: ValidationError, known_names: KnownNames, tags: Collection[str]) -> list[FieldError]:
    """Translate everything pydantic found; `tags` are the union tags that it mixes into places."""
    return [finding.fault for finding in findings_of(error, known_names, tags)]


def findings_of(error: ValidationError, known_names: KnownNames, tags: Collection[str]) -> list[Finding]:
    """Translate everything pydantic found, and keep what it was found on; as `faults_of`."""
    findings = []
    guesses = 0
    for detail in error.errors(include_url=False, include_context=True):
        place = tuple(part for position, part in enumerate(detail["loc"]) if not _is_tag(detail, position, part, tags))
        is_unknown = detail["type"] == "extra_forbidden"
        guesses += is_unknown
        names = known_names(place[:-1]) if is_unknown and guesses <= _MAX_GUESSES else ()
        findings.append(Finding(_fault(detail, place, names), detail["type"], place, detail["input"]))
    return findings


def _is_tag(detail: ErrorDetails, position: int, part: str | int, tags: Collection[str]) -> bool:
    return position == 1 and detail["loc"][0] == "buyer" and part in tags


def _fault(detail: ErrorDetails, place: Place, names: Collection[str]) -> FieldError:
    where, kind, context = pointer(place), detail["type"], detail.get("ctx", {})
    code, message, fix = kind, str(context.get("message", detail["msg"])), str(context.get("fix", ""))
    match kind:
        case "missing":
            message, fix = "This field is required.", "Add it."
        case "extra_forbidden":
            near = nearest(str(place[-1]), names)
            code, message = "unknown_field", f'There is no field "{shown(str(place[-1]))}" here.'
            fix = f'Did you mean "{near}"?' if near else "Remove it."
        case "union_tag_not_found":
            where, code, message, fix = f"{where}/type", "missing", "This field is required.", _tags(context)
        case "union_tag_invalid":
            where, code, fix = f"{where}/type", "unknown_value", _tags(context)
            message = f'"{shown(str(context["tag"]))}" is not one of the words for this.'
        case "string_type":
            code, message, fix = "wrong_type", "A text in quotes is needed.", _quoted(detail["input"])
        case "model_type" | "dict_type" | "model_attributes_type":
            code, message, fix = "wrong_type", "An object is needed.", "Send { ... }."
        case "int_type":
            code, message, fix = "wrong_type", "A whole number without quotes is needed.", "Send a number, as in 1."
        case "greater_than_equal":
            code, message, fix = "out_of_range", f"This must be at least {context['ge']}.", str(context["ge"])
        case "less_than_equal":
            code, message, fix = "out_of_range", f"This must be at most {context['le']}.", str(context["le"])
    return FieldError(where, code, message, fix)


def nearest(name: str, names: Collection[str]) -> str:
    """Return the known name that an unknown one probably stands for, or nothing."""
    lowered = shown(name).lower().replace("-", "_")
    if _ALSO_KNOWN_AS.get(lowered) in names:
        return _ALSO_KNOWN_AS[lowered]
    close = difflib.get_close_matches(lowered, names, n=1, cutoff=0.6)
    return close[0] if close else ""


def _tags(context: dict[str, object]) -> str:
    words = str(context.get("expected_tags", "'business', 'consumer', 'foreigner', 'government'"))
    return "One of: " + words.replace("'", "")


def _quoted(value: object) -> str:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return f'"{shown(str(value))}"' if is_number else 'Send a text, as in "abc".'
