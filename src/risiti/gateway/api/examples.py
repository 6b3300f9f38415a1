"""Whole documents and headers as the OpenAPI document shows them; a test sends each of the documents."""

from typing import Final

from risiti.gateway.api.documentation import OpenApi
from risiti.gateway.api.prefer import MAX_WAIT_SECONDS

_BOOKS: Final[OpenApi] = {
    "name": "Exercise book",
    "code": "EB-96",
    "category": "14111514",
    "quantity": "3",
    "unit": "101",
    "unit_price": "2500",
    "tax": "standard",
}

NEW_INVOICES: Final[dict[str, OpenApi]] = {
    "the_least": {"reference": "MSG-2026-000481", "lines": [_BOOKS]},
    "to_a_business": {
        "reference": "MSG-2026-000482",
        "issued_at": "2026-03-31T14:05:00+03:00",
        "prices": "tax_exclusive",
        "buyer": {
            "type": "business",
            "tin": "1000000001",
            "name": "Kibo Traders (fictitious)",
            "email": "accounts@kibo.example",
        },
        "operator": "Amina",
        "lines": [
            {**_BOOKS, "quantity": "40", "discount": {"percent": "5"}},
            {
                "name": "Compound fertilizer, loose",
                "code": "FERT-KG",
                "category": "10171605",
                "quantity": "2.5",
                "unit": "101",
                "unit_price": "6400",
                "tax": "zero",
            },
        ],
        "payments": [{"method": "mobile_money", "amount": "128100"}],
    },
}

TWELVE_MISTAKES: Final[OpenApi] = {
    "invoice_no": "MSG-2026-000483",
    "currency": "ugx",
    "buyer": {"type": "Business", "tin": "1000 000 001", "name": "Kibo Traders (fictitious)"},
    "lines": [
        {
            "name": "exercise  book",
            "code": "EB-96",
            "category": "14111514",
            "qty": "12",
            "unit": "pieces",
            "unit_price": "2,500.00",
            "tax": "standard",
        },
        {
            "name": "Compound fertilizer, loose",
            "code": "FERT-KG",
            "category": "14111500",
            "quantity": "-2.5",
            "unit": "103",
            "unit_price": "1,250",
            "tax": "18%",
        },
    ],
}
"""Eight of them can be mended safely (where the lists of units and goods are known), four need a person."""

NEW_ITEM: Final[OpenApi] = {
    "name": "Exercise book",
    "goods_code": "EB-96",
    "category": "14111514",
    "unit": "101",
    "tax": "standard",
}

CREATE_HEADERS: Final[OpenApi] = {
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "Any text of 1 to 255 visible ASCII characters, new for each document. Kept as long as it.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
            "example": "till-3-000481",
        },
        {
            "name": "Prefer",
            "in": "header",
            "required": False,
            "description": f"`wait=N` (RFC 7240): wait up to N seconds, at most {MAX_WAIT_SECONDS}, for the fiscal "
            "number. What cannot be understood is passed over.",
            "schema": {"type": "string"},
            "example": "wait=10",
        },
    ]
}

CREATED_HEADERS: Final[OpenApi] = {
    "Location": {"description": "Where the document can be looked at.", "schema": {"type": "string"}},
    "Idempotency-Replayed": {
        "description": "`true` if we had this document already.",
        "schema": {"type": "string", "const": "true"},
    },
    "Preference-Applied": {
        "description": "The `wait=N` that was honoured, if one was asked for.",
        "schema": {"type": "string"},
    },
}
