"""Buyer and seller of a UBL document in Uganda's terms: whose TIN is whose, who is from abroad, who is nobody."""

import re
from typing import Final

from risiti.gateway.fiscal.adapters.ubl.document import Party
from risiti.gateway.fiscal.fields import (
    MAX_ADDRESS_BYTES,
    MAX_EMAIL_BYTES,
    MAX_PARTY_NAME_BYTES,
    MAX_PHONE_BYTES,
    MIN_EMAIL_BYTES,
)
from risiti.gateway.fiscal.strict_json import JsonObject, shown
from risiti.gateway.kernel.errors import FieldError

_UGANDA: Final = ("", "UG")
_TIN = re.compile(r"(?:UG)?[ -]?([0-9]{10})", re.ASCII)
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")


def tin_of(party: Party) -> tuple[str, str] | None:
    """Return the party's TIN and where it stands, or None if it has none."""
    if party.country not in _UGANDA:
        return None
    for number, path in party.tax_ids:
        match = _TIN.fullmatch(number)
        if match:
            return match[1], path
    return None


def buyer_of(party: Party) -> tuple[JsonObject, dict[str, str], list[FieldError]]:
    """Return the buyer in our words, where its fields stand, and notes."""
    tin = tin_of(party)
    notes: list[FieldError] = []
    places = {"/buyer": party.path}
    buyer: JsonObject
    name = cut(party.name, MAX_PARTY_NAME_BYTES)
    if tin is not None:
        buyer = {"type": "business", "tin": tin[0], "name": name}
        places["/buyer/tin"] = tin[1]
    elif party.country not in _UGANDA:
        buyer = {"type": "foreigner", "name": name, "citizenship": party.country}
    else:
        buyer = {"type": "consumer", "name": name}
        if party.tax_ids:
            number, path = party.tax_ids[0]
            message = f'"{shown(number)}" is no TIN of 10 digits: the buyer is taken as a consumer.'
            notes.append(FieldError(path, "buyer_without_tin", message, "Give the buyer's TIN if they claim the VAT."))
    if not name:
        del buyer["name"]
    optional = (
        ("address", cut(party.address, MAX_ADDRESS_BYTES), bool(party.address)),
        ("email", party.email, _is_email(party.email)),
        ("phone", party.phone, 0 < len(party.phone.encode()) <= MAX_PHONE_BYTES),
    )
    for field, text, fits in optional:
        if text and fits:
            buyer[field] = text
        elif text:
            notes.append(FieldError(party.path, "left_out", f"The buyer's {field} does not fit and was left out."))
    return buyer, places, notes


def seller_fault(party: Party, tin: str) -> FieldError | None:
    """Return a fault if the seller of the document is somebody other than the company with this TIN."""
    own = tin_of(party)
    if own is not None:
        if own[0] == tin:
            return None
        message = f"The document's seller has the TIN {own[0]}; this company has {tin}."
        return FieldError(own[1], "seller_differs", message, tin)
    if not party.tax_ids and party.country in _UGANDA:
        return None
    number, path = party.tax_ids[0] if party.tax_ids else (party.country, party.path)
    message = f"The document's seller is \"{shown(number)}\", which is not this company's TIN ({tin})."
    return FieldError(path, "seller_differs", message, tin)


def cut(text: str, most: int) -> str:
    """Return as much of a text as fits into so many bytes."""
    return text.encode()[:most].decode(errors="ignore").strip()


def _is_email(text: str) -> bool:
    return bool(_EMAIL.fullmatch(text)) and MIN_EMAIL_BYTES <= len(text.encode()) <= MAX_EMAIL_BYTES
