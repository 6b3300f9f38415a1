"""The table of problem codes in docs/validation.md, made from the checker's own list."""

from risiti.gateway.fiscal.validation.codes import CODES, ProblemCode, authority_code

BEGIN = "<!-- problem codes: written by `make docs` -->\n"
END = "<!-- end of problem codes -->\n"

_EXAMPLES = (
    "/reference",
    "/currency",
    "/issued_at",
    "/buyer/tin",
    "/buyer/name",
    "/buyer/email",
    "/buyer/type",
    "/lines/0/name",
    "/lines/0/code",
    "/lines/0/category",
    "/lines/0/quantity",
    "/lines/0/unit",
    "/lines/0/unit_price",
    "/lines/0/tax",
    "/payments/0/method",
    "/payments/0/amount",
)
"""Fields of which the table names the authority's codes where they differ by field."""


def renewed(page: str) -> str:
    """Return the page with its table renewed.

    Raises:
        ValueError: it has lost its markers.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        message = "docs/validation.md has lost the markers of its table"
        raise ValueError(message)
    rows = "".join(
        f"| `{name}` | {code.meaning} | {_codes(name, code)} | {code.mended} |\n" for name, code in CODES.items()
    )
    head = "| code | what it says | URA's code | what `fix=safe` does |\n| --- | --- | --- | --- |\n"
    return f"{before}{BEGIN}{head}{rows}{END}{after}"


def _codes(name: str, code: ProblemCode) -> str:
    if code.authority or not code.rules:
        return code.authority
    found: dict[str, str] = {}
    for path in _EXAMPLES:
        known = authority_code(name, path, "0")
        if known:
            found.setdefault(known, path.rpartition("/")[2])
    return ", ".join(f"{known} ({field})" for known, field in found.items())
