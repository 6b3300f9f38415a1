"""How the authority answers badly in the tests that have everything go wrong."""

ANSWERS = (
    "drop_before",
    "drop_after",
    "close",
    "http_500",
    "http_503_after",
    "html",
    "garbage_after",
    "error_99",
    "error_99_after",
    "key_expired",
    "truncated",
    "other_key",
    "other_exchange_id",
)
CODES = ("1316", "2253", "1600", "28", "99", "45", "0815", "3088")
"""Codes with which it refuses an upload."""
