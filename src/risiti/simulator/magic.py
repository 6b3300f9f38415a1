"""Magic references and buyer TINs: they make a call fail from within any ERP, without the control door.

The tables below are everything there is to know; docs/simulator.md shows them, and so does the page at `/`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from risiti.simulator.faults import Fault
from risiti.simulator.store import Store
from risiti.simulator.values import JsonValue, plain

PREFIX = "SIM-"
DEFAULT_SECONDS = Decimal(35)
"""A little more than the 30 seconds that clients wait as a rule."""

Argument = Literal["", "seconds", "code"]


@dataclass(frozen=True, slots=True)
class Marker:
    """A text in a reference that makes a call fail.

    Attributes:
        name: What follows `SIM-`.
        fault: The fault of faults.py it stands for.
        effect: What happens, for people.
        argument: What follows the name: nothing, seconds (35 if left out), or a return code.
        lasting: Strikes every time. Others strike the first call with the reference and let the next one through.
        query: Strikes T106, the search by reference; others strike what is uploaded under it.
    """

    name: str
    fault: str
    effect: str
    argument: Argument = ""
    lasting: bool = False
    query: bool = False

    @property
    def form(self) -> str:
        """How it is written, as `SIM-DELAY-n`."""
        return f"{PREFIX}{self.name}" + {"": "", "seconds": "-n", "code": "-nnnn"}[self.argument]


MARKERS: tuple[Marker, ...] = (
    Marker("DROP-BEFORE", "drop_before", "the connection is closed, nothing is stored"),
    Marker("DROP-AFTER", "drop_after", "stored, then the connection is closed without an answer"),
    Marker("RESET", "close", "the connection is reset, nothing is stored"),
    Marker("DELAY", "latency", "stored and answered only after n seconds", "seconds"),
    Marker("DELAY-AFTER", "latency_after", "stored at once, answered after n seconds", "seconds"),
    Marker("HANG", "hang", "no answer and nothing stored; the connection breaks after n seconds", "seconds"),
    Marker("HANG-AFTER", "hang_after", "stored, but no answer; the connection breaks after n seconds", "seconds"),
    Marker("LATE", "late_delivery", "the connection is closed at once, stored n seconds later", "seconds"),
    Marker("TWICE", "duplicate_delivery", "stored and answered, and delivered once more n seconds later", "seconds"),
    Marker("99", "error_99", "code 99, nothing is stored"),
    Marker("99-AFTER", "error_99_after", "stored, but answered with code 99"),
    Marker("500", "http_500", "HTTP status 500, nothing is stored"),
    Marker("500-AFTER", "http_500_after", "stored, but answered with HTTP status 500"),
    Marker("502-AFTER", "http_502_after", "stored, but answered with a proxy's 502"),
    Marker("503", "http_503", "HTTP status 503, nothing is stored"),
    Marker("HTML", "html", "a maintenance page with status 200, nothing is stored"),
    Marker("HTML-AFTER", "html_after", "stored, but answered with a maintenance page"),
    Marker("EMPTY-AFTER", "empty_body_after", "stored, but answered with an empty body"),
    Marker("GARBAGE-AFTER", "garbage_after", "stored, but answered with bytes that are no JSON"),
    Marker("CUT", "truncated", "stored; the connection breaks in the middle of the answer"),
    Marker("OTHER-KEY", "other_key", "stored; the answer is encrypted with a key nobody has"),
    Marker("BAD-SIGNATURE", "wrong_signature", "stored; the signature of the answer is wrong"),
    Marker("KEY-EXPIRED", "key_expired", "code 402, nothing is stored"),
    Marker("REFUSE", "refuse", "refused with code nnnn, every time", "code", lasting=True),
    Marker("REFUSE-AFTER", "refuse_after", "stored, but answered with code nnnn", "code"),
    Marker("LAG", "lag", "T106 does not find it before it is n seconds old", "seconds", lasting=True, query=True),
    Marker("QUERY-DROP", "drop_before", "the connection is closed when T106 looks for it", query=True),
    Marker("QUERY-99", "error_99", "code 99 when T106 looks for it", query=True),
)
"""Every marker. `-X3` behind one makes it strike three calls with the reference, `-ALWAYS` every call."""

TIN_FAULTS: Mapping[str, str] = {
    "9900000001": "DROP-BEFORE",
    "9900000002": "DROP-AFTER",
    "9900000003": "HANG",
    "9900000004": "HANG-AFTER",
    "9900000005": "DELAY-35",
    "9900000006": "99",
    "9900000007": "99-AFTER",
    "9900000008": "500",
    "9900000009": "500-AFTER",
    "9900000010": "HTML",
    "9900000011": "HTML-AFTER",
    "9900000012": "CUT",
    "9900000013": "OTHER-KEY",
    "9900000014": "KEY-EXPIRED",
}
"""Buyer TINs that act as a marker. No TIN begins with 99."""

REFUSING_TINS = "990001"
"""Buyer TINs that begin so and end in four digits are refused with these digits as code: 9900011316 with 1316."""

_REFERENCES: Mapping[str, tuple[str, ...]] = {
    "T109": ("sellerDetails", "referenceNo"),
    "T110": ("sellersReferenceNo",),
}
_GLOBAL_REFERENCES = ("T131", "T139")
_QUERIES: Mapping[str, tuple[str, ...]] = {"T106": ("referenceNo",)}
_BUYERS: Mapping[str, tuple[str, ...]] = {"T109": ("buyerDetails", "buyerTin"), "T119": ("tin",)}

_ARGUMENTS: Mapping[Argument, str] = {"": "", "seconds": r"(?:-(?P<seconds>\d{1,4}))?", "code": r"-(?P<code>\d{2,4})"}
_FORMS = tuple(
    (
        marker,
        re.compile(
            rf"(?<![0-9A-Z]){PREFIX}{marker.name}{_ARGUMENTS[marker.argument]}"
            rf"(?:-(?:X(?P<times>[1-9]\d?)|(?P<always>ALWAYS)))?(?![0-9A-Z])",
            re.IGNORECASE,
        ),
    )
    for marker in sorted(MARKERS, key=lambda marker: len(marker.name), reverse=True)
)

SCHEMA = """
CREATE TABLE IF NOT EXISTS magic_strikes (tin TEXT, reference TEXT, marker TEXT, count INTEGER NOT NULL,
    PRIMARY KEY (tin, reference, marker)
) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Spell:
    """A marker as it was found: the fault, and how many calls it strikes (None for all)."""

    marker: Marker
    fault: Fault
    times: int | None


def read(text: str) -> list[Spell]:
    """Return the spells in a reference, the longest names first; a marker is no part of a longer one."""
    spells: list[Spell] = []
    for marker, form in _FORMS:
        found = form.search(text)
        if found is None:
            continue
        text = text[: found.start()] + " " + text[found.end() :]
        given = found.groupdict()
        seconds = Decimal(given.get("seconds") or DEFAULT_SECONDS) if marker.argument == "seconds" else None
        lasting = marker.lasting or given["always"] is not None
        times = None if lasting else int(given["times"] or 1)
        spells.append(Spell(marker, Fault(marker.fault, seconds=seconds, code=given.get("code") or ""), times))
    return spells


class Magic:
    """Remembers which spells have struck already."""

    def __init__(self, store: Store) -> None:
        self._store = store
        with store.reading() as db:
            db.executescript(SCHEMA)

    def draw(
        self, interface: str, tin: str, content: JsonValue, global_info: Mapping[str, JsonValue]
    ) -> dict[str, Fault]:
        """Return the faults that a call's reference and buyer bring upon it, by name, and count them down.

        Args:
            interface: Interface code.
            tin: Who calls; references of two callers have nothing to do with each other.
            content: What was sent.
            global_info: The outer message's globalInfo, where stock calls keep their reference.
        """
        struck: dict[str, Fault] = {}
        query = interface in _QUERIES
        reference = reference_of(interface, content, global_info)
        for text in (reference, _spelled(_at(content, _BUYERS.get(interface)))):
            for spell in read(text):
                if spell.marker.query == query and self._strikes(tin, reference or text, spell):
                    struck.setdefault(spell.fault.fault, spell.fault)
        return struck

    def _strikes(self, tin: str, reference: str, spell: Spell) -> bool:
        if spell.times is None:
            return True
        key = (tin, reference, spell.marker.name)
        with self._store.transaction() as db:
            row = db.execute(
                "SELECT count FROM magic_strikes WHERE tin = ? AND reference = ? AND marker = ?", key
            ).fetchone()
            count = 0 if row is None else int(row[0])
            if count >= spell.times:
                return False
            db.execute("INSERT OR REPLACE INTO magic_strikes VALUES (?, ?, ?, ?)", (*key, count + 1))
        return True


def reference_of(interface: str, content: JsonValue, global_info: Mapping[str, JsonValue]) -> str:
    """Return the caller's own reference of what it uploads or looks for, "" if it names none."""
    if interface in _GLOBAL_REFERENCES:
        return _at(global_info, ("extendField", "referenceNo"))
    return _at(content, _REFERENCES.get(interface) or _QUERIES.get(interface))


def _spelled(tin: str) -> str:
    """Return the marker a buyer's TIN stands for, "" for none."""
    if tin in TIN_FAULTS:
        return f"{PREFIX}{TIN_FAULTS[tin]}"
    digits = len(tin) == len(REFUSING_TINS) + 4 and tin.isascii() and tin.isdigit()
    return f"{PREFIX}REFUSE-{tin[-4:].lstrip('0'):>02}" if digits and tin.startswith(REFUSING_TINS) else ""


def _at(value: JsonValue, path: tuple[str, ...] | None) -> str:
    """Return the text at a path of members, "" if there is none."""
    for name in path or ():
        value = value.get(name) if isinstance(value, Mapping) else None
    return plain(value) if path and isinstance(value, str) else ""
