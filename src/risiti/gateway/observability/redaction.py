"""What may reach a log line: fields on a list, without anything that looks like a key, and on one line.

A list of what is forbidden always leaks, so this is a list of what is allowed. A field that is not on it is shown as
`***`: whoever needs it adds it here, after a thought. Free text (a reason, an exception) is searched for the shapes of
secrets as well.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

Scalar: TypeAlias = str | int | float | bool | None
Value: TypeAlias = "Scalar | list[Value] | dict[str, Value]"

MASK: Final = "***"
MAX_TEXT: Final = 2_000
"""Characters of one value."""
MAX_TRACE: Final = 20_000
"""Characters of a traceback."""
MAX_ITEMS: Final = 20
"""Values of one list."""

ALLOWED: Final = frozenset(
    {
        # the line itself
        "event",
        "level",
        "timestamp",
        "logger",
        "exception",
        # who and what: ids of ours, numbers of the authority, never a name
        "request_id",
        "company_id",
        "firm_id",
        "api_key_id",
        "attempt",
        "device",
        "document_id",
        "fdn",
        "numbers",
        "interface",
        "kind",
        "quota",
        "return_code",
        "kek_id",
        "task",
        "user",
        "user_id",
        # what happened
        "about",
        "advice",
        "before",
        "cause",
        "code",
        "count",
        "currency",
        "days",
        "deadline",
        "documents",
        "error",
        "failures",
        "file",
        "head",
        "host",
        "hours_left",
        "lag",
        "method",
        "milliseconds",
        "now",
        "number",
        "outcome",
        "path",
        "place",
        "port",
        "processing",
        "process",
        "reason",
        "route",
        "scope",
        "seconds",
        "site",
        "span_id",
        "state",
        "status",
        "tax",
        "trace_id",
        "unit",
        "until",
        "version",
    }
)
"""Fields whose values are shown."""

_SHAPES: Final = (
    (re.compile(r"-----BEGIN [^-]*-----.*?(?:-----END [^-]*-----|\Z)", re.DOTALL), MASK),
    (re.compile(r"(rst_(?:test|live)_[0-9A-Za-z]{8})_[0-9A-Za-z]+"), rf"\1_{MASK}"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[0-9A-Za-z._~+/=-]+"), rf"\1 {MASK}"),
    (re.compile(r"(?i)(\b[a-z][a-z0-9+.-]*://)[^/\s@]+@"), rf"\1{MASK}@"),
    (
        re.compile(r"(?i)((?:password|passwd|secret|token|kek|private_key)['\"]?\s*[=:]\s*)['\"]?[^\s,'\"}]+"),
        rf"\1{MASK}",
    ),
    (re.compile(r"\?[^\s'\")]*=[^\s'\")]*"), f"?{MASK}"),
    (re.compile(r"(?=[a-z0-9+/_-]*[A-Z])(?=[A-Z0-9+/_-]*[a-z])(?=[A-Za-z+/_-]*[0-9])[0-9A-Za-z+/_-]{40,}={0,2}"), MASK),
    (re.compile(r"(?i)(?<![0-9a-z])[0-9a-f]{40,}(?![0-9a-z])"), MASK),
    (re.compile(r"(?<![0-9])[0-9]{6}([0-9]{4})(?![0-9])"), r"******\1"),  # a TIN shows its last four digits
)
"""Shapes of secrets: PEM, API keys, credentials in headers and addresses, assignments, queries, base64, hexadecimal."""


def scrub(text: str, limit: int = MAX_TEXT) -> str:
    """Return text without anything that has the shape of a secret, at most `limit` characters."""
    text = text[: 4 * limit]
    for shape, replacement in _SHAPES:
        text = shape.sub(replacement, text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def one_line(text: str) -> str:
    """Return text with line ends and control characters escaped, so that nobody can forge a log line."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)


def redact(fields: Mapping[str, object]) -> dict[str, Value]:
    """Return the fields of a log line as they may be written."""
    return {
        name: (scrub(str(value), MAX_TRACE) if name == "exception" else _shown(value)) if name in ALLOWED else MASK
        for name, value in fields.items()
    }


def _shown(value: object) -> Value:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {
            str(name): _shown(inner) if name in ALLOWED else MASK for name, inner in list(value.items())[:MAX_ITEMS]
        }
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, str | bytes | bytearray):
        return [_shown(inner) for inner in list(value)[:MAX_ITEMS]]
    return one_line(scrub(str(value)))
