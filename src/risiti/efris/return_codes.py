"""Looks a return code up: what it means, and what it says about whether the authority acted."""

import dataclasses
import functools
import importlib.resources
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import cast

from risiti.efris.wirejson import JsonValue, read_json

ANY_INTERFACE = "ALL"
"""Stands in `ReturnCode.interfaces` for every interface."""

SUCCESS = "00"
"""The only code that means the work is done."""

TOO_MANY_REQUESTS = "HTTP 429"
"""Our own code for the HTTP status with which a proxy turns a request away before the service sees it."""


class Verdict(StrEnum):
    """What a return code says about the request it answers.

    Every verdict but AMBIGUOUS is given to listed codes only; whatever is not listed may have acted.
    """

    DONE = "done"
    """Carried out."""
    SEEN = "seen"
    """Refused because the document is already there: find it and compare."""
    NOT_PROCESSED = "not_processed"
    """Turned away before processing; the same document may be sent again."""
    KEY_SUSPECT = "key_suspect"
    """Turned away because it could not be decrypted or verified; fetch a new session key first."""
    LANE = "lane"
    """The device or the company is blocked; nothing is wrong with the document, which waits."""
    REFUSED = "refused"
    """The document breaks a rule; nothing was stored."""
    PERIOD = "period"
    """Dated too far back; a person decides."""
    AMBIGUOUS = "ambiguous"
    """The authority may or may not have acted: ask, never resend blindly."""


@dataclass(frozen=True, slots=True)
class ReturnCode:
    """One row of the catalogue.

    Attributes:
        code: As sent in `returnStateInfo.returnCode`.
        interfaces: Interface codes that can raise it, or `ALL`.
        field: Dotted wire path it speaks about, without list positions, or None.
        rule: Kind of check: `required`, `max_length`, `state`, `system`, ...
        params: Parameters of the rule, e.g. `{"max": 50, "unit": "bytes"}`.
        verdict: What it says about the request.
        meaning: One sentence in our own words; never match on the server's text instead.
        source: `v23.4` for the interface document of that version, `public client` for a code seen in the wild only.
        suspicious_after_attempt: The refusal can be caused by our own earlier attempt having worked (stock taken,
            batch or note already there): final only if no earlier attempt is unresolved.
        doubt: An open question about the row, or "".
    """

    code: str
    interfaces: tuple[str, ...]
    field: str | None
    rule: str
    verdict: Verdict
    meaning: str
    source: str
    params: Mapping[str, object] = dataclasses.field(default_factory=lambda: MappingProxyType({}))
    suspicious_after_attempt: bool = False
    doubt: str = ""


HTTP_TOO_MANY_REQUESTS = ReturnCode(
    code=TOO_MANY_REQUESTS,
    interfaces=(ANY_INTERFACE,),
    field=None,
    rule="system",
    verdict=Verdict.NOT_PROCESSED,
    meaning="Too many requests; turned away before the service saw it",
    source="RFC 6585",
)
"""Stands for HTTP status 429, which has no code of the authority's own."""


@functools.cache
def catalogue() -> tuple[ReturnCode, ...]:
    """Return every listed code, in the order of the interface document; read from the package's data once."""
    data = importlib.resources.files("risiti.efris").joinpath("return_codes.json").read_bytes()
    rows = cast("list[dict[str, JsonValue]]", read_json(data))
    return tuple(_from_row(row) for row in rows)


def lookup(code: str, interface: str) -> ReturnCode:
    """Find what a code means when it answers an interface.

    Args:
        code: The return code as received; blanks around it do not count.
        interface: The interface that was called, e.g. `T109`.

    Returns:
        The row listed for that interface, or for all of them. A code listed only for other interfaces keeps its
        meaning but not its verdict, and an unlisted code has no meaning at all: both are AMBIGUOUS.
    """
    name = code.strip()
    index = _by_code_and_interface()
    found = index.get((name, interface)) or index.get((name, ANY_INTERFACE))
    if found is not None:
        return found
    elsewhere = _by_code().get(name)
    if elsewhere is not None:
        return dataclasses.replace(elsewhere, verdict=Verdict.AMBIGUOUS, suspicious_after_attempt=False)
    return ReturnCode(
        code=name,
        interfaces=(),
        field=None,
        rule="unlisted",
        verdict=Verdict.AMBIGUOUS,
        meaning="A code that is not in the catalogue",
        source="",
    )


def code_for(interface: str, path: str, rules: tuple[str, ...]) -> str | None:
    """Find the code the authority would answer if a field broke a rule.

    Args:
        interface: The interface, e.g. `T109`.
        path: Dotted wire path without list positions, e.g. `goodsDetails.item`.
        rules: Kinds of check that would see it, the likeliest first.

    Returns:
        The code, or None where the catalogue lists none. The document prints many fields by their last name alone, so
        that is looked for where the whole path is not listed.
    """
    index = _by_field()
    for rule in rules:
        for field in dict.fromkeys((path, path.rpartition(".")[2])):
            found = index.get((interface, field, rule)) or index.get((ANY_INTERFACE, field, rule))
            if found is not None:
                return found
    return None


def _from_row(row: dict[str, JsonValue]) -> ReturnCode:
    return ReturnCode(
        code=str(row["code"]),
        interfaces=tuple(cast("list[str]", row["interfaces"])),
        field=cast("str | None", row["field"]),
        rule=str(row["rule"]),
        verdict=Verdict(str(row["verdict"])),
        meaning=str(row["meaning"]),
        source=str(row["source"]),
        params=MappingProxyType(cast("dict[str, object]", row["params"])),
        suspicious_after_attempt=row.get("suspicious_after_attempt") is True,
        doubt=str(row.get("doubt", "")),
    )


@functools.cache
def _by_code_and_interface() -> Mapping[tuple[str, str], ReturnCode]:
    return {(row.code, interface): row for row in catalogue() for interface in row.interfaces}


@functools.cache
def _by_code() -> Mapping[str, ReturnCode]:
    return {row.code: row for row in reversed(catalogue())}


@functools.cache
def _by_field() -> Mapping[tuple[str, str, str], str]:
    """Index the fields; of several codes for one check the unconditional one counts, then the first.

    A few codes are shared by interfaces that name the field differently: `t139_field` is its path in T139.
    """
    index: dict[tuple[str, str, str], str] = {}
    for conditional in (False, True):
        for row in catalogue():
            is_conditional = any(key.startswith("when") for key in row.params)
            if row.field is None or is_conditional is not conditional:
                continue
            for interface in row.interfaces:
                field = str(row.params.get(f"{interface.lower()}_field", row.field))
                index.setdefault((interface, field, row.rule), row.code)
    return index
