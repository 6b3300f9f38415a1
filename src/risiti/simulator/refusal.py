"""A call the authority refuses: one return code, its message, and the row of the list it concerns."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import cast


@cache
def _messages() -> Mapping[str, str]:
    text = files("risiti.simulator").joinpath("return_messages.json").read_text(encoding="utf-8")
    return cast("dict[str, str]", json.loads(text))


def message_of(code: str) -> str:
    """Return our English text for a return code (the authority's own wording differs; clients match on codes)."""
    return _messages().get(code, f"Refused with code {code}")


class Refusal(Exception):
    """The authority's answer is a code other than 00; nothing was stored.

    Attributes:
        code: Return code, two to four digits.
        message: Text of returnMessage; for list rows it ends in `! Collection index:N` (N counts from 0).
        content: What the answer carries all the same (`existInvoiceList` of 2253), or None.
    """

    def __init__(self, code: str, message: str = "", *, row: int | None = None, content: object = None) -> None:
        self.code = code
        text = message or message_of(code)
        self.message = text if row is None else f"{text}! Collection index:{row}"
        self.content = content
        super().__init__(f"{code} {self.message}")
